/**
 * @file LoRA's backward pass (Hu et al. 2021): with U = X A^T and Y += s U B^T,
 * dU = s dY B, dB += s dY^T U, dA += dU^T X. The products with U and dU ride along in ops/matmul.ts.
 */
import type { BufferSlice } from '../gpu/ledger.ts';
import { linearWorkgroups, type ProgramBuilder, type Traffic } from '../gpu/program.ts';
import { NO_LORA, type Segment } from './matmul.ts';
import { wordTraffic } from './traffic.ts';

/** Projections that share X, with all their adapters side by side. */
export interface LoraGroupShape {
  readonly rows: number;
  /** Rank of one projection. */
  readonly rank: number;
  /** Ranks of all adapted projections together: the width of U. */
  readonly totalRank: number;
  readonly scale: number;
  readonly segments: readonly Segment[];
}

function adapted(segments: readonly Segment[]): Segment[] {
  return segments.filter((s) => s.u !== NO_LORA);
}

/** Columns of all segments together. */
function width(segments: readonly Segment[]): number {
  return segments.reduce((sum, s) => sum + s.end - s.start, 0);
}

type Vec4 = readonly [number, number, number, number];

function segmentParams(parts: readonly Vec4[]): Record<'segment0' | 'segment1' | 'segment2', Vec4> {
  const none: Vec4 = [0, 0, 0, 0];
  return { segment0: parts[0] ?? none, segment1: parts[1] ?? none, segment2: parts[2] ?? none };
}

/** Of dU: a workgroup makes four rank columns in each of 32 invocations, those of one token side by side. */
function downTraffic({ rows, rank, totalRank }: LoraGroupShape, columns: number): Traffic {
  const blocks = Math.ceil(rank / 4);
  const dy = rows * columns * Math.ceil(blocks / 32);
  const b = columns * Math.min(rank, 128) * Math.ceil((rows * blocks) / 32);
  return wordTraffic(dy + b, rows * totalRank);
}

/** Of G [a, b] += P^T Q: a workgroup makes 4 x 4 in each of 32 invocations, those of one row of blocks side by side. */
function gradientTraffic(rows: number, a: number, b: number): Traffic {
  const [down, across] = [Math.ceil(a / 4), Math.ceil(b / 4)];
  const p = a * Math.ceil(across / 32);
  const q = b * Math.ceil(down / Math.max(1, Math.floor(32 / across)));
  return wordTraffic(rows * (p + q) + a * b, a * b);
}

/** Records du [rows, totalRank] = scale * dY B for each adapted projection; dy is [rows, dyStride]. */
export function loraDownGradient(
  program: ProgramBuilder,
  shape: LoraGroupShape,
  { dy, dyStride, b, du }: { dy: BufferSlice; dyStride: number; b: BufferSlice; du: BufferSlice },
): void {
  const segments = adapted(shape.segments);
  const [x, y] = linearWorkgroups(shape.rows * Math.ceil(shape.rank / 4), 32);
  program.dispatch({
    shader: 'lora/down_gradient',
    bind: { dy, b, du },
    params: {
      rows: shape.rows,
      dy_stride: dyStride,
      rank: shape.rank,
      u_stride: shape.totalRank,
      scale: shape.scale,
      ...segmentParams(segments.map((s): Vec4 => [s.start, s.end, s.u, s.bRow])),
    },
    workgroups: [x, y, segments.length],
    traffic: downTraffic(shape, width(segments)),
    flops: segments.reduce((sum, s) => sum + 2 * shape.rows * shape.rank * (s.end - s.start), 0),
  });
}

/** Records gradB [rows of B, rank] += scale * dY^T U for each adapted projection; u is [rows, totalRank]. */
export function loraGradientB(
  program: ProgramBuilder,
  shape: LoraGroupShape,
  { dy, dyStride, u, gradB }: { dy: BufferSlice; dyStride: number; u: BufferSlice; gradB: BufferSlice },
): void {
  const segments = adapted(shape.segments);
  const widest = Math.max(...segments.map((s) => s.end - s.start));
  program.dispatch({
    shader: 'lora/gradient',
    bind: { p: dy, q: u, gradient: gradB },
    params: {
      rows: shape.rows,
      p_stride: dyStride,
      q_stride: shape.totalRank,
      columns: shape.rank,
      scale: shape.scale,
      ...segmentParams(segments.map((s): Vec4 => [s.start, s.end - s.start, s.u, s.bRow])),
    },
    workgroups: [Math.ceil((Math.ceil(widest / 4) * Math.ceil(shape.rank / 4)) / 32), 1, segments.length],
    traffic: gradientTraffic(shape.rows, width(segments), shape.rank),
    flops: segments.reduce((sum, s) => sum + 2 * shape.rows * shape.rank * (s.end - s.start), 0),
  });
}

/** Records gradA [totalRank, inner] += dU^T X; x is [rows, inner]. */
export function loraGradientA(
  program: ProgramBuilder,
  shape: LoraGroupShape,
  { du, x, inner, gradA }: { du: BufferSlice; x: BufferSlice; inner: number; gradA: BufferSlice },
): void {
  program.dispatch({
    shader: 'lora/gradient',
    bind: { p: du, q: x, gradient: gradA },
    params: {
      rows: shape.rows,
      p_stride: shape.totalRank,
      q_stride: inner,
      columns: inner,
      scale: 1,
      ...segmentParams([[0, shape.totalRank, 0, 0]]),
    },
    workgroups: [Math.ceil((Math.ceil(shape.totalRank / 4) * Math.ceil(inner / 4)) / 32)],
    flops: 2 * shape.rows * shape.totalRank * inner,
    traffic: gradientTraffic(shape.rows, shape.totalRank, inner),
  });
}
