/** @file What a run tells while it goes on: to the page, the terminal, a log. Plain data, fit for structured clone. */
import type { StepLog } from '../train/tuner.ts';
import type { AnswerRecord, KnowtuneReport, SystemName } from './report.ts';

/** The phases of a run, in order. */
export const PHASES = [
  'evaluate-base',
  'train-sft',
  'evaluate-sft',
  'extract',
  'perplexity',
  'knowledge',
  'rewrite',
  'train-stage1',
  'evaluate-stage1',
  'compare',
  'train-stage2',
  'evaluate-stage2',
  'perplexity-after',
  'knowledge-after',
] as const;
export type PhaseName = (typeof PHASES)[number];

/** What each phase does, for people. */
export const PHASE_LABELS: Readonly<Record<PhaseName, string>> = {
  'evaluate-base': 'Ask the base model',
  'train-sft': 'Vanilla SFT, to measure what is difficult',
  'evaluate-sft': 'Ask the SFT model',
  extract: 'Break answers into atomic facts',
  perplexity: 'Find the facts the model does not know',
  knowledge: 'Ask the SFT model for each fact',
  rewrite: 'Write fine-grained questions about them',
  'train-stage1': 'Stage I: fine-grained SFT',
  'evaluate-stage1': 'Ask the Stage I model',
  compare: 'Write better and worse answers',
  'train-stage2': 'Stage II: DPO',
  'evaluate-stage2': 'Ask the Stage II model',
  'perplexity-after': 'Measure the facts again',
  'knowledge-after': 'Ask the Stage II model for each fact',
};

export type KnowtuneEvent =
  /** The phases that this run will go through. */
  | { readonly type: 'run-started'; readonly phases: readonly PhaseName[] }
  | {
      readonly type: 'phase-started';
      readonly phase: PhaseName;
      readonly label: string;
      /** Place among the run's phases, from 1. */
      readonly number: number;
      readonly of: number;
    }
  | {
      readonly type: 'phase-finished';
      readonly phase: PhaseName;
      readonly seconds: number;
      /** What it made: rows, atoms, pairs, steps, tokens ... */
      readonly counts: Readonly<Record<string, number>>;
    }
  | {
      readonly type: 'step';
      readonly phase: 'train-sft' | 'train-stage1' | 'train-stage2';
      readonly log: StepLog;
      readonly totalSteps: number;
    }
  /** Answers as they come, some at a time. */
  | {
      readonly type: 'answers';
      readonly system: SystemName;
      readonly answers: readonly AnswerRecord[];
      /** Answered so far, these included, of how many. */
      readonly done: number;
      readonly total: number;
    }
  /** Something could not be done for one question; the run goes on without it. */
  | {
      readonly type: 'problem';
      readonly id: string;
      readonly operation: string;
      readonly reason: string;
    }
  /** GPU bytes by the ledger, after every phase. */
  | { readonly type: 'memory'; readonly bytes: number; readonly peakBytes: number }
  | { readonly type: 'run-finished'; readonly report: KnowtuneReport };

export type OnKnowtuneEvent = (event: KnowtuneEvent) => void;
