/** @file RMSNorm (Zhang & Sennrich 2019), forward and backward for x; the gain is frozen. */
import type { BufferSlice } from '../gpu/ledger.ts';
import type { ProgramBuilder } from '../gpu/program.ts';
import { rowSums } from './row_elements.ts';
import { wordTraffic } from './traffic.ts';

interface RmsNormShape {
  readonly rows: number;
  readonly hidden: number;
  readonly eps: number;
}

/** Records y [rows, hidden] = norm of x[r], or of x[index[r]] where an index [rows] is given. */
export function rmsNorm(
  program: ProgramBuilder,
  {
    rows,
    hidden,
    eps,
    x,
    gain,
    y,
    index,
  }: RmsNormShape & { x: BufferSlice; gain: BufferSlice; y: BufferSlice; index?: BufferSlice },
): void {
  const { constants, elements, workgroups } = rowSums(program.adapterClass, rows, hidden);
  program.dispatch({
    shader: 'rms_norm/forward',
    constants,
    bind: { x, gain, index: index ?? x, y },
    params: { rows, width: hidden / elements, hidden, eps, gathers: index ? 1 : 0 },
    workgroups,
    flops: 4 * rows * hidden,
    traffic: wordTraffic(2 * rows * hidden, rows * hidden),
  });
}

/** Records dx [rows, hidden] += the gradient through the norm of x, for dy [rows, hidden]. */
export function rmsNormBackward(
  program: ProgramBuilder,
  {
    rows,
    hidden,
    eps,
    x,
    gain,
    dy,
    dx,
  }: RmsNormShape & { x: BufferSlice; gain: BufferSlice; dy: BufferSlice; dx: BufferSlice },
): void {
  const { constants, elements, workgroups } = rowSums(program.adapterClass, rows, hidden);
  program.dispatch({
    shader: 'rms_norm/backward',
    constants,
    bind: { x, gain, dy, target_start: x, dx },
    params: { rows, width: hidden / elements, hidden, eps, from_targets: 0, rounds: 2 },
    workgroups,
    flops: 8 * rows * hidden,
    traffic: wordTraffic(4 * rows * hidden, rows * hidden),
  });
}

/**
 * The final norm, which was applied to the rows that predict targets: records dx [rows, hidden] = the gradient through
 * the norm of x for the sum over row t's targets, dy[targetStart[t]] .. dy[targetStart[t + 1] - 1].
 */
export function rmsNormBackwardFromTargets(
  program: ProgramBuilder,
  {
    rows,
    hidden,
    eps,
    x,
    gain,
    dy,
    targetStart,
    dx,
  }: RmsNormShape & {
    x: BufferSlice;
    gain: BufferSlice;
    dy: BufferSlice;
    targetStart: BufferSlice;
    dx: BufferSlice;
  },
): void {
  const { constants, elements, workgroups } = rowSums(program.adapterClass, rows, hidden);
  program.dispatch({
    shader: 'rms_norm/backward',
    constants,
    bind: { x, gain, dy, target_start: targetStart, dx },
    params: { rows, width: hidden / elements, hidden, eps, from_targets: 1, rounds: 2 },
    workgroups,
    flops: 8 * rows * hidden,
    traffic: wordTraffic(3 * rows * hidden, rows * hidden),
  });
}
