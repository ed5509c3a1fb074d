/**
 * @file The Llama of the compared step, written for jax-js as its users would: attention, softmax and log-sum-exp are its
 * own, rotation is a flip (a view, which its compiler fuses), and the logit of a target is a product of two rows.
 */
import { STEP_MODEL } from '../random_llama.ts';
import type { Jax, JaxArray } from './jax_types.ts';
import { LORA } from './llama_numbers.ts';

/** Of an adapted projection: A is [rank, in], B [out, rank]. */
export type JaxLora = { readonly a: JaxArray; readonly b: JaxArray };
export type JaxAdapter = readonly { readonly q: JaxLora; readonly v: JaxLora }[];

/** Frozen: projections as [out, in], gains as [hidden]. */
export interface JaxWeights {
  readonly embedding: JaxArray;
  readonly finalNorm: JaxArray;
  readonly layers: readonly Readonly<
    Record<'q' | 'k' | 'v' | 'o' | 'gate' | 'up' | 'down' | 'norm1' | 'norm2', JaxArray>
  >[];
}

export interface JaxBatch {
  /** [tokens] i32 */
  readonly ids: JaxArray;
  readonly targets: JaxArray;
  /** [tokens, 1, 1, headDim / 2] */
  readonly cos: JaxArray;
  /** [tokens, 1, 2, headDim / 2]: -sin for the first half of a head, sin for the second */
  readonly sin: JaxArray;
}

/** Mean negative log-probability of the targets; consumes all its arguments, as jax-js's functions do. */
export function jaxLoss({ numpy: np, nn }: Jax) {
  const { numAttentionHeads: heads, headDim, rmsNormEps } = STEP_MODEL;
  const scale = LORA.loraAlpha / LORA.r;
  /** y = x W^T */
  const linear = (x: JaxArray, w: JaxArray) => np.matmul(x, np.matrixTranspose(w));
  const adapted = (x: JaxArray, w: JaxArray, { a, b }: JaxLora) =>
    linear(x.ref, w).add(linear(linear(x, a), b).mul(scale));
  const rmsNorm = (x: JaxArray, gain: JaxArray) => {
    const squares = np.square(x.ref).mean(-1, { keepdims: true });
    return x.mul(np.reciprocal(np.sqrt(squares.add(rmsNormEps)))).mul(gain);
  };
  const rotate = (x: JaxArray, cos: JaxArray, sin: JaxArray) => {
    const tokens = x.shape[0]!;
    const halves = x.reshape([tokens, heads, 2, headDim / 2]);
    const turned = halves.ref.mul(cos).add(np.flip(halves, 2).mul(sin));
    return turned.reshape([tokens, heads, headDim]);
  };
  return (adapter: JaxAdapter, weights: JaxWeights, batch: JaxBatch): JaxArray => {
    const { ids, targets, cos, sin } = batch;
    const tokens = ids.shape[0]!;
    let x = np.take(weights.embedding.ref, ids, 0);
    weights.layers.forEach((layer, i) => {
      const { q: loraQ, v: loraV } = adapter[i]!;
      const h = rmsNorm(x.ref, layer.norm1);
      const q = rotate(adapted(h.ref, layer.q, loraQ), cos.ref, sin.ref);
      const k = rotate(linear(h.ref, layer.k), cos.ref, sin.ref);
      const v = adapted(h, layer.v, loraV).reshape([tokens, heads, headDim]);
      const attended = nn.dotProductAttention(q, k, v, { isCausal: true });
      x = x.add(linear(attended.reshape([tokens, heads * headDim]), layer.o));
      const m = rmsNorm(x.ref, layer.norm2);
      x = x.add(linear(nn.silu(linear(m.ref, layer.gate)).mul(linear(m, layer.up)), layer.down));
    });
    cos.dispose();
    sin.dispose();
    const states = rmsNorm(x, weights.finalNorm);
    const logSum = nn.logsumexp(linear(states.ref, weights.embedding.ref), -1);
    const ofTarget = states.mul(np.take(weights.embedding, targets, 0)).sum(-1);
    return logSum.sub(ofTarget).mean();
  };
}
