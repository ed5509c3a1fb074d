/** @file A linear layer without bias, as PyTorch stores it: y = x W^T with W [out, in]. */

/** a [m, k] times b^T, b [n, k]: [m, n]. */
export function timesTransposed(
  a: Float64Array,
  b: Float64Array,
  m: number,
  n: number,
  k: number,
): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = 0;
      for (let l = 0; l < k; l++) sum += a[i * k + l]! * b[j * k + l]!;
      c[i * n + j] = sum;
    }
  return c;
}

/** a [m, k] times b [k, n]: [m, n]. */
export function times(a: Float64Array, b: Float64Array, m: number, n: number, k: number): Float64Array {
  const c = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let l = 0; l < k; l++) for (let j = 0; j < n; j++) c[i * n + j]! += a[i * k + l]! * b[l * n + j]!;
  return c;
}

/** a^T times b, a [k, m] and b [k, n]: [m, n]. */
export function transposedTimes(
  a: Float64Array,
  b: Float64Array,
  m: number,
  n: number,
  k: number,
): Float64Array {
  const c = new Float64Array(m * n);
  for (let l = 0; l < k; l++)
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) c[i * n + j]! += a[l * m + i]! * b[l * n + j]!;
  return c;
}

/** y [rows, out] = x W^T for x [rows, in]. */
export function linear(x: Float64Array, weight: Float64Array, rows: number): Float64Array {
  const inner = x.length / rows;
  return timesTransposed(x, weight, rows, weight.length / inner, inner);
}

/** dx [rows, in] = dy W for dy [rows, out]. The weight is frozen. */
export function linearBackward(weight: Float64Array, dy: Float64Array, rows: number): Float64Array {
  const out = dy.length / rows;
  return times(dy, weight, rows, weight.length / out, out);
}
