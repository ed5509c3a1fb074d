/** @file Products C = A B as all engines are given them: inputs, timing, and a check in f64. */
import { noise } from '../random_llama.ts';
import { LAYOUTS, type Layout, type ProductRun, type ProductShape } from './engine.ts';

/** 512 cubed, and the products of the training step: q, k, v and o; gate and up; down. */
export const SHAPES: readonly ProductShape[] = [
  [512, 512, 512],
  [128, 288, 288],
  [128, 768, 288],
  [128, 288, 768],
];

export interface Operands {
  readonly shape: ProductShape;
  readonly layout: Layout;
  /** [rows, inner] */
  readonly a: Float32Array<ArrayBuffer>;
  /** [inner, columns], or [columns, inner] */
  readonly b: Float32Array<ArrayBuffer>;
}

/** A product that is set up on an engine's device. */
export interface Product {
  /** Computes it `count` times and waits for the last. */
  run(count: number): Promise<void>;
  /** [rows, columns], after a run. */
  read(): Promise<Float32Array>;
  release(): void;
}

export function operands(shape: ProductShape, layout: Layout): Operands {
  const [rows, columns, inner] = shape;
  const draw = (seed: number, count: number) =>
    Float32Array.from({ length: count }, (_, i) => noise(seed)(i));
  return { shape, layout, a: draw(1, rows * inner), b: draw(2, columns * inner) };
}

/** Elements that are checked: coprime to the sizes, they wander through all rows and columns. */
const SAMPLES = 97;

/**
 * Holds sampled elements to the bound of a sum of f32 products in any order, inner * 2^-24 * sum |a b| (Higham,
 * Accuracy and Stability of Numerical Algorithms, 3.1).
 * @throws Error naming the first element that is off by more
 */
export function checkProduct(
  { shape: [rows, columns, inner], layout, a, b }: Operands,
  c: Float32Array,
): void {
  if (c.length !== rows * columns)
    throw new Error(`A product of ${rows}x${columns} has ${c.length} elements.`);
  for (let s = 0; s < SAMPLES; s++) {
    const at = Math.floor((s * (rows * columns - 1)) / (SAMPLES - 1));
    const [i, j] = [Math.floor(at / columns), at % columns];
    let exact = 0;
    let size = 0;
    for (let k = 0; k < inner; k++) {
      const term = a[i * inner + k]! * b[layout === 'AB' ? k * columns + j : j * inner + k]!;
      exact += term;
      size += Math.abs(term);
    }
    const off = Math.abs(c[at]! - exact);
    if (!(off <= inner * 2 ** -24 * size))
      throw new Error(
        `Its product ${rows}x${columns}x${inner} ${layout} is ${c[at]} instead of ${exact} at [${i}, ${j}].`,
      );
  }
}

/** A run takes at least so long: shorter ones would measure the queue. */
const RUN_SECONDS = 0.2;
const MOST_PRODUCTS = 2000;

/** Times every shape in both layouts, once each, after its result was found right. */
export async function timeProducts(
  shapes: readonly ProductShape[],
  setUp: (operands: Operands) => Promise<Product>,
): Promise<ProductRun[]> {
  const runs: ProductRun[] = [];
  for (const shape of shapes)
    for (const layout of LAYOUTS) {
      const given = operands(shape, layout);
      const product = await setUp(given);
      try {
        const seconds = async (count: number) => {
          const start = performance.now();
          await product.run(count);
          return (performance.now() - start) / 1000 / count;
        };
        await product.run(1); // compiles
        checkProduct(given, await product.read());
        const once = await seconds(1);
        const count = Math.min(MOST_PRODUCTS, Math.ceil(RUN_SECONDS / once));
        const [rows, columns, inner] = shape;
        runs.push({ shape, layout, gflops: (2 * rows * columns * inner) / (await seconds(count)) / 1e9 });
      } finally {
        product.release();
      }
    }
  return runs;
}
