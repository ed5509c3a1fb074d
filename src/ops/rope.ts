/** @file Rotary position embedding, in place on queries and keys; the backward pass is the inverse rotation. */
import type { BufferSlice } from '../gpu/ledger.ts';
import type { ProgramBuilder } from '../gpu/program.ts';
import { rowElements, rowWorkgroups } from './row_elements.ts';
import { wordTraffic } from './traffic.ts';

/**
 * Records the rotation of the first `heads` heads of x [rows, stride] by the angles of positions [rows];
 * angles is [positions, headDim] = [cosines | sines], half a head of each. direction -1 is the backward pass.
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
  const half = headDim / 2;
  const { constants, elements } = rowElements(half);
  const pairs = (heads * half) / elements;
  // A workgroup rotates 64 Values of pairs of a row, heads of which share their angles.
  const angleWords = Math.ceil(pairs / 64) * 2 * Math.min(64 * elements, half);
  // On software adapters an invocation goes over rows, so that its division counts for less.
  const rowsEach = program.adapterClass === 'gpu' ? 1 : 8;
  program.dispatch({
    shader: 'rope/rotate',
    constants,
    bind: { positions, angles, x },
    params: { rows, stride: stride / elements, heads, half_dim: half / elements, direction, halves: 2 },
    workgroups: rowWorkgroups(rows, pairs, rowsEach),
    flops: 3 * rows * heads * headDim,
    traffic: wordTraffic(rows * (heads * headDim + angleWords), rows * heads * headDim),
  });
}
