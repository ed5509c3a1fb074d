/** @file RMSNorm (Zhang & Sennrich 2019, eq. 4): y = g x / sqrt(mean(x^2) + eps), with the residual added before. */

/** sum = x (+ residual) and y = norm of sum; x, residual, sum and y are [rows, hidden], gain is [hidden]. */
export function rmsNorm(
  x: Float64Array,
  residual: Float64Array | null,
  gain: ArrayLike<number>,
  eps: number,
): { sum: Float64Array; y: Float64Array } {
  const hidden = gain.length;
  const sum = Float64Array.from(x, (value, i) => value + (residual ? residual[i]! : 0));
  const y = new Float64Array(sum.length);
  for (let start = 0; start < sum.length; start += hidden) {
    const scale = inverseRms(sum, start, hidden, eps);
    for (let i = 0; i < hidden; i++) y[start + i] = gain[i]! * sum[start + i]! * scale;
  }
  return { sum, y };
}

/**
 * dL/dsum from dL/dy; with s = 1 / rms: dsum_i = s (g_i dy_i - sum_i s^2 mean_j(g_j dy_j sum_j)).
 * x and the residual both have this gradient.
 */
export function rmsNormBackward(
  sum: Float64Array,
  gain: ArrayLike<number>,
  eps: number,
  dy: Float64Array,
): Float64Array {
  const hidden = gain.length;
  const dsum = new Float64Array(sum.length);
  for (let start = 0; start < sum.length; start += hidden) {
    const scale = inverseRms(sum, start, hidden, eps);
    let dot = 0;
    for (let i = 0; i < hidden; i++) dot += gain[i]! * dy[start + i]! * sum[start + i]!;
    for (let i = 0; i < hidden; i++)
      dsum[start + i] =
        scale * (gain[i]! * dy[start + i]! - (sum[start + i]! * scale * scale * dot) / hidden);
  }
  return dsum;
}

function inverseRms(x: Float64Array, start: number, hidden: number, eps: number): number {
  let squares = 0;
  for (let i = 0; i < hidden; i++) squares += x[start + i]! ** 2;
  return 1 / Math.sqrt(squares / hidden + eps);
}
