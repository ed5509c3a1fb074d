/** @file What --data names, as files in memory. */
import { createHash } from 'node:crypto';
import { readInput } from './open_model.ts';

/** @throws InputError where it cannot be read */
export async function dataFiles(place: string): Promise<File[]> {
  return [new File([new Uint8Array(await readInput(place))], place)];
}

/** SHA-256 of the bytes of all files, one after the other, in hexadecimal. */
export async function filesSha256(files: readonly File[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) hash.update(new Uint8Array(await file.arrayBuffer()));
  return hash.digest('hex');
}
