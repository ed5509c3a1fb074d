/** @file The oracle's training loop: accumulated gradients, clipping, AdamW, schedule, in f64. */
import type { LlamaConfig } from '../../src/llama/config.ts';
import type { PackedBatch } from '../../src/llama/packed_batch.ts';
import { AdamW, type AdamWOptions, clipByGlobalNorm } from './adamw.ts';
import type { OracleLossSpec, PreferenceMetrics } from './losses.ts';
import { type OracleAdapter, type OracleWeights, oracleBackward } from './model.ts';
import type { RopeTables } from './rope.ts';
import { type Schedule, scheduleFactor, warmupStepCount } from './schedule.ts';
import { addInto, type Tensor } from './tensor.ts';

/** An optimizer step: its micro-batches, with weights that are those of the whole step. */
export type OracleTrainStep = readonly { readonly batch: PackedBatch; readonly spec: OracleLossSpec }[];

export interface OracleTrainOptions extends AdamWOptions {
  readonly learningRate: number;
  readonly schedule: Schedule;
  readonly warmupSteps: number;
  readonly maxGradNorm: number;
}

export interface OracleStepLog {
  readonly sftLoss: number;
  readonly dpoLoss: number;
  /** Before clipping. */
  readonly gradNorm: number;
  readonly learningRate: number;
  readonly metrics: PreferenceMetrics;
}

/** Runs all steps from `start`, which is left as it is. */
export function oracleTrain(
  config: LlamaConfig,
  weights: OracleWeights,
  start: OracleAdapter,
  steps: readonly OracleTrainStep[],
  options: OracleTrainOptions,
  tables?: RopeTables,
): { log: OracleStepLog[]; adapter: OracleAdapter } {
  const tensors = new Map([...start.tensors].map(([name, t]) => [name, { ...t, data: t.data.slice() }]));
  const adapter: OracleAdapter = { options: start.options, tensors };
  const optimizer = new AdamW(options);
  const warmup = warmupStepCount(options.warmupSteps, steps.length);
  const log = steps.map((microBatches, at): OracleStepLog => {
    const gradients = new Map<string, Tensor>();
    const sum = { sftLoss: 0, dpoLoss: 0 };
    const metrics = { rewardChosen: 0, rewardRejected: 0, accuracy: 0, logpsChosen: 0, logpsRejected: 0 };
    for (const { batch, spec } of microBatches) {
      const step = oracleBackward(config, weights, adapter, batch, spec, tables);
      sum.sftLoss += step.sftLoss;
      sum.dpoLoss += step.dpoLoss;
      for (const key of Object.keys(metrics) as (keyof PreferenceMetrics)[])
        metrics[key] += step.metrics[key];
      for (const [name, gradient] of step.gradients) {
        const before = gradients.get(name);
        if (before) addInto(before.data, gradient.data);
        else gradients.set(name, gradient);
      }
    }
    const learningRate = options.learningRate * scheduleFactor(options.schedule, at, steps.length, warmup);
    const gradNorm = clipByGlobalNorm(gradients, options.maxGradNorm);
    optimizer.step(tensors, gradients, learningRate);
    return { ...sum, gradNorm, learningRate, metrics };
  });
  return { log, adapter };
}
