/**
 * @file Products with frozen weights: Y = X W^T (forward) and dX = dY W (backward), each with LoRA's rank-r product
 * in the same dispatch, in the variants of matmul_variants.ts. A weight that lies in several blocks of rows takes a
 * dispatch for each, and so does each piece of a product that is too large for one (pieces.ts): no value depends on where
 * it is cut.
 */
import type { BufferSlice } from '../gpu/ledger.ts';
import { linearWorkgroups, type ProgramBuilder } from '../gpu/program.ts';
import {
  type MatmulNNVariant,
  type MatmulVariant,
  matmulNNVariant,
  matmulNTVariant,
  nnTile,
  ntTile,
  type Tile,
} from './matmul_variants.ts';
import { pieces } from './pieces.ts';
import { ADDS, NO_LORA, REGISTER_BLOCK, type Segment, stridedProduct } from './strided_product.ts';
import { productTraffic, wordTraffic } from './traffic.ts';
import {
  isF32,
  type RowSpan,
  rowSpans,
  shaderFor,
  type WeightMatrix,
  weightBindings,
} from './weight_matrix.ts';

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
  /**
   * What is stored is not the product, logits of the tokens from firstToken on, but the gradient of the loss,
   * c (onehot - softmax): targets [rows, 4] is (log-sum-exp, id of the target token as f32, unused, unused), coefficient
   * [rows] is c = dL / dlogprob. Neither residual nor lora may be given.
   */
  readonly gradient?: {
    readonly targets: BufferSlice;
    readonly coefficient: BufferSlice;
    readonly firstToken: number;
  };
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

const NO_SEGMENT: Segment = { start: 0, end: 0, u: NO_LORA, bRow: 0 };

/** The part of a segment that lies in columns [start, end). */
function clip(segment: Segment, start: number, end: number): Segment {
  const from = Math.min(Math.max(segment.start, start), end);
  const to = Math.max(from, Math.min(segment.end, end));
  return { ...segment, start: from, end: to, bRow: segment.bRow + from - segment.start };
}

/** Records Y = X W^T (+ scale U B^T) (+ residual). */
export function matmulNT(program: ProgramBuilder, m: MatmulNT): void {
  const segments = m.lora?.segments ?? [{ ...NO_SEGMENT, end: m.columns }];
  if (segments.length > 3) throw new Error(`matmulNT takes up to three segments, not ${segments.length}.`);
  const first = m.wFirst ?? 0;
  const spans = rowSpans(m.w, first, m.columns);
  const bounds = [...segments.flatMap((s) => [s.start, s.end]), ...spans.map((span) => span.first - first)];
  const variant = m.variant ?? matmulNTVariant(program, { ...m, bounds, f32: isF32(m.w) });
  const tile = ntTile(variant, m.rows, m.columns);
  for (const span of spans)
    for (const piece of pieces(program, span.rows, 2 * m.rows * m.inner, tile.columns)) {
      const start = span.first - first + piece.first;
      const clipped = segments.map((s) => clip(s, start, start + piece.count));
      const within = clipped.filter((s) => s.end > s.start);
      matmulNTSpan(program, m, span, within, variant, tile);
    }
}

function matmulNTSpan(
  program: ProgramBuilder,
  m: MatmulNT,
  { block }: RowSpan,
  segments: readonly Segment[],
  variant: MatmulVariant,
  tile: Tile,
): void {
  const segment = (i: number): readonly [number, number, number, number] => {
    const s = segments[i] ?? NO_SEGMENT;
    return [s.start, s.end, s.u, s.bRow];
  };
  const columns = segments.reduce((sum, s) => sum + s.end - s.start, 0);
  const withLora = segments.filter((s) => s.u !== NO_LORA);
  const adaptedColumns = withLora.reduce((sum, s) => sum + s.end - s.start, 0);
  const tilesOf = (parts: readonly Segment[]) =>
    parts.reduce((sum, s) => sum + Math.ceil((s.end - s.start) / tile.columns), 0);
  const tiles = [
    tile.bySegment ? tilesOf(segments) : Math.ceil(columns / tile.columns),
    Math.ceil(m.rows / tile.rows),
  ] as const;
  const bind = {
    x: m.x,
    residual: m.gradient?.targets ?? m.residual ?? m.x,
    u: m.lora?.u ?? m.x,
    b: m.gradient?.coefficient ?? m.lora?.b ?? m.x,
    y: m.y,
  };
  const adds = m.gradient ? ADDS.gradient : m.residual ? ADDS.residual : ADDS.nothing;
  const token = m.gradient?.firstToken ?? 0;
  const row = (m.wFirst ?? 0) - block.first;
  const traffic = productTraffic(
    block.format,
    { rows: m.rows, columns, inner: m.inner, rank: m.lora?.rank ?? 0 },
    tiles,
    { tiles: tilesOf(withLora), columns: adaptedColumns },
    m.gradient ? 3 * m.rows * tiles[0] : m.residual ? m.rows * columns : 0,
  );
  const flops =
    2 * m.rows * (columns * m.inner + adaptedColumns * (m.lora?.rank ?? 0)) +
    (m.gradient ? 3 * m.rows * columns : 0);
  if (variant === 'register1' || variant === 'register16') {
    const { lora } = m;
    stridedProduct(program, {
      kernel: variant,
      bind: { ...bind, ...weightBindings(block) },
      format: block.format,
      rows: m.rows,
      columns: m.columns,
      inner: m.inner,
      segments,
      x: { line: m.inner, step: 1 },
      w: { first: row * m.inner, line: m.inner, step: 1 },
      ...(lora ? { lora: { ...lora, line: lora.rank, step: 1 } } : {}),
      adds,
      token,
      traffic,
      flops,
    });
    return;
  }
  program.dispatch({
    shader: shaderFor(tile.shader, block.format),
    constants: tile.constants,
    bind: { ...bind, ...weightBindings(block) },
    params: {
      rows: m.rows,
      columns: m.columns,
      inner: m.inner,
      rank: m.lora?.rank ?? 0,
      u_stride: m.lora?.uStride ?? 0,
      scale: m.lora?.scale ?? 0,
      adds,
      token,
      w_row: row,
      block: REGISTER_BLOCK,
      segment0: segment(0),
      segment1: segment(1),
      segment2: segment(2),
    },
    workgroups: tiles,
    traffic,
    flops,
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
  readonly variant?: MatmulNNVariant;
}

/** Records dX = dY W (+ dU A), or adds it to dX. */
export function matmulNN(program: ProgramBuilder, m: MatmulNN): void {
  const first = m.wFirst ?? 0;
  const bounds = rowSpans(m.w, first, m.inner).map((span) => span.first - first);
  const variant = m.variant ?? matmulNNVariant(program, { ...m, bounds, f32: isF32(m.w) });
  const tile = nnTile(variant);
  for (const { first, count } of pieces(program, m.rows, 2 * m.columns * m.inner, tile.rows)) {
    const rowsOf = (matrix: BufferSlice, width: number): BufferSlice => ({
      buffer: matrix.buffer,
      offset: matrix.offset + 4 * first * width,
      size: matrix.size - 4 * first * width,
    });
    const rows: MatmulNN = {
      ...m,
      rows: count,
      dy: rowsOf(m.dy, m.inner),
      dx: rowsOf(m.dx, m.columns),
      ...(m.lora ? { lora: { ...m.lora, du: rowsOf(m.lora.du, m.lora.rank) } } : {}),
    };
    matmulNNRows(program, rows, variant, tile);
  }
}

function matmulNNRows(program: ProgramBuilder, m: MatmulNN, variant: MatmulNNVariant, tile: Tile): void {
  const first = m.wFirst ?? 0;
  const tiles = [Math.ceil(m.columns / tile.columns), Math.ceil(m.rows / tile.rows)] as const;
  rowSpans(m.w, first, m.inner).forEach(({ block, first: spanFirst, rows: inner }, i) => {
    // The adapter's part is added once, with the first block.
    const lora = i === 0 ? m.lora : undefined;
    const accumulate = m.accumulate || i > 0;
    const traffic = productTraffic(
      block.format,
      { rows: m.rows, columns: m.columns, inner, rank: lora?.rank ?? 0 },
      tiles,
      { tiles: tiles[0], columns: m.columns },
      accumulate ? m.rows * m.columns : 0,
    );
    const flops = 2 * m.rows * m.columns * (inner + (lora?.rank ?? 0));
    if (variant === 'register1' || variant === 'register16') {
      const down = { line: 1, step: m.columns };
      stridedProduct(program, {
        kernel: variant,
        bind: { x: m.dy, y: m.dx, ...weightBindings(block), ...(lora ? { u: lora.du, b: lora.a } : {}) },
        format: block.format,
        rows: m.rows,
        columns: m.columns,
        inner,
        segments: [{ start: 0, end: m.columns, u: lora ? 0 : NO_LORA, bRow: 0 }],
        x: { first: spanFirst - first, line: m.inner, step: 1 },
        w: { first: (spanFirst - block.first) * m.columns, ...down },
        ...(lora ? { lora: { ...down, rank: lora.rank, uStride: lora.rank, scale: 1 } } : {}),
        adds: accumulate ? ADDS.present : ADDS.nothing,
        traffic,
        flops,
      });
      return;
    }
    program.dispatch({
      shader: shaderFor(tile.shader, block.format),
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
        accumulate: accumulate ? 1 : 0,
        ...(variant === 'register' ? { row_lanes: m.rows >= m.columns ? 1 : 0, block: REGISTER_BLOCK } : {}),
        w_row: spanFirst - block.first,
        dy_stride: m.inner,
        dy_column: spanFirst - first,
      },
      workgroups: tiles,
      traffic,
      flops,
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
