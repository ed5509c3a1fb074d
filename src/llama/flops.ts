/**
 * @file Floating-point operations of a training step per token, from the configuration alone: what the mathematics
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
  const { numHiddenLayers: layers, hiddenSize, vocabSize, numAttentionHeads, headDim } = config;
  let products = 0;
  let adapter = 0;
  // The lowest layer's q, k and v hand no gradient down: the embedding below them is frozen.
  let lowest = 0;
  for (const projection of PROJECTIONS) {
    const { out, in: inner } = projectionShape(config, projection);
    products += 2 * out * inner;
    if (lora.targets.includes(projection)) adapter += 2 * lora.rank * (out + inner);
    if (projection === 'q_proj' || projection === 'k_proj' || projection === 'v_proj')
      lowest += 2 * out * inner;
  }
  const head = 2 * hiddenSize * vocabSize;
  // One product of queries with keys (or weights with values), for the keys a token sees.
  const attention = 2 * ((tokens + 1) / 2) * numAttentionHeads * headDim;
  const forward = layers * (products + adapter + 2 * attention) + head;
  // Of the adapter: dU = dY B, dB = dY^T U, dA = dU^T X, dX += dU A. Of attention: dV, dP, dQ, dK.
  const backward = layers * (products + 2 * adapter + 4 * attention) - lowest + head;
  const down = projectionShape(config, 'down_proj');
  const again = products + adapter + 2 * attention - 2 * down.out * down.in;
  const recompute = layers * 3 * attention + head + recomputedLayers * again;
  return { forward, backward, recompute, total: forward + backward + recompute };
}
