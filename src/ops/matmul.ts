/**
 * @file Products with frozen weights: Y = X W^T (forward) and dX = dY W (backward), each with LoRA's rank-r product
 * in the same dispatch. Shared-memory tiles are for GPUs, register blocks for software adapters, which for a few rows
 * have a thin variant of the forward product. A weight that lies in several blocks of rows takes a dispatch for each, and so
 * does each piece of a product that is too large for one (pieces.ts): no value depends on where it is cut.
 */
import type { AdapterClass } from '../gpu/gpu.ts';
import type { BufferSlice } from '../gpu/ledger.ts';
import { linearWorkgroups, type ProgramBuilder, type Traffic } from '../gpu/program.ts';
import { pieces } from './pieces.ts';
import { wordTraffic } from './traffic.ts';
import {
  formatBytes,
  type RowSpan,
  rowSpans,
  shaderFor,
  type WeightFormat,
  type WeightMatrix,
  weightBindings,
} from './weight_matrix.ts';

export type MatmulVariant = 'register' | 'tiled' | 'thin';

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

export interface MatmulNT {
  /** [rows, inner] */
  readonly x: BufferSlice;
  /** [columns, inner], as PyTorch stores the weight of a Linear; or a taller matrix, of which rows wFirst on are used */
  readonly w: WeightMatrix;
  readonly wFirst?: number;
  /** [rows, columns]; written */
  readonly y: BufferSlice;
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  /** [rows, columns]; added */
  readonly residual?: BufferSlice;
  /** scale * U B^T is added: U is [rows, uStride], B is [rows of all adapted segments, rank]. */
  readonly lora?: {
    readonly u: BufferSlice;
    readonly b: BufferSlice;
    readonly rank: number;
    readonly uStride: number;
    readonly scale: number;
    /** Up to three, covering all columns in order. */
    readonly segments: readonly Segment[];
  };
  readonly variant?: MatmulVariant;
}

/** The thin variant takes up to so many rows at once; beyond, register blocks read each weight less often. */
const THIN_ROWS = 4;

/**
 * The fixed table: which variant runs, by adapter class and shape. Register blocks read and write vec4s, so that K and
 * the bounds of all segments must be multiples of four; the thin variant reads vec4s along K alone.
 */
export function matmulNTVariant(
  adapterClass: AdapterClass,
  rows: number,
  inner: number,
  bounds: readonly number[],
): MatmulVariant {
  if (adapterClass !== 'software' || inner % 4 !== 0) return 'tiled';
  if (rows <= THIN_ROWS) return 'thin';
  return bounds.every((n) => n % 4 === 0) ? 'register' : 'tiled';
}

export function matmulNNVariant(adapterClass: AdapterClass, columns: number): 'register' | 'tiled' {
  return adapterClass === 'software' && columns % 4 === 0 ? 'register' : 'tiled';
}

/** Rows and columns of a workgroup's tile. */
const TILE = 64;
/** Rows of a tile of the register variant of Y = X W^T. */
const REGISTER_ROWS = 32;
const NO_SEGMENT: Segment = { start: 0, end: 0, u: NO_LORA, bRow: 0 };

/** The part of a segment that lies in columns [start, end). */
function clip(segment: Segment, start: number, end: number): Segment {
  const from = Math.min(Math.max(segment.start, start), end);
  const to = Math.max(from, Math.min(segment.end, end));
  return { ...segment, start: from, end: to, bRow: segment.bRow + from - segment.start };
}

/**
 * Of a product in tiles of workgroups: the left factor (with U or dU: `inner` and `rank` columns) is read once per tile
 * of columns, the right one (with B or A) once per tile of rows; `added` is 1 where outputs are added to something.
 */
function productTraffic(
  format: WeightFormat,
  { rows, columns, inner, rank }: { rows: number; columns: number; inner: number; rank: number },
  tiles: { rows: number; columns: number },
  added: 0 | 1,
): Traffic {
  const weights = formatBytes(format, columns * inner);
  const words = rows * (inner + rank) * tiles.columns + columns * rank * tiles.rows + added * rows * columns;
  const { read, written } = wordTraffic(words, rows * columns);
  return { read: read + (weights.data + weights.scales) * tiles.rows, written };
}

/** Records Y = X W^T (+ scale U B^T) (+ residual). */
export function matmulNT(program: ProgramBuilder, m: MatmulNT): void {
  const segments = m.lora?.segments ?? [{ ...NO_SEGMENT, end: m.columns }];
  if (segments.length > 3) throw new Error(`matmulNT takes up to three segments, not ${segments.length}.`);
  const first = m.wFirst ?? 0;
  for (const span of rowSpans(m.w, first, m.columns))
    for (const piece of pieces(program, span.rows, 2 * m.rows * m.inner)) {
      const start = span.first - first + piece.first;
      const clipped = segments.map((s) => clip(s, start, start + piece.count));
      matmulNTSpan(
        program,
        m,
        span,
        clipped.filter((s) => s.end > s.start),
      );
    }
}

function matmulNTSpan(
  program: ProgramBuilder,
  m: MatmulNT,
  { block }: RowSpan,
  segments: readonly Segment[],
): void {
  const bounds = [m.columns, ...segments.flatMap((s) => [s.start, s.end])];
  const variant = m.variant ?? matmulNTVariant(program.adapterClass, m.rows, m.inner, bounds);
  const segment = (i: number): readonly [number, number, number, number] => {
    const s = segments[i] ?? NO_SEGMENT;
    return [s.start, s.end, s.u, s.bRow];
  };
  const columns = segments.reduce((sum, s) => sum + s.end - s.start, 0);
  const adaptedColumns = segments.reduce((sum, s) => sum + (s.u === NO_LORA ? 0 : s.end - s.start), 0);
  const tiles = segments.reduce((sum, s) => sum + Math.ceil((s.end - s.start) / TILE), 0);
  const [tileColumns, tileRows] =
    variant === 'thin'
      ? [Math.ceil(columns / 32), Math.ceil(m.rows / THIN_ROWS)]
      : [tiles, Math.ceil(m.rows / (variant === 'register' ? REGISTER_ROWS : TILE))];
  program.dispatch({
    shader: shaderFor(`matmul/nt_${variant}`, block.format),
    ...(variant === 'thin' ? { constants: { SINGLE: m.rows === 1 } } : {}),
    bind: {
      x: m.x,
      residual: m.residual ?? m.x,
      u: m.lora?.u ?? m.x,
      b: m.lora?.b ?? m.x,
      y: m.y,
      ...weightBindings(block),
    },
    params: {
      rows: m.rows,
      columns: m.columns,
      inner: m.inner,
      rank: m.lora?.rank ?? 0,
      u_stride: m.lora?.uStride ?? 0,
      scale: m.lora?.scale ?? 0,
      has_residual: m.residual ? 1 : 0,
      w_row: (m.wFirst ?? 0) - block.first,
      segment0: segment(0),
      segment1: segment(1),
      segment2: segment(2),
    },
    workgroups: [tileColumns, tileRows],
    traffic: productTraffic(
      block.format,
      // Of columns without an adapter neither U nor B is read.
      { rows: m.rows, columns, inner: m.inner, rank: ((m.lora?.rank ?? 0) * adaptedColumns) / columns },
      { rows: tileRows, columns: tileColumns },
      m.residual ? 1 : 0,
    ),
    flops: 2 * m.rows * (columns * m.inner + adaptedColumns * (m.lora?.rank ?? 0)),
  });
}

export interface MatmulNN {
  /** [rows, inner] */
  readonly dy: BufferSlice;
  /** [inner, columns]; or a taller matrix, of which rows wFirst on are used */
  readonly w: WeightMatrix;
  readonly wFirst?: number;
  /** [rows, columns]; written, or added to */
  readonly dx: BufferSlice;
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  /** dU A is added: dU is [rows, rank], A is [rank, columns], rank that of all projections of the group together. */
  readonly lora?: { readonly du: BufferSlice; readonly a: BufferSlice; readonly rank: number };
  readonly accumulate?: boolean;
  readonly variant?: 'register' | 'tiled';
}

/** Records dX = dY W (+ dU A), or adds it to dX. */
export function matmulNN(program: ProgramBuilder, m: MatmulNN): void {
  for (const { first, count } of pieces(program, m.rows, 2 * m.columns * m.inner)) {
    const rowsOf = (matrix: BufferSlice, width: number): BufferSlice => ({
      buffer: matrix.buffer,
      offset: matrix.offset + 4 * first * width,
      size: matrix.size - 4 * first * width,
    });
    matmulNNRows(program, {
      ...m,
      rows: count,
      dy: rowsOf(m.dy, m.inner),
      dx: rowsOf(m.dx, m.columns),
      ...(m.lora ? { lora: { ...m.lora, du: rowsOf(m.lora.du, m.lora.rank) } } : {}),
    });
  }
}

function matmulNNRows(program: ProgramBuilder, m: MatmulNN): void {
  const variant = m.variant ?? matmulNNVariant(program.adapterClass, m.columns);
  const first = m.wFirst ?? 0;
  const [tileColumns, tileRows] = [Math.ceil(m.columns / TILE), Math.ceil(m.rows / TILE)];
  rowSpans(m.w, first, m.inner).forEach(({ block, first: spanFirst, rows: inner }, i) => {
    // The adapter's part is added once, with the first block.
    const lora = i === 0 ? m.lora : undefined;
    program.dispatch({
      shader: shaderFor(`matmul/nn_${variant}`, block.format),
      bind: {
        dy: m.dy,
        du: lora?.du ?? m.dy,
        a: lora?.a ?? m.dy,
        dx: m.dx,
        ...weightBindings(block),
      },
      params: {
        rows: m.rows,
        columns: m.columns,
        inner,
        rank: lora?.rank ?? 0,
        accumulate: m.accumulate || i > 0 ? 1 : 0,
        ...(variant === 'register' ? { row_lanes: m.rows >= m.columns ? 1 : 0 } : {}),
        w_row: spanFirst - block.first,
        dy_stride: m.inner,
        dy_column: spanFirst - first,
      },
      workgroups: [tileColumns, tileRows],
      traffic: productTraffic(
        block.format,
        { rows: m.rows, columns: m.columns, inner, rank: lora?.rank ?? 0 },
        { rows: tileRows, columns: tileColumns },
        m.accumulate || i > 0 ? 1 : 0,
      ),
      flops: 2 * m.rows * m.columns * (inner + (lora?.rank ?? 0)),
    });
  });
}

/** Records y [rows, columns] += bias [columns]. A frozen bias has no gradient, and none of x depends on it. */
export function addBias(
  program: ProgramBuilder,
  { y, bias, rows, columns }: { y: BufferSlice; bias: BufferSlice; rows: number; columns: number },
): void {
  program.dispatch({
    shader: 'matmul/add_bias',
    bind: { bias, y },
    params: { rows, columns },
    workgroups: linearWorkgroups(rows * columns, 64),
    flops: rows * columns,
    traffic: wordTraffic(2 * rows * columns, rows * columns),
  });
}
