/** @file Global memory that dispatches ask for, counted in the words they read and write; see `Traffic`. */
import type { Traffic } from '../gpu/program.ts';
import { formatBytes, type WeightFormat } from './weight_matrix.ts';

/** @param read and written: f32s or u32s, of four bytes each */
export function wordTraffic(read: number, written: number): Traffic {
  return { read: 4 * read, written: 4 * written };
}

/**
 * Of a product in tiles of workgroups: the left factor is read once per tile of columns, the right one once per tile of
 * rows; so are U (or dU) and B (or A), which have `rank` columns or rows, for the tiles and columns of `adapted` alone.
 * @param besides words that are read to be added to outputs, or to work on them
 */
export function productTraffic(
  format: WeightFormat,
  { rows, columns, inner, rank }: { rows: number; columns: number; inner: number; rank: number },
  [tileColumns, tileRows]: readonly [number, number],
  adapted: { readonly tiles: number; readonly columns: number },
  besides: number,
): Traffic {
  const weights = formatBytes(format, columns * inner);
  const lora = rank * (rows * adapted.tiles + adapted.columns * tileRows);
  const { read, written } = wordTraffic(rows * inner * tileColumns + lora + besides, rows * columns);
  return { read: read + (weights.data + weights.scales) * tileRows, written };
}
