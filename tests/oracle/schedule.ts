/** @file Learning-rate schedules (transformers/optimization.py). */

export type Schedule = 'linear' | 'cosine' | 'constant' | 'constant_with_warmup';

/** Factor of the learning rate for the update after `step` completed steps, of `total`, `warmup` of them warm-up. */
export function scheduleFactor(schedule: Schedule, step: number, total: number, warmup: number): number {
  if (schedule === 'constant') return 1;
  if (step < warmup) return step / Math.max(1, warmup);
  if (schedule === 'constant_with_warmup') return 1;
  const progress = (step - warmup) / Math.max(1, total - warmup);
  if (schedule === 'linear') return Math.max(0, 1 - progress);
  return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
}

/** Warm-up steps: from 1 up a count, below it a share of all steps, rounded up (training_args.py). */
export function warmupStepCount(warmupSteps: number, total: number): number {
  return warmupSteps >= 1 ? warmupSteps : Math.ceil(total * warmupSteps);
}
