/**
 * @file Rotary position embedding (Su et al. 2021) in the rotate-half layout of Transformers. The angles' cosines and
 * sines are f32 numbers made in Transformers' order of operations (modeling_rope_utils), because they are inputs to
 * the model as its weights are: another rounding of them is another model.
 */
import type { LlamaConfig } from '../../src/llama/config.ts';

const f32 = Math.fround;

/** Cosines and sines, [positions, headDim / 2] each. */
export interface RopeTables {
  readonly cos: Float64Array;
  readonly sin: Float64Array;
}

/** number / tensor as PyTorch computes it in f32: Tensor.__rtruediv__ is reciprocal() times the number. */
function divide(numerator: number, denominator: number): number {
  return f32(f32(numerator) * f32(1 / denominator));
}

/** Inverse frequencies [headDim / 2]: 1 / theta^(2j / headDim), scaled as `ropeScaling` says, every step rounded to f32. */
export function ropeFrequencies(config: LlamaConfig): Float64Array {
  const scaling = config.ropeScaling;
  return Float64Array.from({ length: config.headDim / 2 }, (_, j) => {
    const exponent = f32((2 * j) / config.headDim);
    const frequency = divide(1, f32(f32(config.ropeTheta) ** exponent));
    if (!scaling) return frequency;
    if (scaling.type === 'linear') return f32(frequency / scaling.factor);
    const original = scaling.originalMaxPositionEmbeddings;
    const wavelength = divide(2 * Math.PI, frequency);
    if (wavelength < original / scaling.highFreqFactor) return frequency;
    if (wavelength > original / scaling.lowFreqFactor) return f32(frequency / scaling.factor);
    const smooth = f32(
      f32(divide(original, wavelength) - scaling.lowFreqFactor) /
        (scaling.highFreqFactor - scaling.lowFreqFactor),
    );
    return f32(f32(f32(f32(1 - smooth) * frequency) / scaling.factor) + f32(smooth * frequency));
  });
}

/** Tables for positions 0 .. positions - 1. `precision` 'f64' leaves out all roundings after the frequencies. */
export function ropeTables(
  config: LlamaConfig,
  positions: number,
  precision: 'f32' | 'f64' = 'f32',
): RopeTables {
  const round = precision === 'f32' ? f32 : (x: number) => x;
  const frequencies = ropeFrequencies(config);
  const half = frequencies.length;
  const angle = (i: number) => round(Math.floor(i / half) * frequencies[i % half]!);
  return {
    cos: Float64Array.from({ length: positions * half }, (_, i) => round(Math.cos(angle(i)))),
    sin: Float64Array.from({ length: positions * half }, (_, i) => round(Math.sin(angle(i)))),
  };
}

/**
 * Rotates every head of x [rows, heads headDim] by the angles of its row's position: with (a, b) = (x_j, x_{j + half}),
 * (a cos - b sin, b cos + a sin). `direction` -1 rotates back, which is the gradient, since a rotation is orthogonal.
 */
export function rope(
  x: Float64Array,
  positions: ArrayLike<number>,
  tables: RopeTables,
  headDim: number,
  direction: 1 | -1 = 1,
): Float64Array {
  const y = new Float64Array(x.length);
  const half = headDim / 2;
  const heads = x.length / positions.length / headDim;
  for (let row = 0; row < positions.length; row++)
    for (let head = 0; head < heads; head++)
      for (let j = 0; j < half; j++) {
        const at = (row * heads + head) * headDim + j;
        const cos = tables.cos[positions[row]! * half + j]!;
        const sin = direction * tables.sin[positions[row]! * half + j]!;
        y[at] = x[at]! * cos - x[at + half]! * sin;
        y[at + half] = x[at + half]! * cos + x[at]! * sin;
      }
  return y;
}
