/** @file What training a model takes, from its configuration alone: all buffers, the recomputation that a budget calls for, and its cost. */
import type { StoredType } from '../formats/tensor_source.ts';
import type { LlamaConfig } from './config.ts';
import { type FlopsPerToken, flopsPerToken } from './flops.ts';
import { type LoraShape, loraLayout } from './lora_layout.ts';
import { layersToRecompute, type PlanItem, planSession } from './memory_plan.ts';
import { planWeights, type WeightChoices, type WeightPlan } from './weight_plan.ts';

export interface TrainingPlanOptions {
  readonly weights: WeightChoices;
  /** How a tensor is stored in the checkpoint. */
  readonly stored: (tensor: string) => StoredType;
  readonly lora: LoraShape;
  /** T, tokens of a packed batch, all of them targets. */
  readonly tokens: number;
  readonly sequences: number;
  /** Bytes that the adapter binds at once. */
  readonly bindingLimit: number;
}

/** A plan for one choice of what is recomputed. */
export interface Recomputation {
  /** Layers that are computed a second time. */
  readonly layers: number;
  readonly session: readonly PlanItem[];
  /** Weights and session. */
  readonly bytes: number;
  readonly flops: FlopsPerToken;
  /** Operations on top of those without recomputation, as a share of them. */
  readonly extraWork: number;
}

export interface TrainingPlan {
  readonly weights: WeightPlan;
  /** Trained parameters. */
  readonly trained: number;
  /**
   * The fewest layers recomputed that fit a budget, or all of them where nothing fits.
   * @param budget bytes of GPU memory; nothing is recomputed where it is infinite
   */
  within(budget: number): Recomputation;
}

/** @throws RangeError where not even four rows of a matrix fit a binding */
export function planTraining(config: LlamaConfig, options: TrainingPlanOptions): TrainingPlan {
  const { tokens, sequences, lora } = options;
  const layout = loraLayout(config, lora);
  const weights = planWeights(config, options.weights, options.stored, options.bindingLimit);
  const shape = {
    tokens,
    targets: tokens,
    sequences,
    pairs: sequences,
    positions: Math.min(tokens, config.maxPositionEmbeddings),
    training: true,
  };
  return {
    weights,
    trained: layout.parameters,
    within(budget) {
      const recomputed = layersToRecompute(config, layout, shape, weights.bytes, budget);
      const session = planSession(config, layout, { ...shape, recomputed });
      // The highest of the layers that share their activations finds its own still there.
      const layers = Math.max(0, recomputed - 1);
      const flops = flopsPerToken(config, lora, tokens, layers);
      return {
        layers,
        session,
        bytes: session.reduce((sum, item) => sum + item.bytes, weights.bytes),
        flops,
        extraWork: flops.total / flopsPerToken(config, lora, tokens).total - 1,
      };
    },
  };
}
