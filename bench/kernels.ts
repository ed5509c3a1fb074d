/** @file `bench kernels`: every variant of the products, in every format, at a few shapes. */
import type { Gpu } from '../src/gpu/gpu.ts';
import { STORAGE_USAGE } from '../src/gpu/gpu.ts';
import { whole } from '../src/gpu/ledger.ts';
import { ProgramBuilder } from '../src/gpu/program.ts';
import { matmulNN, matmulNT } from '../src/ops/matmul.ts';
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

/** 512 cubed, and the products of a small Llama: training rows and a single one. */
const SHAPES: readonly (readonly [number, number, number])[] = [
  [512, 512, 512],
  [128, 288, 288],
  [128, 768, 288],
  [128, 288, 768],
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
  for (const [rows, columns, inner] of SHAPES)
    for (const kernel of ['matmul_nt', 'matmul_nn'] as const)
      for (const variant of ['register', 'tiled', 'thin'] as const)
        for (const format of WEIGHT_FORMATS) {
          if (variant === 'thin' && (kernel === 'matmul_nn' || rows > 4)) continue;
          if (rows === 1 && kernel === 'matmul_nn') continue;
          // Formats are a matter of reading weights: one shape shows it.
          if (format !== 'f32' && rows === 128) continue;
          const gflops = await timeProduct(gpu, kernel, variant, format, [rows, columns, inner], runs);
          figures.push({ kernel, variant, format, shape: [rows, columns, inner], gflops });
          progress(
            `${kernel} ${variant} ${format} ${rows}x${columns}x${inner}: ${gflops.median.toFixed(2)} GFLOP/s`,
          );
        }
  return figures;
}

async function timeProduct(
  gpu: Gpu,
  kernel: KernelFigure['kernel'],
  variant: 'register' | 'tiled' | 'thin',
  format: WeightFormat,
  [rows, columns, inner]: KernelFigure['shape'],
  runs: number,
): Promise<Spread> {
  // W is [columns, inner] of Y = X W^T, and [inner, columns] of dX = dY W.
  const shape = kernel === 'matmul_nt' ? [columns, inner] : [inner, columns];
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
    if (kernel === 'matmul_nt')
      matmulNT(program, { x: whole(buffers.left), w, y: whole(buffers.out), ...sizes, variant });
    else if (variant !== 'thin')
      matmulNN(program, { dy: whole(buffers.left), w, dx: whole(buffers.out), ...sizes, variant });
    const recorded = await program.finish(gpu, OWNER);
    return mapSpread(await secondsPerReplay(gpu, recorded, runs), (s) => recorded.flops / s / 1e9);
  } finally {
    gpu.ledger.releaseOwner(OWNER);
  }
}
