/**
 * @file Products by one kernel for software adapters, since each costs such adapters' compilers about as long as a step takes:
 * both products with frozen weights, and on lavapipe, whose kernel takes f32 matrices of any strides, LoRA's small ones.
 */
import type { BufferSlice } from '../gpu/ledger.ts';
import type { ProgramBuilder, Traffic } from '../gpu/program.ts';
import { shaderFor, type WeightFormat } from './weight_matrix.ts';

/** No part of U belongs to a segment without an adapter. */
export const NO_LORA = 0xffffffff;

/** A projection among those that share X: its columns of Y, and its share of U and B. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  /** First column of its rank columns in U, or NO_LORA. */
  readonly u: number;
  /** First row of its B in the group's B. */
  readonly bRow: number;
}

/** What is done to products as they are stored: shaders/parts/matmul_store.wgsl. */
export const ADDS = { nothing: 0, residual: 1, gradient: 2, present: 3 } as const;

/** Rows and columns of an invocation of the register kernels. */
export const REGISTER_BLOCK = 8;

/**
 * Kernels, rows and columns of a workgroup, and elements that strides of X and W must be multiples of. register1 takes f32
 * alone; register16 takes an X and a W whose rows lie one element after the other, W along the sum or along Y's columns.
 */
const KERNELS = {
  register1: { shader: 'matmul/register1', rows: 64, columns: 64, elements: 1 },
  register16: { shader: 'matmul/register16', rows: 128, columns: 32, elements: 4 },
} as const;

/** Elements from a line (a row of X or Y, a column of Y) to the next, and from one term of the sum to the next. */
interface Strides {
  readonly line: number;
  readonly step: number;
}

/** A factor of Y: where its element [0, 0] lies, as if rows and columns of Y were counted from 0, and what follows. */
interface Factor extends Strides {
  /** Default 0. */
  readonly first?: number;
}

export interface StridedProduct {
  readonly kernel: keyof typeof KERNELS;
  /** x, y, the weights' bindings, and residual, u and b as far as they are used */
  readonly bind: Readonly<Record<string, BufferSlice> & { x: BufferSlice }>;
  /** Of W; default f32. */
  readonly format?: WeightFormat;
  readonly rows: number;
  /** Width of Y, a multiple of four. */
  readonly columns: number;
  readonly inner: number;
  /** Up to three, multiples of four wide. */
  readonly segments: readonly Segment[];
  readonly x: Factor;
  readonly w: Factor;
  /** Products of the same sizes, each of elements of X and W and columns of Y that are so many further on; default one. */
  readonly count?: number;
  readonly apart?: { readonly x: number; readonly w: number; readonly columns: number };
  /** Of the product, without LoRA's part; default 1. This, count and apart are register1's alone. */
  readonly factor?: number;
  /** Strides are those of B. */
  readonly lora?: Strides & { readonly rank: number; readonly uStride: number; readonly scale: number };
  readonly adds?: (typeof ADDS)[keyof typeof ADDS];
  /** Token of column 0, for ADDS.gradient. */
  readonly token?: number;
  /** By default X is read once per tile of columns, W once per tile of rows. */
  readonly traffic?: Traffic;
  readonly flops?: number;
}

/** Records Y = factor X W^T (+ scale U B^T) (+ what `adds` says). */
export function stridedProduct(program: ProgramBuilder, p: StridedProduct): void {
  const segment = (i: number) => {
    const { start, end, u, bRow } = p.segments[i] ?? { start: 0, end: 0, u: NO_LORA, bRow: 0 };
    return [start, end, u, bRow] as const;
  };
  const sum = (of: (width: number) => number) =>
    p.segments.reduce((n, { start, end }) => n + of(end - start), 0);
  const { shader, elements, ...tile } = KERNELS[p.kernel];
  /** As the kernel counts elements; of strides of 1 it takes no notice. */
  const inKernel = (stride: number) => Math.trunc(stride / elements);
  const count = p.count ?? 1;
  const tiles = [
    sum((width) => Math.ceil(width / tile.columns)),
    Math.ceil(p.rows / tile.rows),
    count,
  ] as const;
  const columns = sum((width) => width);
  const outputs = count * p.rows * columns;
  const read = count * p.inner * (p.rows * tiles[0] + columns * tiles[1]) + (p.adds ? outputs : 0);
  program.dispatch({
    shader: shaderFor(shader, p.format ?? 'f32'),
    bind: { residual: p.bind.x, u: p.bind.x, b: p.bind.x, ...p.bind },
    params: {
      rows: p.rows,
      columns: p.columns,
      inner: p.inner,
      x_first: inKernel(p.x.first ?? 0),
      x_line: inKernel(p.x.line),
      x_step: inKernel(p.x.step),
      w_first: inKernel(p.w.first ?? 0),
      w_line: inKernel(p.w.line),
      w_step: inKernel(p.w.step),
      turned: p.w.line === 1 ? 1 : 0,
      factor: p.factor ?? 1,
      rank: p.lora?.rank ?? 0,
      u_stride: p.lora?.uStride ?? 0,
      b_line: p.lora?.line ?? 0,
      b_step: p.lora?.step ?? 0,
      scale: p.lora?.scale ?? 0,
      adds: p.adds ?? ADDS.nothing,
      token: p.token ?? 0,
      block: REGISTER_BLOCK,
      segment0: segment(0),
      segment1: segment(1),
      segment2: segment(2),
      apart: [p.apart?.x ?? 0, p.apart?.w ?? 0, p.apart?.columns ?? 0, 0],
    },
    workgroups: tiles,
    traffic: p.traffic ?? { read: 4 * read, written: 4 * outputs },
    flops: p.flops ?? 2 * outputs * p.inner,
  });
}
