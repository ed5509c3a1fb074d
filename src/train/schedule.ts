/** @file Learning rate schedules and step counts, as Transformers computes them (optimization.py, trainer.py). */
import type { TrainConfig } from './tuner.ts';

/**
 * Factor of the learning rate for the update after `step` completed steps (so with warm-up the first update has rate
 * 0). `total` steps in all, of which `warmup` warm up.
 */
export function scheduleFactor(
  type: TrainConfig['lrSchedulerType'],
  step: number,
  total: number,
  warmup: number,
): number {
  if (type !== 'constant' && step < warmup) return step / Math.max(1, warmup);
  const progress = (step - warmup) / Math.max(1, total - warmup);
  switch (type) {
    case 'linear':
      return Math.max(0, (total - step) / Math.max(1, total - warmup));
    case 'cosine':
      return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
    case 'constant':
    case 'constant_with_warmup':
      return 1;
  }
}

/** warmup_steps: at least 1 is a number of steps, a value between 0 and 1 a share of all steps, rounded up. */
export function resolveWarmup(warmupSteps: number, total: number): number {
  return warmupSteps >= 1 ? Math.floor(warmupSteps) : Math.ceil(total * warmupSteps);
}

/** One optimizer step: the epoch it belongs to, and its micro-batches as indices of rows. */
export interface PlannedStep {
  /** Epochs completed after this step, in fractions, as trainer_state.json writes it. */
  readonly epoch: number;
  readonly microBatches: readonly (readonly number[])[];
}

/**
 * The whole run: rows permuted per epoch by randperm(seed + epoch), cut into micro-batches (the last one of an epoch
 * may be smaller), `accumulation` of them to a step (the last window of an epoch may be shorter), for
 * ceil(epochs * steps per epoch) steps, or maxSteps.
 */
export function planSteps(
  rows: number,
  config: Pick<
    TrainConfig,
    'perDeviceTrainBatchSize' | 'gradientAccumulationSteps' | 'numTrainEpochs' | 'maxSteps'
  >,
  order: (epoch: number) => Uint32Array,
): PlannedStep[] {
  const batch = config.perDeviceTrainBatchSize;
  const accumulation = config.gradientAccumulationSteps;
  const batches = Math.ceil(rows / batch);
  const stepsPerEpoch = Math.ceil(batches / accumulation);
  const total = config.maxSteps > 0 ? config.maxSteps : Math.ceil(config.numTrainEpochs * stepsPerEpoch);
  const steps: PlannedStep[] = [];
  for (let epoch = 0; steps.length < total; epoch++) {
    const permutation = order(epoch);
    for (let s = 0; s < stepsPerEpoch && steps.length < total; s++) {
      const microBatches: number[][] = [];
      for (let b = s * accumulation; b < Math.min(batches, (s + 1) * accumulation); b++)
        microBatches.push([...permutation.subarray(b * batch, Math.min(rows, (b + 1) * batch))]);
      const done = Math.min(batches, (s + 1) * accumulation);
      steps.push({ epoch: epoch + done / batches, microBatches });
    }
  }
  return steps;
}
