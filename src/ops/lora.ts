/**
 * @file LoRA's backward pass (Hu et al. 2021): with U = X A^T and Y += s U B^T,
 * dU = s dY B, dB += s dY^T U, dA += dU^T X. The products with U and dU ride along in ops/matmul.ts. Shared-memory tiles
 * are for GPUs, register blocks for software adapters; where ranks and widths allow, lavapipe makes these products by the kernel
 * of all others.
 */
import type { AdapterClass } from '../gpu/adapter.ts';
import type { BufferSlice } from '../gpu/ledger.ts';
import { linearWorkgroups, type ProgramBuilder } from '../gpu/program.ts';
import { rowElements } from './row_elements.ts';
import { ADDS, NO_LORA, type Segment, stridedProduct } from './strided_product.ts';
import { wordTraffic } from './traffic.ts';

/** Projections that share X, with all their adapters side by side. */
export interface LoraGroupShape {
  readonly rows: number;
  /** Width of X. */
  readonly inner: number;
  /** Width of dY: columns of all projections, adapted or not. */
  readonly columns: number;
  /** Rank of one projection. */
  readonly rank: number;
  /** Ranks of all adapted projections together: the width of U. */
  readonly totalRank: number;
  readonly scale: number;
  readonly segments: readonly Segment[];
  readonly variant?: LoraVariant;
}

export const LORA_VARIANTS = ['register1', 'register', 'tiled'] as const;
export type LoraVariant = (typeof LORA_VARIANTS)[number];

const TABLE: Readonly<Record<AdapterClass, LoraVariant>> = {
  gpu: 'tiled',
  software: 'register1',
  software4: 'register',
};

/** The fixed table's, or the variant that was asked for: register1 writes vec4s along ranks and along X's width. */
export function loraVariant(
  adapterClass: AdapterClass,
  { rank, inner, variant }: Pick<LoraGroupShape, 'rank' | 'inner' | 'variant'>,
): LoraVariant {
  const chosen = variant ?? TABLE[adapterClass];
  return chosen === 'register1' && (rank % 4 !== 0 || inner % 4 !== 0) ? 'register' : chosen;
}

/** Of the register variant: tokens of dU of an invocation, invocations of a workgroup of dU, and of one of gradients. */
const BLOCK_TOKENS = 4;
const DOWN_LANES = 16;
const LANES = 32;
/** Of the register variant: rank columns of gradients of an invocation, in fours or one by one. */
const BLOCK_RANKS = 2;
/** Of the tiled variant: tokens of dU, and Values along columns, of a workgroup. */
const TILE_TOKENS = 32;
const TILE_VALUES = 16;
/** Of the tiled variant: rank columns of a workgroup at most, in fours or one by one. */
const MOST_BLOCKS = 4;

/** Rank columns of a workgroup of the tiled variant: as few as it takes for no more workgroups than with the most. */
function blocksOf(rankColumns: number): number {
  return Math.ceil(rankColumns / Math.ceil(rankColumns / MOST_BLOCKS));
}

type Vec4 = readonly [number, number, number, number];

const adaptedOf = ({ segments }: LoraGroupShape) => segments.filter((s) => s.u !== NO_LORA);

/** Adapted segments of one width: the first, how many there are, and how far apart their columns and parts of U and B are. */
interface AlikeSegments {
  readonly first: Segment;
  readonly width: number;
  readonly count: number;
  readonly start: number;
  readonly u: number;
  readonly bRow: number;
}

/** By width. Of three the second is as far from the first as from the third: they are neighbours. */
function alike(shape: LoraGroupShape): AlikeSegments[] {
  const widths = new Map<number, Segment[]>();
  for (const s of adaptedOf(shape)) widths.set(s.end - s.start, [...(widths.get(s.end - s.start) ?? []), s]);
  return [...widths].map(([width, [first, second = first, ...rest]]) => ({
    first: first!,
    width,
    count: second === first ? 1 : 2 + rest.length,
    start: second!.start - first!.start,
    u: second!.u - first!.u,
    bRow: second!.bRow - first!.bRow,
  }));
}

/** What both kernels are told of the group; sizes are in the vec4s or f32s that its widths allow. */
function groupParams(shape: LoraGroupShape) {
  const adapted = adaptedOf(shape);
  const wide = rowElements(shape.inner, shape.columns, ...adapted.flatMap((s) => [s.start, s.end]));
  const thin = rowElements(shape.rank);
  const segments = adapted.map(
    (s): Vec4 => [s.start / wide.elements, s.end / wide.elements, s.u / thin.elements, s.bRow],
  );
  const none: Vec4 = [0, 0, 0, 0];
  return {
    segments,
    elements: wide.elements,
    ranks: thin.elements,
    constants: { Value: wide.constants.Value, Ranks: thin.constants.Value },
    params: {
      rows: shape.rows,
      dy_stride: shape.columns / wide.elements,
      rank: shape.rank / thin.elements,
      u_stride: shape.totalRank / thin.elements,
      scale: shape.scale,
      segment0: segments[0] ?? none,
      segment1: segments[1] ?? none,
      segment2: segments[2] ?? none,
    },
    /** Columns of dY that belong to an adapted projection. */
    adaptedColumns: adapted.reduce((sum, s) => sum + s.end - s.start, 0),
  };
}

/** Records du [rows, totalRank] = scale * dY B for each adapted projection; dy is [rows, columns]. */
export function loraDownGradient(
  program: ProgramBuilder,
  shape: LoraGroupShape,
  bind: { dy: BufferSlice; b: BufferSlice; du: BufferSlice },
): void {
  const { rows, rank, totalRank } = shape;
  const variant = loraVariant(program.adapterClass, shape);
  if (variant === 'register1') {
    for (const { first, width, ...group } of alike(shape))
      stridedProduct(program, {
        kernel: 'register1',
        bind: { x: bind.dy, w: bind.b, y: bind.du },
        rows,
        columns: totalRank,
        inner: width,
        segments: [{ start: first.u, end: first.u + rank, u: NO_LORA, bRow: 0 }],
        x: { first: first.start, line: shape.columns, step: 1 },
        w: { first: first.bRow * rank - first.u, line: 1, step: rank },
        count: group.count,
        apart: { x: group.start, w: group.bRow * rank - group.u, columns: group.u },
        factor: shape.scale,
      });
    return;
  }
  const { segments, elements, ranks, constants, params, adaptedColumns } = groupParams(shape);
  const rankColumns = rank / ranks;
  const blocks = variant === 'register' ? 1 : blocksOf(rankColumns);
  const [x, y] =
    variant === 'register'
      ? linearWorkgroups(Math.ceil(rows / BLOCK_TOKENS) * rankColumns, DOWN_LANES)
      : [Math.ceil(rows / TILE_TOKENS), Math.ceil(rankColumns / blocks)];
  // A workgroup of the register variant has all rank columns of some tokens, or some of one token.
  const [dyReads, bReads] =
    variant === 'register'
      ? [Math.ceil(rankColumns / DOWN_LANES), (x * y * Math.min(rankColumns, DOWN_LANES)) / rankColumns]
      : [y, x];
  program.dispatch({
    shader: `lora/down_gradient_${variant}`,
    constants: variant === 'register' ? constants : { ...constants, BLOCKS: blocks, ELEMENTS: elements },
    bind,
    params: {
      ...params,
      ...(variant === 'register' ? { elements, block: BLOCK_TOKENS } : { tile: TILE_VALUES }),
    },
    workgroups: [x, y, segments.length],
    traffic: wordTraffic(dyReads * rows * adaptedColumns + bReads * adaptedColumns * rank, rows * totalRank),
    flops: 2 * rows * rank * adaptedColumns,
  });
}

/**
 * Records gradB [rows of B, rank] += scale * dY^T U for each adapted projection, and gradA [totalRank, inner] += dU^T X;
 * dy is [rows, columns], u and du are [rows, totalRank], x is [rows, inner].
 */
export function loraGradients(
  program: ProgramBuilder,
  shape: LoraGroupShape,
  {
    dy,
    u,
    x,
    du,
    gradB,
    gradA,
  }: {
    dy: BufferSlice;
    u: BufferSlice;
    x: BufferSlice;
    du: BufferSlice;
    gradB: BufferSlice;
    gradA: BufferSlice;
  },
): void {
  const { rows, inner, rank, totalRank } = shape;
  const variant = loraVariant(program.adapterClass, shape);
  if (variant === 'register1') {
    for (const { first, width, ...group } of alike(shape))
      stridedProduct(program, {
        kernel: 'register1',
        bind: { x: dy, w: u, y: gradB },
        rows: width,
        columns: rank,
        inner: rows,
        // Row bRow of the group's B is column bRow * rank of its first row.
        segments: [{ start: first.bRow * rank, end: (first.bRow + 1) * rank, u: NO_LORA, bRow: 0 }],
        x: { first: first.start, line: 1, step: shape.columns },
        w: { first: first.u - first.bRow * rank, line: 1, step: totalRank },
        count: group.count,
        apart: { x: group.start, w: group.u - group.bRow * rank, columns: group.bRow * rank },
        factor: shape.scale,
        adds: ADDS.present,
      });
    stridedProduct(program, {
      kernel: 'register1',
      bind: { x: du, w: x, y: gradA },
      rows: totalRank,
      columns: inner,
      inner: rows,
      segments: [{ start: 0, end: inner, u: NO_LORA, bRow: 0 }],
      x: { line: 1, step: totalRank },
      w: { line: 1, step: inner },
      adds: ADDS.present,
    });
    return;
  }
  const { segments, elements, ranks, constants, params, adaptedColumns } = groupParams(shape);
  const blocks = variant === 'register' ? BLOCK_RANKS : blocksOf(totalRank / ranks);
  const values = variant === 'register' ? LANES : TILE_VALUES;
  const widths = [...segments.map(([start, end]) => end - start), inner / elements];
  /** Words read for columns of Values times a thin matrix: the wide one once per block of ranks, the thin one per tile. */
  const words = (width: number, thin: number) =>
    rows * (width * elements * Math.ceil(thin / ranks / blocks) + thin * Math.ceil(width / values));
  const read =
    segments.reduce((sum, [start, end]) => sum + words(end - start, rank), 0) +
    words(inner / elements, totalRank);
  const parameters = adaptedColumns * rank + totalRank * inner;
  program.dispatch({
    shader: `lora/gradient_${variant}`,
    constants: variant === 'register' ? constants : { ...constants, BLOCKS: blocks, RANKS: ranks },
    bind: { dy, u, x, du, grad_b: gradB, grad_a: gradA },
    params: {
      ...params,
      segments: segments.length,
      inner: inner / elements,
      elements,
      ...(variant === 'register' ? { ranks, halves: BLOCK_RANKS } : { tile: TILE_VALUES }),
    },
    workgroups: [
      Math.ceil(Math.max(...widths) / values),
      Math.ceil(totalRank / ranks / blocks),
      segments.length + 1,
    ],
    traffic: wordTraffic(read + parameters, parameters),
    flops: 2 * rows * parameters,
  });
}
