/**
 * @file What writing the data sets will cost, before anyone is asked: calls and tokens by operation, from the lengths of
 * rows and prompts. A few questions that are asked first tell how this model counts, and how much it writes.
 */
import type { AuthorOperation } from '../authors/author.ts';
import { costOf, type Prices, type Usage, type UsageReport } from '../authors/openai/usage.ts';
import type { Prompts } from '../authors/prompts.ts';
import { splitSentences } from '../authors/statements.ts';
import type { MethodOptions, TrainRow } from './project.ts';

/** The operations that the data sets take. */
const WRITING = ['extract', 'rewriteQuestion', 'rewriteAnswer', 'rephrase', 'revise'] as const;
type Writing = (typeof WRITING)[number];

/** Assumptions where no question has been asked: how models write English, roughly. */
const CHARACTERS_PER_TOKEN = 4;
const ATOMS_PER_SENTENCE = 1.5;
/** Characters of all atoms over those of the answer: each repeats what it is about. */
const ATOM_LENGTH = 1.2;
const REPHRASED_LENGTH = 1.1;
const QUESTION_LENGTH = 100;
/** Characters of the JSON around a reply, and around each entry of a list or its number in a prompt. */
const ENVELOPE = 15;
const LIST_ENTRY = 4;

/** Calls that a row takes by expectation, and the characters that they send and bring. */
interface Expectation {
  readonly calls: number;
  readonly input: number;
  readonly output: number;
}

export interface CostEstimate {
  /** Whether lengths alone were looked at, or how many questions were asked first. */
  readonly basis: { readonly kind: 'lengths' } | { readonly kind: 'sample'; readonly questions: number };
  readonly questions: number;
  readonly operations: Readonly<Partial<Record<AuthorOperation, Usage>>>;
  readonly total: Usage;
}

export interface EstimateInput {
  readonly rows: readonly TrainRow[];
  readonly prompts: Prompts;
  readonly method: MethodOptions;
  readonly prices: Prices | null;
  /** Rows of which everything has been asked, and what that took. */
  readonly sample: { readonly rows: readonly TrainRow[]; readonly usage: UsageReport } | null;
}

/** Estimates calls, tokens and money for all rows. */
export function estimateCost({ rows, prompts, method, prices, sample }: EstimateInput): CostEstimate {
  const operations: Partial<Record<AuthorOperation, Usage>> = {};
  const sum = { calls: 0, prompt: 0, completion: 0 };
  for (const operation of WRITING) {
    const expected = expectAll(rows, operation, prompts, method);
    if (expected.calls === 0) continue;
    const seen = sample?.usage.operations[operation];
    const inSample = seen && expectAll(sample.rows, operation, prompts, method);
    const calls = expected.calls * (inSample ? seen.calls / inSample.calls : 1);
    const prompt =
      expected.input * (inSample ? seen.prompt_tokens / inSample.input : 1 / CHARACTERS_PER_TOKEN);
    const completion =
      expected.output * (inSample ? seen.completion_tokens / inSample.output : 1 / CHARACTERS_PER_TOKEN);
    operations[operation] = usage(calls, prompt, completion, prices);
    sum.calls += calls;
    sum.prompt += prompt;
    sum.completion += completion;
  }
  return {
    basis: sample ? { kind: 'sample', questions: sample.rows.length } : { kind: 'lengths' },
    questions: rows.length,
    operations,
    total: usage(sum.calls, sum.prompt, sum.completion, prices),
  };
}

/** Rows to ask first: evenly from the shortest to the longest answer. */
export function sampleRows(rows: readonly TrainRow[], count: number): TrainRow[] {
  const byLength = [...rows].sort((a, b) => a.answer.length - b.answer.length);
  const n = Math.min(count, rows.length);
  return Array.from({ length: n }, (_, i) => byLength[Math.floor(((i + 0.5) * byLength.length) / n)]!);
}

function expectAll(
  rows: readonly TrainRow[],
  operation: Writing,
  prompts: Prompts,
  method: MethodOptions,
): Expectation {
  const all = { calls: 0, input: 0, output: 0 };
  for (const row of rows) {
    const { calls, input, output } = expectRow(row, operation, prompts, method);
    all.calls += calls;
    all.input += input;
    all.output += output;
  }
  return all;
}

function expectRow(
  { question, answer }: TrainRow,
  operation: Writing,
  prompts: Prompts,
  { alpha, stylePairs }: MethodOptions,
): Expectation {
  const [prompt] = prompts.of(operation);
  const sent = prompt!.instructions.length + prompt!.message.length + question.length;
  const atoms = ATOMS_PER_SENTENCE * Math.max(1, splitSentences(answer).length);
  const atomsLength = ATOM_LENGTH * answer.length;
  const difficultLength = alpha * (atomsLength + LIST_ENTRY * atoms);
  switch (operation) {
    case 'extract':
      return {
        calls: 1,
        input: sent + answer.length,
        output: ENVELOPE + atomsLength + LIST_ENTRY * atoms,
      };
    case 'rewriteQuestion':
      return { calls: 1, input: sent + difficultLength, output: ENVELOPE + QUESTION_LENGTH };
    case 'rewriteAnswer':
      return { calls: 1, input: sent + difficultLength, output: ENVELOPE + alpha * atomsLength };
    case 'rephrase':
      return stylePairs === 'matched'
        ? { calls: 0, input: 0, output: 0 }
        : {
            calls: 1,
            input: sent + atomsLength + LIST_ENTRY * atoms,
            output: ENVELOPE + REPHRASED_LENGTH * atomsLength,
          };
    case 'revise':
      return { calls: atoms, input: atoms * sent + atomsLength, output: atoms * ENVELOPE + atomsLength };
  }
}

function usage(calls: number, prompt: number, completion: number, prices: Prices | null): Usage {
  const tokens = { prompt: Math.round(prompt), completion: Math.round(completion) };
  return {
    calls: Math.round(calls),
    prompt_tokens: tokens.prompt,
    completion_tokens: tokens.completion,
    cost: costOf(tokens, prices),
  };
}
