/** @file Cuts the rows or columns of a product into pieces that one dispatch may take without holding the GPU for long. */
import type { ProgramBuilder } from '../gpu/program.ts';

/** Pieces begin at multiples of so many: rows of 64 f32 also are multiples of any binding offset's alignment. */
const LEAST = 64;

export interface Piece {
  readonly first: number;
  readonly count: number;
}

/**
 * Pieces of about equal size of `total` rows or columns that make `flopsEach` operations each.
 * @param tile rows or columns that a workgroup makes: a divisor or a multiple of 64, of both of which pieces are multiples
 */
export function pieces(
  { dispatchFlops }: ProgramBuilder,
  total: number,
  flopsEach: number,
  tile: number,
): Piece[] {
  const unit = Math.max(LEAST, tile);
  const units = Math.ceil(total / unit);
  const most = Math.max(1, Math.floor(dispatchFlops / (flopsEach * unit)));
  const step = unit * Math.ceil(units / Math.ceil(units / most));
  const list: Piece[] = [];
  for (let first = 0; first < total; first += step)
    list.push({ first, count: Math.min(step, total - first) });
  return list;
}
