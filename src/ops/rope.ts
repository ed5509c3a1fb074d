/** @file Rotary position embedding, in place on queries and keys; the backward pass is the inverse rotation. */
import type { BufferSlice } from '../gpu/ledger.ts';
import { linearWorkgroups, type ProgramBuilder } from '../gpu/program.ts';
import { wordTraffic } from './traffic.ts';

/**
 * Records the rotation of the first `heads` heads of x [rows, stride] by the angles of positions [rows];
 * angles is [positions, headDim / 2] pairs (cos, sin). direction -1 is the backward pass.
 */
export function rope(
  program: ProgramBuilder,
  {
    x,
    positions,
    angles,
    rows,
    stride,
    heads,
    headDim,
    direction,
  }: {
    x: BufferSlice;
    positions: BufferSlice;
    angles: BufferSlice;
    rows: number;
    stride: number;
    heads: number;
    headDim: number;
    direction: 1 | -1;
  },
): void {
  // A workgroup rotates 64 pairs of one row, heads of which share their angles.
  const half = headDim / 2;
  const angleWords = Math.ceil((heads * half) / 64) * 2 * Math.min(64, half);
  program.dispatch({
    shader: 'rope/rotate',
    bind: { positions, angles, x },
    params: { rows, stride, heads, head_dim: headDim, direction },
    workgroups: linearWorkgroups((rows * heads * headDim) / 2, 64),
    flops: 3 * rows * heads * headDim,
    traffic: wordTraffic(rows * (heads * headDim + angleWords), rows * heads * headDim),
  });
}
