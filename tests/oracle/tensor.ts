/** @file The oracle's tensors: a shape and f64 numbers, row-major. */

export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** A tensor of zeros. */
export function zeros(...shape: number[]): Tensor {
  return { shape, data: new Float64Array(shape.reduce((product, n) => product * n, 1)) };
}

/** out += x, elementwise. */
export function addInto(out: Float64Array, x: ArrayLike<number>): void {
  for (let i = 0; i < out.length; i++) out[i]! += x[i]!;
}

/** The tensor of that name, or a message that says which there are. */
export function tensor(tensors: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const found = tensors.get(name);
  if (!found) throw new Error(`No tensor ${name} among ${[...tensors.keys()].join(', ')}.`);
  return found;
}
