/** @file Cuts the rows or columns of a product into pieces that one dispatch may take without holding the GPU for long. */
import type { ProgramBuilder } from '../gpu/program.ts';

/** Pieces begin at multiples of a tile, whose rows of 64 f32 also are multiples of any binding offset's alignment. */
const TILE = 64;

export interface Piece {
  readonly first: number;
  readonly count: number;
}

/** Pieces of about equal size of `total` rows or columns that make `flopsEach` operations each; one tile at least. */
export function pieces({ dispatchFlops }: ProgramBuilder, total: number, flopsEach: number): Piece[] {
  const tiles = Math.ceil(total / TILE);
  const most = Math.max(1, Math.floor(dispatchFlops / (flopsEach * TILE)));
  const step = TILE * Math.ceil(tiles / Math.ceil(tiles / most));
  const list: Piece[] = [];
  for (let first = 0; first < total; first += step)
    list.push({ first, count: Math.min(step, total - first) });
  return list;
}
