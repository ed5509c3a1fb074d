/** @file A training step recorded on paper: what a GPU would be asked to do, counted without one. */
import type { AdapterClass } from '../src/gpu/adapter.ts';
import { ProgramBuilder, type RecordedDispatch } from '../src/gpu/program.ts';
import type { ForcedVariants } from '../src/gpu/variants.ts';
import type { LlamaConfig } from '../src/llama/config.ts';
import { type LoraShape, loraLayout } from '../src/llama/lora_layout.ts';
import { layersToRecompute } from '../src/llama/memory_plan.ts';
import { planWeights, STORED_AS, type WeightChoices } from '../src/llama/weight_plan.ts';
import { weightsOnPaper } from '../src/llama/weights_on_paper.ts';
import { Workspace } from '../src/llama/workspace.ts';
import { recordGradients, recordUpdate } from '../src/train/step_program.ts';

export interface StepToRecord {
  readonly config: LlamaConfig;
  readonly lora: LoraShape;
  /** Of one sequence, all of them targets. */
  readonly tokens: number;
  readonly weights: WeightChoices;
  readonly adapterClass: AdapterClass;
  /** Bytes that the adapter binds at once. */
  readonly bindingLimit: number;
  /** Bytes that weights and session should fit; without it nothing is computed twice. */
  readonly memoryBudget?: number;
  readonly forced?: ForcedVariants;
}

export interface RecordedStep {
  readonly dispatches: readonly RecordedDispatch[];
  /** Layers whose activations are computed a second time. */
  readonly recomputedLayers: number;
}

/** PyTorch's defaults: which they are changes no dispatch. */
const ADAMW = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

/** Forward, losses, backward and update of a step of one batch, in order. */
export function recordStep({
  config,
  lora,
  tokens,
  weights,
  adapterClass,
  bindingLimit,
  memoryBudget = Number.POSITIVE_INFINITY,
  forced,
}: StepToRecord): RecordedStep {
  const layout = loraLayout(config, lora);
  // Choices that follow the file are taken as for one in f16, as most are.
  const plan = planWeights(config, weights, () => STORED_AS.f16, bindingLimit);
  const shape = { tokens, targets: tokens, sequences: 1, pairs: 1, positions: tokens, training: true };
  const recomputed = layersToRecompute(config, layout, shape, plan.bytes, memoryBudget);
  const workspace = Workspace.onPaper(config, layout, { ...shape, recomputed });
  const program = new ProgramBuilder(adapterClass, Number.POSITIVE_INFINITY, forced);
  const bucket = { tokens, targets: tokens, sequences: 1 };
  recordGradients(program, workspace, weightsOnPaper(config, plan), bucket, false);
  recordUpdate(program, workspace, ADAMW, bindingLimit);
  return { dispatches: program.dispatches, recomputedLayers: Math.max(0, recomputed - 1) };
}
