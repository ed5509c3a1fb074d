/** @file Figures derived from a run's own measurements: speed, time left, how far things are. */
import type { Preparation } from '../../train/tuner.ts';
import type { PhaseView, RunView } from '../../workers/run_view.ts';

/** Steps over which the speed is taken: enough to be calm, few enough to follow a change. */
const SPEED_WINDOW = 8;

/** Tokens per second through forward and backward over the last steps of the training that runs; null before two. */
export function tokensPerSecond(view: RunView): number | null {
  const log = view.trainings.at(-1)?.log ?? [];
  const window = log.slice(-SPEED_WINDOW - 1);
  if (window.length < 2) return null;
  const seconds = window.at(-1)!.seconds - window[0]!.seconds;
  const tokens = window.slice(1).reduce((sum, step) => sum + step.tokens, 0);
  return seconds > 0 ? tokens / seconds : null;
}

export function runningPhase(view: RunView): PhaseView | null {
  return view.phases.find((phase) => phase.status === 'running') ?? null;
}

/** Seconds left in a phase if it goes on as fast as it went so far; null before that can be told. */
export function etaSeconds(phase: PhaseView, now: number): number | null {
  if (phase.total === null || phase.startedAt === null || phase.done === 0) return null;
  const perUnit = (now - phase.startedAt) / 1000 / phase.done;
  return perUnit * (phase.total - phase.done);
}

/**
 * Attributes of a progress bar: none where nothing can be counted, so that it only says that something goes on. A bar of
 * either kind is an element of its own (a key): a value that was set once stays.
 */
export type Progress = { readonly max?: number; readonly value?: number };

export function phaseProgress(phase: PhaseView | null): Progress {
  return phase?.total ? { max: phase.total, value: phase.done } : {};
}

export function preparationProgress(preparation: Preparation): Progress {
  return preparation.phase === 'compiling' ? { max: preparation.total, value: preparation.done } : {};
}

/** What goes on after this was told: nothing that could be named once all kernels are compiled. */
export function stillPreparing(preparation: Preparation): Preparation | null {
  return preparation.phase === 'compiling' && preparation.done === preparation.total ? null : preparation;
}
