/**
 * @file What asking an endpoint will cost, from rows of which everything was asked to all rows: each operation's calls
 * and tokens are taken to be in proportion to what lengths lead to expect, and how well that holds is told.
 */
import { AUTHOR_OPERATIONS, type AuthorOperation, type AuthorRow, type Took } from '../author.ts';
import { costOf, type Prices, type Usage } from '../openai/usage.ts';

/** Calls that something takes by expectation, and the characters that they send and bring. */
export interface Expectation {
  readonly calls: number;
  readonly input: number;
  readonly output: number;
}

export type RowExpectation = Readonly<Partial<Record<AuthorOperation, Expectation>>>;

/** A row of which everything was asked, and what that took. */
export interface SampledRow {
  readonly id: string;
  readonly took: Readonly<Partial<Record<AuthorOperation, Took>>>;
}

/** Half the width of an interval that holds the true figure in about 95 of 100 cases, as a share of the estimate. */
export interface Uncertainty {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly cost: number | null;
}

export interface CostEstimate {
  /** Whether lengths alone were looked at, or how many questions were asked first; these are in the sums as measured. */
  readonly basis: { readonly kind: 'lengths' } | { readonly kind: 'sample'; readonly questions: number };
  readonly questions: number;
  readonly operations: Readonly<Partial<Record<AuthorOperation, Usage>>>;
  readonly total: Usage;
  /** Null where too few questions were asked to tell. */
  readonly uncertainty: Uncertainty | null;
}

export interface ExtrapolateInput<Row extends AuthorRow> {
  readonly rows: readonly Row[];
  readonly expect: (row: Row) => RowExpectation;
  readonly prices: Prices | null;
  /** Some of the rows; null: nobody has been asked. */
  readonly sample: readonly SampledRow[] | null;
}

/** Where no question has been asked: how models read and write English, roughly. */
const CHARACTERS_PER_TOKEN = 4;

/** The quantile of the normal distribution that 2.5 % lie beyond. */
const Z = 1.96;

type ByOperation = Partial<Record<AuthorOperation, Took>>;

/** Estimates calls, tokens and money for all rows. */
export function extrapolate<Row extends AuthorRow>(input: ExtrapolateInput<Row>): CostEstimate {
  const { rows, expect, prices, sample } = input;
  const sampled = new Map((sample ?? []).map((row) => [row.id, row]));
  const asked: { expected: RowExpectation; took: SampledRow['took'] }[] = [];
  const rest: RowExpectation[] = [];
  for (const row of rows) {
    const seen = sampled.get(row.id);
    if (seen) asked.push({ expected: expect(row), took: seen.took });
    else rest.push(expect(row));
  }
  const remaining = sumExpected(rest);
  const estimate = (of: typeof asked): ByOperation =>
    scale(remaining, sumExpected(of.map((a) => a.expected)), sumTook(of));
  const measured = sumTook(asked);
  const whole = sample ? sumTook([{ took: measured }, { took: estimate(asked) }]) : byLengths(remaining);
  const all = total(whole);
  const operations = Object.fromEntries(
    Object.entries(whole).map(([operation, took]) => [operation, usage(took, prices)]),
  );
  const others = asked.map((_, left) => total(estimate(asked.filter((_, i) => i !== left))));
  return {
    basis: sample ? { kind: 'sample', questions: asked.length } : { kind: 'lengths' },
    questions: rows.length,
    operations,
    total: usage(all, prices),
    uncertainty: asked.length < 3 ? null : uncertainty(others, all, rest.length, prices),
  };
}

/**
 * The rows to ask first, as many as one likes: every beginning of this order spreads evenly from the shortest to the
 * longest answer (van der Corput's sequence), so that a sample may grow and nothing of it is asked in vain.
 */
export function samplingOrder<Row extends { readonly answer: string }>(rows: readonly Row[]): Row[] {
  const byLength = [...rows].sort((a, b) => a.answer.length - b.answer.length);
  const bits = Math.max(1, Math.ceil(Math.log2(byLength.length)));
  const order: Row[] = [];
  for (let i = 0; i < 2 ** bits; i++) {
    let place = 0;
    for (let bit = 0; bit < bits; bit++) if (i & (1 << bit)) place |= 1 << (bits - 1 - bit);
    if (place < byLength.length) order.push(byLength[place]!);
  }
  return order;
}

function byLengths(expected: RowExpectation): ByOperation {
  return mapOperations(expected, ({ calls, input, output }) => ({
    calls,
    prompt: input / CHARACTERS_PER_TOKEN,
    completion: output / CHARACTERS_PER_TOKEN,
  }));
}

/** Of the remaining rows: what the asked ones took, in proportion to what was expected of both. */
function scale(remaining: RowExpectation, expected: RowExpectation, took: ByOperation): ByOperation {
  return mapOperations(remaining, (rest, operation) => {
    const [of, seen] = [expected[operation], took[operation]];
    if (!of || !seen) return { calls: 0, prompt: 0, completion: 0 };
    return {
      calls: (rest.calls * seen.calls) / of.calls,
      prompt: (rest.input * seen.prompt) / of.input,
      completion: (rest.output * seen.completion) / of.output,
    };
  });
}

/**
 * Of the jackknife's estimates. What remains to be asked varies, too: the fewer rows that are, the less they even out,
 * and where nothing remains nothing is uncertain.
 */
function uncertainty(others: readonly Took[], all: Took, rest: number, prices: Prices | null): Uncertainty {
  const n = others.length;
  const df = n - 1;
  // Student's quantile, by the expansion of Cornish and Fisher.
  const t = Z + (Z ** 3 + Z) / (4 * df) + (5 * Z ** 5 + 16 * Z ** 3 + 3 * Z) / (96 * df ** 2);
  const of = (figure: (took: Took) => number): number => {
    const values = others.map(figure);
    const mean = values.reduce((a, b) => a + b, 0) / n;
    const variance = (df / n) * values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    const whole = figure(all);
    return rest === 0 || whole === 0 ? 0 : (t * Math.sqrt(variance * ((n + rest) / rest))) / whole;
  };
  return {
    prompt_tokens: of(({ prompt }) => prompt),
    completion_tokens: of(({ completion }) => completion),
    cost: prices && of((took) => costOf(took, prices)!),
  };
}

function sumExpected(rows: readonly RowExpectation[]): RowExpectation {
  const sums: Partial<Record<AuthorOperation, Expectation>> = {};
  for (const row of rows)
    for (const operation of AUTHOR_OPERATIONS) {
      const more = row[operation];
      if (!more) continue;
      const { calls, input, output } = sums[operation] ?? { calls: 0, input: 0, output: 0 };
      sums[operation] = {
        calls: calls + more.calls,
        input: input + more.input,
        output: output + more.output,
      };
    }
  return sums;
}

function sumTook(rows: readonly { readonly took: SampledRow['took'] }[]): ByOperation {
  const sums: ByOperation = {};
  for (const { took } of rows)
    for (const operation of AUTHOR_OPERATIONS) {
      const more = took[operation];
      if (more) sums[operation] = addTook(sums[operation], more);
    }
  return sums;
}

function total(took: ByOperation): Took {
  return Object.values(took).reduce(addTook, { calls: 0, prompt: 0, completion: 0 });
}

/** Sums of calls and tokens. */
export function addTook(a: Took | undefined, b: Took): Took {
  if (!a) return b;
  return { calls: a.calls + b.calls, prompt: a.prompt + b.prompt, completion: a.completion + b.completion };
}

function mapOperations(
  expected: RowExpectation,
  took: (expectation: Expectation, operation: AuthorOperation) => Took,
): ByOperation {
  const result: ByOperation = {};
  for (const operation of AUTHOR_OPERATIONS) {
    const expectation = expected[operation];
    if (expectation && expectation.calls > 0) result[operation] = took(expectation, operation);
  }
  return result;
}

function usage(took: Took, prices: Prices | null): Usage {
  const tokens = { prompt: Math.round(took.prompt), completion: Math.round(took.completion) };
  return {
    calls: Math.round(took.calls),
    prompt_tokens: tokens.prompt,
    completion_tokens: tokens.completion,
    cost: costOf(tokens, prices),
  };
}
