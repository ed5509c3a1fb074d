/** @file Embedding: a gather of rows. The table is frozen, so there is no backward pass. */
import type { BufferSlice } from '../gpu/ledger.ts';
import { linearWorkgroups, type ProgramBuilder } from '../gpu/program.ts';
import { wordTraffic } from './traffic.ts';
import { formatBytes, shaderFor, type WeightMatrix, weightBindings } from './weight_matrix.ts';

/** Records x [rows, hidden] = table[ids]; table is [vocabulary, hidden]. */
export function embedding(
  program: ProgramBuilder,
  {
    ids,
    table,
    x,
    rows,
    hidden,
  }: { ids: BufferSlice; table: WeightMatrix; x: BufferSlice; rows: number; hidden: number },
): void {
  for (const block of table.blocks) {
    // Which block holds how many of the tokens is not known: each its share of the table.
    const share = block.rows / table.rows;
    const { data, scales } = formatBytes(block.format, share * rows * hidden);
    const { read, written } = wordTraffic(rows, share * rows * hidden);
    program.dispatch({
      shader: shaderFor('embedding/forward', block.format),
      bind: { ids, x, ...weightBindings(block) },
      params: { rows, hidden, first: block.first, table_rows: block.rows },
      workgroups: linearWorkgroups(rows * hidden, 64),
      traffic: { read: read + data + scales, written },
    });
  }
}
