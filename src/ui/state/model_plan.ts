/** @file The memory plan of a training session as the page shows it, and whether the adapter takes it. */
import type { StoredType } from '../../formats/tensor_source.ts';
import { type LlamaConfig, PROJECTIONS } from '../../llama/config.ts';
import { loraLayout } from '../../llama/lora_layout.ts';
import { type PlanPart, planSession, planTotals } from '../../llama/memory_plan.ts';
import { planWeights, type WeightChoice } from '../../llama/weight_plan.ts';
import type { DeviceReport } from '../../workers/protocol.ts';

export interface PlanSettings {
  readonly weights: WeightChoice;
  readonly embedding: WeightChoice;
  /** LoRA's r, for all seven projections. */
  readonly rank: number;
  /** Tokens of a packed batch. */
  readonly tokens: number;
}

export const DEFAULT_SETTINGS: PlanSettings = { weights: 'auto', embedding: 'auto', rank: 8, tokens: 512 };

export interface PlanLine {
  readonly part: PlanPart | 'weights' | 'embedding';
  readonly label: string;
  readonly bytes: number;
}

export interface MemoryPlan {
  /** The largest part first. */
  readonly lines: readonly PlanLine[];
  readonly bytes: number;
  readonly verdict: Verdict;
}

/** 'unknown': no adapter to ask. A browser does not tell how much memory a GPU has: 'fits' is about its limits. */
export type Verdict =
  | { readonly kind: 'fits' | 'unknown' }
  | { readonly kind: 'exceeds'; readonly problem: string; readonly needs: number; readonly limit: number };

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
  const limit = limits ? Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize) : null;
  const lora = loraLayout(config, { rank: settings.rank, scale: 1, targets: PROJECTIONS });
  const { tokens } = settings;
  const session = planSession(config, lora, {
    tokens,
    targets: tokens,
    sequences: Math.min(SEQUENCES, tokens),
    pairs: Math.min(SEQUENCES, tokens),
    positions: Math.min(tokens, config.maxPositionEmbeddings),
    training: true,
  });
  const weights = planWeights(config, settings, stored, limit ?? Number.MAX_SAFE_INTEGER);
  const embeddingBytes = weights.matrices
    .filter((matrix) => matrix.isEmbedding)
    .flatMap((matrix) => matrix.blocks)
    .reduce((sum, block) => sum + block.dataBytes + block.scaleBytes, 0);
  const totals = {
    weights: weights.bytes - embeddingBytes,
    embedding: embeddingBytes,
    ...planTotals(session),
  };
  const lines = (Object.keys(LABELS) as PlanLine['part'][])
    .map((part) => ({ part, label: LABELS[part], bytes: totals[part] }))
    .toSorted((a, b) => b.bytes - a.bytes);
  const largest = session.reduce((most, item) => (item.bytes > most.bytes ? item : most));
  const verdict: Verdict =
    limit === null
      ? { kind: 'unknown' }
      : largest.bytes > limit
        ? { kind: 'exceeds', problem: LABELS[largest.part], needs: largest.bytes, limit }
        : { kind: 'fits' };
  return { lines, bytes: lines.reduce((sum, line) => sum + line.bytes, 0), verdict };
}

/** GPU memory of the layers' weights, or of the embeddings, in each format: what stands beside a choice. */
export function formatCosts(
  config: LlamaConfig,
  stored: (tensor: string) => StoredType,
  choices: readonly WeightChoice[],
): ReadonlyMap<WeightChoice, { readonly weights: number; readonly embedding: number }> {
  return new Map(
    choices.map((choice) => {
      const settings = { ...DEFAULT_SETTINGS, weights: choice, embedding: choice };
      const { lines } = planMemory(config, stored, settings, null);
      const bytes = (part: PlanLine['part']) => lines.find((line) => line.part === part)!.bytes;
      return [choice, { weights: bytes('weights'), embedding: bytes('embedding') }];
    }),
  );
}
