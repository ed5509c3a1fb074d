/**
 * @file What writing the data sets will cost, before anyone is asked: calls and tokens by operation, from the lengths of
 * rows and prompts. A few questions that are asked first tell how this model counts, and how much it writes.
 */
import {
  type CostEstimate,
  extrapolate,
  type RowExpectation,
  type SampledRow,
} from '../authors/cost/extrapolate.ts';
import { atomsOf, ENVELOPE, LIST_ENTRY, promptLength } from '../authors/cost/lengths.ts';
import type { Prices } from '../authors/openai/usage.ts';
import type { Prompts } from '../authors/prompts.ts';
import type { KnowledgeOptions } from './knowledge.ts';
import type { MethodOptions, TrainRow } from './project.ts';

/** Assumptions of lengths alone: characters of a rephrased answer over those of its atoms, and of a question. */
const REPHRASED_LENGTH = 1.1;
const QUESTION_LENGTH = 100;
/** Of the facts that are not selected: those that turn out to be known, and so may be replayed. */
const KNOWN_SHARE = 0.5;

export interface EstimateInput {
  readonly rows: readonly TrainRow[];
  readonly prompts: Prompts;
  readonly method: MethodOptions;
  /** How the model is asked what it knows, where it is: the author writes these questions, too. */
  readonly knowledge?: KnowledgeOptions | null;
  readonly prices: Prices | null;
  /** Rows of which everything has been asked, and what that took. */
  readonly sample: readonly SampledRow[] | null;
}

/** Estimates calls, tokens and money for all rows. */
export function estimateCost(input: EstimateInput): CostEstimate {
  const { rows, prices, sample } = input;
  return extrapolate({ rows, prices, sample, expect: (row) => expectRow(row, input) });
}

/** What the method asks for on behalf of one row. */
export function expectRow(
  { question, answer }: TrainRow,
  { prompts, method, knowledge }: Pick<EstimateInput, 'prompts' | 'method' | 'knowledge'>,
): RowExpectation {
  const { alpha, stylePairs, replay } = method;
  const { atoms, length } = atomsOf(answer);
  const sent = (operation: Parameters<typeof promptLength>[1]) =>
    promptLength(prompts, operation) + question.length;
  // A fine-grained row about the difficult atoms, and further ones about one atom each.
  const difficult = { rows: 1, length: alpha * (length + LIST_ENTRY * atoms) };
  const replayed = replay * KNOWN_SHARE;
  const atom = length / atoms;
  const asked = (knowledge?.wordings ?? 0) * atoms;
  const questions = 1 + replayed + asked;
  const answers = 1 + replayed;
  return {
    extract: {
      calls: 1,
      input: sent('extract') + answer.length,
      output: ENVELOPE + length + LIST_ENTRY * atoms,
    },
    rewriteQuestion: {
      calls: questions,
      input: questions * sent('rewriteQuestion') + difficult.length + (replayed + asked) * atom,
      output: questions * (ENVELOPE + QUESTION_LENGTH),
    },
    rewriteAnswer: {
      calls: answers,
      input: answers * sent('rewriteAnswer') + difficult.length + replayed * atom,
      output: answers * ENVELOPE + alpha * length + replayed * atom,
    },
    ...(stylePairs === 'matched'
      ? {}
      : {
          rephrase: {
            calls: 1,
            input: sent('rephrase') + length + LIST_ENTRY * atoms,
            output: ENVELOPE + REPHRASED_LENGTH * length,
          },
        }),
    revise: {
      calls: atoms,
      input: atoms * sent('revise') + length,
      output: atoms * ENVELOPE + length,
    },
  };
}
