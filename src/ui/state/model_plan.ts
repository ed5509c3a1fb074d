/** @file The memory plan of a training session as the page shows it, and whether the adapter takes it. */
import type { StoredType } from '../../formats/tensor_source.ts';
import { type LlamaConfig, PROJECTIONS } from '../../llama/config.ts';
import { type PlanPart, planTotals } from '../../llama/memory_plan.ts';
import { planExcess } from '../../llama/plan_limits.ts';
import { planTraining } from '../../llama/training_plan.ts';
import { planWeights, type WeightChoice, type WeightPlan } from '../../llama/weight_plan.ts';
import type { DeviceReport } from '../../workers/protocol.ts';

export interface PlanSettings {
  readonly weights: WeightChoice;
  readonly embedding: WeightChoice;
  /** LoRA's r, for all seven projections. */
  readonly rank: number;
  /** Tokens of a packed batch. */
  readonly tokens: number;
  /** Bytes of GPU memory that training should fit; null: as many as it takes. */
  readonly budget: number | null;
}

export const DEFAULT_SETTINGS: PlanSettings = {
  weights: 'auto',
  embedding: 'auto',
  rank: 8,
  tokens: 512,
  budget: null,
};

export interface PlanLine {
  readonly part: PlanPart | 'weights' | 'embedding';
  readonly label: string;
  readonly bytes: number;
}

export interface MemoryPlan {
  /** The largest part first. */
  readonly lines: readonly PlanLine[];
  readonly bytes: number;
  readonly recomputation: RecomputationView;
  readonly verdict: Verdict;
}

/** What is computed twice to stay within the budget, and what that costs. */
export interface RecomputationView {
  readonly layers: number;
  readonly ofLayers: number;
  readonly flopPerToken: number;
  /** Operations on top of those without, as a share of them. */
  readonly extraWork: number;
  /** Bytes with every layer computed twice: the least that any budget reaches. */
  readonly leastBytes: number;
}

/** 'unknown': no adapter to ask. A browser does not tell how much memory a GPU has: 'fits' is about its limits. */
export type Verdict =
  | { readonly kind: 'fits' | 'unknown' }
  | { readonly kind: 'over-budget'; readonly budget: number }
  | {
      readonly kind: 'exceeds';
      readonly problem: string;
      readonly needs: number;
      readonly limit: number;
      /** What there should be less of. */
      readonly cure: 'tokens' | 'rank';
    };

type Limits = Pick<DeviceReport, 'maxBufferSize' | 'maxStorageBufferBindingSize'>;

const LABELS: Readonly<Record<PlanLine['part'], string>> = {
  weights: 'Weights of the layers',
  embedding: 'Embedding',
  adapter: 'LoRA adapter',
  optimizer: 'Gradient and AdamW',
  activations: 'Activations kept for the backward pass',
  gradients: 'Gradients of activations',
  logits: 'Logits, in chunks',
  batch: 'The batch itself',
};

/** Sequences of a batch at most, for the plan; their share is a few bytes each. */
const SEQUENCES = 64;

/**
 * @param stored how a tensor is stored in the checkpoint
 * @param limits of the adapter, null where there is none
 */
export function planMemory(
  config: LlamaConfig,
  stored: (tensor: string) => StoredType,
  settings: PlanSettings,
  limits: Limits | null,
): MemoryPlan {
  const { tokens, rank } = settings;
  const buffers = limits && {
    bufferLimit: limits.maxBufferSize,
    bindingLimit: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
  };
  const { weights, within } = planTraining(config, {
    weights: settings,
    stored,
    lora: { rank, scale: 1, targets: PROJECTIONS },
    tokens,
    sequences: Math.min(SEQUENCES, tokens),
    bindingLimit: buffers?.bindingLimit ?? Number.MAX_SAFE_INTEGER,
  });
  const { session, bytes, layers, flops, extraWork } = within(settings.budget ?? Number.POSITIVE_INFINITY);
  const totals = { ...weightTotals(weights), ...planTotals(session) };
  const lines = (Object.keys(LABELS) as PlanLine['part'][])
    .map((part) => ({ part, label: LABELS[part], bytes: totals[part] }))
    .toSorted((a, b) => b.bytes - a.bytes);
  const recomputation = {
    layers,
    ofLayers: config.numHiddenLayers,
    flopPerToken: flops.total,
    extraWork,
    leastBytes: within(0).bytes,
  };
  const excess = buffers && planExcess(session, buffers);
  const verdict: Verdict = excess
    ? {
        kind: 'exceeds',
        problem: LABELS[excess.item.part],
        needs: excess.item.bytes,
        limit: excess.limit,
        cure: excess.item.part === 'adapter' || excess.item.part === 'optimizer' ? 'rank' : 'tokens',
      }
    : settings.budget !== null && bytes > settings.budget
      ? { kind: 'over-budget', budget: settings.budget }
      : { kind: buffers ? 'fits' : 'unknown' };
  return { lines, bytes, recomputation, verdict };
}

/** Bytes of the layers' weights, and of the embeddings. */
function weightTotals({ matrices, bytes }: WeightPlan): { weights: number; embedding: number } {
  const embedding = matrices
    .filter((matrix) => matrix.isEmbedding)
    .flatMap((matrix) => matrix.blocks)
    .reduce((sum, block) => sum + block.dataBytes + block.scaleBytes, 0);
  return { weights: bytes - embedding, embedding };
}

/** GPU memory of the layers' weights, or of the embeddings, in each format: what stands beside a choice. */
export function formatCosts(
  config: LlamaConfig,
  stored: (tensor: string) => StoredType,
  choices: readonly WeightChoice[],
): ReadonlyMap<WeightChoice, { readonly weights: number; readonly embedding: number }> {
  return new Map(
    choices.map((choice) => {
      const formats = { weights: choice, embedding: choice };
      return [choice, weightTotals(planWeights(config, formats, stored, Number.MAX_SAFE_INTEGER))];
    }),
  );
}
