/** @file What is shown, and saved, of a run: plain values that the fold of its news fills in. */

import type { PhaseName } from '../knowtuning/events.ts';
import type { ProjectQuestion } from '../knowtuning/project.ts';
import type { AnswerRecord, KnowtuneReport, SystemName } from '../knowtuning/report.ts';
import type { StepLog } from '../train/tuner.ts';
import type { RunRequest } from './protocol.ts';

/** The page's four steps. */
export type Step = 'model' | 'data' | 'train' | 'compare';

export interface PhaseView {
  /** 'load' comes before the phases of the method. */
  readonly id: 'load' | PhaseName;
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

/** A training and its steps so far, under the names that trainer_state.json has for their values. */
export interface TrainingView {
  readonly phase: 'train-sft' | 'train-stage1' | 'train-stage2';
  readonly log: readonly StepLog[];
  readonly totalSteps: number;
}

/** A test question, with what is true of the thing it asks about. */
export interface TestView {
  readonly id: string;
  readonly question: string;
  readonly entity: string | null;
  /** Slot to its true value as text. */
  readonly truths: Readonly<Record<string, string>>;
  /** What a good answer says, where no world can check it; runs of earlier versions have none. */
  readonly reference?: string | null;
}

/** A fact that no question was found for. */
export interface LeftOutFact {
  /** In the text that was typed, from 1. */
  readonly line: number;
  readonly fact: string;
  readonly reason: string;
}

export interface RunView {
  readonly run: string;
  readonly request: RunRequest;
  readonly status: 'running' | 'stopping' | 'finished' | 'stopped' | 'failed' | 'interrupted';
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly phases: readonly PhaseView[];
  readonly trainings: readonly TrainingView[];
  /** What the method has made of the training questions so far. */
  readonly project: readonly ProjectQuestion[];
  readonly test: readonly TestView[];
  /** Absent where nothing is, and in runs of earlier versions. */
  readonly leftOut?: readonly LeftOutFact[];
  readonly answers: Readonly<Partial<Record<SystemName, readonly AnswerRecord[]>>>;
  readonly report: KnowtuneReport | null;
  /** Checkpoints that are on disk. */
  readonly saved: readonly string[];
}
