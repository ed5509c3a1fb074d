/**
 * @file What the baselines' preferences cost to make, by the same prompts and in the same way as the method's data sets
 * (knowtuning/cost_estimate.ts): from lengths, or after everything was asked of a few rows. The answers themselves come
 * from the model that is tuned, and cost no call.
 */
import type { Author } from '../authors/author.ts';
import { type CostEstimate, extrapolate, type RowExpectation } from '../authors/cost/extrapolate.ts';
import { growSample, type SampleSize } from '../authors/cost/grow_sample.ts';
import { atomsOf, ENVELOPE, LIST_ENTRY, promptLength } from '../authors/cost/lengths.ts';
import { RowMeter } from '../authors/cost/row_meter.ts';
import type { Prices } from '../authors/openai/usage.ts';
import type { Prompts } from '../authors/prompts.ts';
import type { Adapter, PreferenceGroup, Tuner } from '../train/tuner.ts';
import { factTunePreferences } from './fact_tune.ts';
import { type AnsweredRow, type BaselineRow, type SamplingOptions, sampleAnswers } from './preferences.ts';
import { rlaifPreferences } from './rlaif.ts';

export const BASELINES = ['rlaif', 'factTune'] as const;
export type Baseline = (typeof BASELINES)[number];

const PREFER: Readonly<
  Record<
    Baseline,
    (rows: readonly AnsweredRow[], author: Author, signal?: AbortSignal) => Promise<PreferenceGroup[]>
  >
> = { rlaif: rlaifPreferences, factTune: factTunePreferences };

/** Characters of {"verdict": "second"} and of {"finding": "unsupported"}. */
const JUDGED = 21;
const CHECKED = 26;

export interface BaselineCostInput {
  readonly rows: readonly BaselineRow[];
  readonly prompts: Prompts;
  readonly prices: Prices | null;
  readonly answers: SamplingOptions;
  /** Null: lengths alone tell, the model's answers taken to be as long as the given ones. */
  readonly sample: BaselineSample | null;
}

export interface BaselineSample extends SampleSize {
  /** Remembers, and says what it once took for what it remembers. */
  readonly author: Author;
  /** The model that is tuned, as SFT left it. */
  readonly tuner: Pick<Tuner, 'generate'>;
  readonly adapter: Adapter | null;
  readonly signal?: AbortSignal;
  /** Told each estimate that is not sure enough. */
  readonly onEstimate?: (estimate: CostEstimate) => void;
}

/** Estimates calls, tokens and money for the preferences of one baseline. */
export async function baselineCost(baseline: Baseline, input: BaselineCostInput): Promise<CostEstimate> {
  const { rows, prices, answers, sample } = input;
  const expect = (row: BaselineRow) => expectRow(baseline, row, input);
  if (!sample) return extrapolate({ rows, prices, expect, sample: null });
  const { author, tuner, adapter, signal } = sample;
  const meter = new RowMeter();
  return growSample({
    ...{ ...sample, rows },
    async ask(next) {
      const answered = await sampleAnswers(next, tuner, adapter, answers, signal);
      await PREFER[baseline](answered, meter.watch(author), signal);
    },
    estimate: (asked) => extrapolate({ rows, prices, expect, sample: meter.sampled(asked) }),
  });
}

function expectRow(
  baseline: Baseline,
  { question, answer }: BaselineRow,
  { prompts, answers: { count } }: BaselineCostInput,
): RowExpectation {
  if (baseline === 'rlaif') {
    const calls = count * (count - 1);
    const sent = promptLength(prompts, 'judge') + question.length;
    return { judge: { calls, input: calls * (sent + 2 * answer.length), output: calls * JUDGED } };
  }
  const { atoms, length } = atomsOf(answer);
  const sent = (operation: 'extract' | 'check') =>
    promptLength(prompts, operation) + question.length + answer.length;
  return {
    extract: {
      calls: count,
      input: count * sent('extract'),
      output: count * (ENVELOPE + length + LIST_ENTRY * atoms),
    },
    check: {
      calls: count * atoms,
      input: count * (atoms * sent('check') + length),
      output: count * atoms * CHECKED,
    },
  };
}
