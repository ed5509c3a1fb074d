/**
 * @file Floating-point operations of training, of a step or per token, from the configuration alone: what the mathematics
 * needs, a multiplication and an addition counting two. `mfu` and plans are shares and multiples of these.
 */
import { type LlamaConfig, PROJECTIONS, projectionShape } from './config.ts';
import type { LoraShape } from './lora_layout.ts';

export interface FlopsPerToken {
  /** All layers, and the logits of a target. */
  readonly forward: number;
  /** Gradients of activations and of the adapter; frozen weights have none. */
  readonly backward: number;
  /**
   * What is computed again: the logits' chunks, attention's scores in both passes of its backward, and the gradient of
   * its weights in the second of them.
   */
  readonly recompute: number;
  readonly total: number;
}

/** What a step works on: its real tokens, no dead ones. */
export interface StepCounts {
  readonly tokens: number;
  readonly targets: number;
  /** Pairs of a token and a token that it sees (visibility.ts). */
  readonly visiblePairs: number;
}

/** Floating-point operations of one layer, per token or per visible pair. */
function layerFlops(config: LlamaConfig, lora: LoraShape) {
  let products = 0;
  let adapter = 0;
  // The lowest layer's q, k and v hand no gradient down: the embedding below them is frozen.
  let lowest = 0;
  for (const projection of PROJECTIONS) {
    const { out, in: inner } = projectionShape(config, projection);
    products += 2 * out * inner;
    const rank = lora.targets.includes(projection) ? lora.rank : 0;
    adapter += 2 * rank * (out + inner);
    if (projection === 'q_proj' || projection === 'k_proj' || projection === 'v_proj')
      lowest += 2 * inner * (out + rank);
  }
  // One product of queries with keys (or weights with values).
  const pair = 2 * config.numAttentionHeads * config.headDim;
  return { products, adapter, lowest, pair };
}

/** Of a target's logits. */
function headFlops({ hiddenSize, vocabSize }: LlamaConfig): number {
  return 2 * hiddenSize * vocabSize;
}

/** What the mathematics needs of one forward and backward pass; nothing that is computed a second time. */
export function stepFlops(
  config: LlamaConfig,
  lora: LoraShape,
  { tokens, targets, visiblePairs }: StepCounts,
): Pick<FlopsPerToken, 'forward' | 'backward'> {
  const { numHiddenLayers: layers } = config;
  const { products, adapter, lowest, pair } = layerFlops(config, lora);
  const head = headFlops(config) * targets;
  const forward = layers * (tokens * (products + adapter) + 2 * pair * visiblePairs) + head;
  // Of the adapter: dU = dY B, dB = dY^T U, dA = dU^T X, dX += dU A. Of attention: dV, dP, dQ, dK.
  const backward =
    layers * (tokens * (products + 2 * adapter) + 4 * pair * visiblePairs) - tokens * lowest + head;
  return { forward, backward };
}

/**
 * Per token of a batch in which every token is a target and sees, on average, half of the batch.
 * @param tokens of the batch, which decide what attention costs
 * @param recomputedLayers layers that are computed a second time, but for their last product
 */
export function flopsPerToken(
  config: LlamaConfig,
  lora: LoraShape,
  tokens: number,
  recomputedLayers = 0,
): FlopsPerToken {
  const visiblePairs = (tokens * (tokens + 1)) / 2;
  const step = stepFlops(config, lora, { tokens, targets: tokens, visiblePairs });
  const forward = step.forward / tokens;
  const backward = step.backward / tokens;
  const { products, adapter, pair } = layerFlops(config, lora);
  const attention = (pair * visiblePairs) / tokens;
  const down = projectionShape(config, 'down_proj');
  const again = products + adapter + 2 * attention - 2 * down.out * down.in;
  const recompute = config.numHiddenLayers * 3 * attention + headFlops(config) + recomputedLayers * again;
  return { forward, backward, recompute, total: forward + backward + recompute };
}
