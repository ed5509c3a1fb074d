/** @file LoRA (Hu et al. 2021, eq. 3): y = x W^T + s (x A^T) B^T, A [rank, in], B [out, rank]. */
import { linear, linearBackward, transposedTimes } from './linear.ts';
import { addInto } from './tensor.ts';

export interface LoraPair {
  /** [rank, in] */
  readonly a: Float64Array;
  /** [out, rank] */
  readonly b: Float64Array;
  readonly rank: number;
  /** alpha / rank, or alpha / sqrt(rank) for rank-stabilised LoRA. */
  readonly scale: number;
}

/** The factor in front of B A (PEFT: lora/layer.py). */
export function loraScale(options: { r: number; loraAlpha: number; useRslora: boolean }): number {
  return options.loraAlpha / (options.useRslora ? Math.sqrt(options.r) : options.r);
}

/** y [rows, out] for x [rows, in]; without an adapter, the plain linear layer. */
export function loraLinear(
  x: Float64Array,
  weight: Float64Array,
  lora: LoraPair | null,
  rows: number,
): Float64Array {
  const y = linear(x, weight, rows);
  if (lora) {
    const update = linear(linear(x, lora.a, rows), lora.b, rows);
    for (let i = 0; i < y.length; i++) y[i]! += lora.scale * update[i]!;
  }
  return y;
}

/** dx = dy W + s (dy B) A, dA = s (dy B)^T x, dB = s dy^T (x A^T). */
export function loraLinearBackward(
  x: Float64Array,
  weight: Float64Array,
  lora: LoraPair | null,
  dy: Float64Array,
  rows: number,
): { dx: Float64Array; da: Float64Array | null; db: Float64Array | null } {
  const dx = linearBackward(weight, dy, rows);
  if (!lora) return { dx, da: null, db: null };
  const inner = x.length / rows;
  const out = dy.length / rows;
  const u = linear(x, lora.a, rows);
  const du = linearBackward(lora.b, dy, rows).map((value) => lora.scale * value);
  addInto(dx, linearBackward(lora.a, du, rows));
  const da = transposedTimes(du, x, lora.rank, inner, rows);
  const db = transposedTimes(dy, u, out, lora.rank, rows).map((value) => lora.scale * value);
  return { dx, da, db };
}
