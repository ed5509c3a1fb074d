/** @file SwiGLU's elementwise part (Shazeer 2020, eq. 6), forward and backward. gateUp is [rows, 2 width] = [gate | up]. */
import type { BufferSlice } from '../gpu/ledger.ts';
import type { ProgramBuilder } from '../gpu/program.ts';
import { rowElements, rowWorkgroups } from './row_elements.ts';
import { wordTraffic } from './traffic.ts';

/** Records act [rows, width] = silu(gate) * up. */
export function swiglu(
  program: ProgramBuilder,
  { rows, width, gateUp, act }: { rows: number; width: number; gateUp: BufferSlice; act: BufferSlice },
): void {
  const { constants, elements } = rowElements(width);
  program.dispatch({
    shader: 'swiglu/swiglu',
    constants,
    bind: { gate_up: gateUp, dact: gateUp, result: act },
    params: { rows, width: width / elements, backward: 0 },
    workgroups: rowWorkgroups(rows, width / elements),
    flops: 5 * rows * width,
    traffic: wordTraffic(2 * rows * width, rows * width),
  });
}

/** Records dgateUp [rows, 2 width] from dact [rows, width]. */
export function swigluBackward(
  program: ProgramBuilder,
  {
    rows,
    width,
    gateUp,
    dact,
    dgateUp,
  }: { rows: number; width: number; gateUp: BufferSlice; dact: BufferSlice; dgateUp: BufferSlice },
): void {
  const { constants, elements } = rowElements(width);
  program.dispatch({
    shader: 'swiglu/swiglu',
    constants,
    bind: { gate_up: gateUp, dact, result: dgateUp },
    params: { rows, width: width / elements, backward: 1 },
    workgroups: rowWorkgroups(rows, width / elements),
    flops: 10 * rows * width,
    traffic: wordTraffic(3 * rows * width, 2 * rows * width),
  });
}
