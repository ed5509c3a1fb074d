/** @file `bench kernels`: every variant of the products, in every format, at a few shapes. */
import type { Gpu } from '../src/gpu/gpu.ts';
import { STORAGE_USAGE } from '../src/gpu/gpu.ts';
import { whole } from '../src/gpu/ledger.ts';
import { ProgramBuilder } from '../src/gpu/program.ts';
import { matmulNN, matmulNT } from '../src/ops/matmul.ts';
import {
  fitsNN,
  fitsNT,
  type MatmulNNVariant,
  type MatmulVariant,
  NN_VARIANTS,
  NT_VARIANTS,
  takesFormat,
} from '../src/ops/matmul_variants.ts';
import {
  formatBytes,
  WEIGHT_FORMATS,
  type WeightFormat,
  type WeightMatrix,
} from '../src/ops/weight_matrix.ts';
import { mapSpread, type Spread, secondsPerReplay } from './measure.ts';

export interface KernelFigure {
  readonly kernel: 'matmul_nt' | 'matmul_nn';
  readonly variant: string;
  readonly format: WeightFormat;
  /** Rows of X, columns and inner size of the product. */
  readonly shape: readonly [number, number, number];
  readonly gflops: Spread;
}

/** A product in one of its variants. */
type Product =
  | { readonly kernel: 'matmul_nt'; readonly variant: MatmulVariant }
  | { readonly kernel: 'matmul_nn'; readonly variant: MatmulNNVariant };

/** 512 cubed, and the products of a small Llama: training rows, more of them than cores, LoRA's rank columns, a single row. */
const SHAPES: readonly (readonly [number, number, number])[] = [
  [512, 512, 512],
  [128, 288, 288],
  [128, 768, 288],
  [128, 288, 768],
  [512, 1024, 512],
  [512, 16, 576],
  [1, 1536, 576],
];

const OWNER = 'bench';

/** Times all combinations that the kernels take; `progress` is told each. */
export async function benchKernels(
  gpu: Gpu,
  runs: number,
  progress: (line: string) => void,
): Promise<KernelFigure[]> {
  const figures: KernelFigure[] = [];
  for (const shape of SHAPES)
    for (const product of productsAt(shape))
      for (const format of WEIGHT_FORMATS) {
        // Formats are a matter of reading weights: large and single-row products show it.
        if (format !== 'f32' && shape[0] !== 1 && shape[1] !== 512) continue;
        if (!takesFormat(product.variant, format)) continue;
        const gflops = await timeProduct(gpu, product, format, shape, runs);
        figures.push({ ...product, format, shape, gflops });
        progress(
          `${product.kernel} ${product.variant} ${format} ${shape.join('x')}: ${gflops.median.toFixed(2)} GFLOP/s`,
        );
      }
  return figures;
}

/** All variants that take a shape. A single row, or LoRA's few columns, occurs in Y = X W^T alone. */
function productsAt([rows, columns, inner]: KernelFigure['shape']): Product[] {
  const bounds = [0, columns];
  const forward = NT_VARIANTS.filter((variant) => fitsNT(variant, { rows, columns, inner, bounds }));
  const backward = NN_VARIANTS.filter(
    (variant) => Math.min(rows, columns) > 16 && fitsNN(variant, { rows, columns, inner, bounds }),
  );
  return [
    ...forward.map((variant): Product => ({ kernel: 'matmul_nt', variant })),
    ...backward.map((variant): Product => ({ kernel: 'matmul_nn', variant })),
  ];
}

async function timeProduct(
  gpu: Gpu,
  product: Product,
  format: WeightFormat,
  [rows, columns, inner]: KernelFigure['shape'],
  runs: number,
): Promise<Spread> {
  // W is [columns, inner] of Y = X W^T, and [inner, columns] of dX = dY W.
  const shape = product.kernel === 'matmul_nt' ? [columns, inner] : [inner, columns];
  const bytes = formatBytes(format, columns * inner);
  try {
    const buffers = await gpu.ledger.allocate(OWNER, (create) => ({
      left: create('left', rows * inner * 4, STORAGE_USAGE),
      data: create('weights', bytes.data, STORAGE_USAGE),
      scales: create('scales', Math.max(16, bytes.scales), STORAGE_USAGE),
      out: create('out', rows * columns * 4, STORAGE_USAGE),
    }));
    const w: WeightMatrix = {
      rows: shape[0]!,
      columns: shape[1]!,
      blocks: [
        {
          format,
          first: 0,
          rows: shape[0]!,
          data: whole(buffers.data),
          ...(bytes.scales > 0 ? { scales: whole(buffers.scales) } : {}),
        },
      ],
    };
    const program = new ProgramBuilder(gpu.adapterClass);
    const sizes = { rows, columns, inner };
    if (product.kernel === 'matmul_nt')
      matmulNT(program, {
        x: whole(buffers.left),
        w,
        y: whole(buffers.out),
        ...sizes,
        variant: product.variant,
      });
    else
      matmulNN(program, {
        dy: whole(buffers.left),
        w,
        dx: whole(buffers.out),
        ...sizes,
        variant: product.variant,
      });
    const recorded = await program.finish(gpu, OWNER);
    return mapSpread(await secondsPerReplay(gpu, recorded, runs), (s) => recorded.flops / s / 1e9);
  } finally {
    gpu.ledger.releaseOwner(OWNER);
  }
}
