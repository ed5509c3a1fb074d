/** @file What the page shows of a run: plain values that the fold of events fills in and the components draw. */
import type { StepLog } from '../train/tuner.ts';

/** The systems that are compared, in the order in which they come about. */
export const SYSTEMS = ['base', 'sft', 'stage1', 'stage2'] as const;
export type System = (typeof SYSTEMS)[number];

export const SYSTEM_LABEL: Readonly<Record<System, string>> = {
  base: 'Base model',
  sft: 'Plain fine-tuning',
  stage1: 'KnowTuning, Stage I',
  stage2: 'KnowTuning, Stage II',
};

/** The page's four steps. */
export type Step = 'model' | 'data' | 'train' | 'compare';

export interface PhaseView {
  readonly id: string;
  readonly step: Step;
  readonly label: string;
  readonly status: 'waiting' | 'running' | 'done';
  /** Units done and in all, where the phase counts any. */
  readonly done: number;
  readonly total: number | null;
  /** Milliseconds since 1970. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

/** The three trainings of a run; each value charted is a field of a StepLog, as trainer_state.json holds it. */
export interface TrainingView {
  readonly system: Exclude<System, 'base'>;
  readonly log: readonly StepLog[];
  readonly totalSteps: number;
}

export type FactVerdict = 'correct' | 'incorrect' | 'missing' | 'unverifiable';

/** A statement of an answer, or a fact that was asked for and is not there. */
export interface FactView {
  readonly verdict: FactVerdict;
  /** The words of the answer that state it; for a missing fact: what was asked for. */
  readonly text: string;
  /** What is wrong with it, or what would have been right, in a few words; null where there is nothing to add. */
  readonly note: string | null;
}

export interface AnswerView {
  readonly text: string;
  /** The sentences of the text in order, then what is missing. */
  readonly facts: readonly FactView[];
}

export interface QuestionView {
  readonly question: string;
  readonly answers: Readonly<Partial<Record<System, AnswerView>>>;
}

export interface ScoreView {
  readonly correct: number;
  readonly incorrect: number;
  readonly missing: number;
  /** Shares in [0, 1]. */
  readonly recall: number;
  readonly precision: number;
}

export interface AtomView {
  readonly text: string;
  /** exp of the mean negative log-probability per token under the fine-tuned model; null before it is measured. */
  readonly perplexity: number | null;
  readonly difficult: boolean;
}

export interface WorseView {
  readonly aspect: 'incomplete' | 'nonfactual' | 'illogical';
  readonly text: string;
}

/** What the method made of one question. */
export interface ConstructionView {
  readonly question: string;
  readonly answer: string;
  readonly atoms: readonly AtomView[];
  readonly fineGrained: { readonly question: string; readonly answer: string } | null;
  readonly better: string | null;
  readonly worse: readonly WorseView[];
}

export interface RunView {
  readonly run: string;
  readonly status: 'running' | 'stopping' | 'finished' | 'stopped' | 'failed' | 'interrupted';
  readonly startedAt: number;
  readonly phases: readonly PhaseView[];
  readonly trainings: readonly TrainingView[];
  readonly constructions: readonly ConstructionView[];
  readonly questions: readonly QuestionView[];
  readonly scores: Readonly<Partial<Record<System, ScoreView>>>;
  /** Phases that are on disk. */
  readonly saved: readonly string[];
}
