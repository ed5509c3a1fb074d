/** @file Embedding: a gather of rows. The table is frozen, so there is no backward pass. */
import type { BufferSlice } from '../gpu/ledger.ts';
import { linearWorkgroups, type ProgramBuilder } from '../gpu/program.ts';

/** Records x [rows, hidden] = table[ids]; table is [vocabulary, hidden]. */
export function embedding(
  program: ProgramBuilder,
  {
    ids,
    table,
    x,
    rows,
    hidden,
  }: { ids: BufferSlice; table: BufferSlice; x: BufferSlice; rows: number; hidden: number },
): void {
  program.dispatch({
    shader: 'embedding/forward',
    bind: { ids, table, x },
    params: { rows, hidden },
    workgroups: linearWorkgroups(rows * hidden, 64),
  });
}
