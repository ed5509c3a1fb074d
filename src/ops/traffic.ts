/** @file Global memory that dispatches ask for, counted in the words they read and write; see `Traffic`. */
import type { Traffic } from '../gpu/program.ts';

/** @param read and written: f32s or u32s, of four bytes each */
export function wordTraffic(read: number, written: number): Traffic {
  return { read: 4 * read, written: 4 * written };
}
