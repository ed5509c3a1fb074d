/** @file Gradients by central differences: what every backward pass is held against. */

/** [x.length] d f / d x_i by (f(x + h e_i) - f(x - h e_i)) / 2h at the given indices (all by default); x is restored. */
export function centralDifference(
  f: () => number,
  x: Float64Array,
  indices: Iterable<number> = x.keys(),
  h = 1e-5,
): number[] {
  return Array.from(indices, (i) => {
    const middle = x[i]!;
    x[i] = middle + h;
    const above = f();
    x[i] = middle - h;
    const below = f();
    x[i] = middle;
    return (above - below) / (2 * h);
  });
}
