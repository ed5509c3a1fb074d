/** @file Figures derived from a run's own measurements: speed, time left, how far things are. */
import type { Preparation, StepLog } from '../../train/tuner.ts';
import type { PhaseView, RunView } from '../../workers/run_view.ts';

/** Steps over which the speed is taken: enough to be calm, few enough to follow a change. */
const SPEED_WINDOW = 8;

/** Tokens per second through forward and backward over the last steps of the training that runs; null before two. */
export function tokensPerSecond(view: RunView): number | null {
  return overLastSteps(view, (step) => step.tokens);
}

/** Share of the adapter's best matmul rate over the same steps; null where it was not measured. */
export function utilisation(view: RunView): number | null {
  const { mfu, flops_per_second } = view.trainings.at(-1)?.log.at(-1) ?? {};
  if (!mfu || !flops_per_second) return null;
  const flops = overLastSteps(view, (step, seconds) => step.flops_per_second * seconds);
  return flops === null ? null : flops / (flops_per_second / mfu);
}

/** What the last steps made of something, per second. */
function overLastSteps(view: RunView, made: (step: StepLog, seconds: number) => number): number | null {
  const window = (view.trainings.at(-1)?.log ?? []).slice(-SPEED_WINDOW - 1);
  if (window.length < 2) return null;
  const seconds = window.at(-1)!.seconds - window[0]!.seconds;
  const sum = window.slice(1).reduce((n, step, i) => n + made(step, step.seconds - window[i]!.seconds), 0);
  return seconds > 0 ? sum / seconds : null;
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
