/** @file A zip of a directory, for the page's download. The same files give the same bytes. */
import { type Zippable, zipSync } from 'fflate';

/** The first date that a zip can hold: a clock in the archive would make two equal adapters differ. */
const EPOCH = new Date(1980, 0, 1);

/**
 * @param files contents by name, written in order of name
 * @param folder that the files are put into, for a tidy download
 */
export function zipFiles(files: ReadonlyMap<string, Uint8Array>, folder: string): Uint8Array<ArrayBuffer> {
  const entries: Zippable = {};
  // os 3 is Unix: fflate writes the same whatever host it runs on.
  for (const [name, bytes] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    entries[`${folder}/${name}`] = [bytes, { mtime: EPOCH, os: 3, attrs: 0o644 << 16 }];
  return zipSync(entries, { level: 6 });
}
