/** @file Embedding: row ids[r] of the table. The table is frozen, so there is no backward pass. */

/** [ids.length, hidden] for a table [vocabulary, hidden]. */
export function embedding(ids: ArrayLike<number>, table: Float64Array, hidden: number): Float64Array {
  const x = new Float64Array(ids.length * hidden);
  for (let row = 0; row < ids.length; row++)
    for (let i = 0; i < hidden; i++) x[row * hidden + i] = table[ids[row]! * hidden + i]!;
  return x;
}
