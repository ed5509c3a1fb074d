/** @file What --model names: a directory on disk, else a model of the Hub. */
import { stat } from 'node:fs/promises';
import type { ByteSource } from '../formats/byte_source.ts';
import { looksLikeHubId } from '../store/hub_id.ts';
import { diskSource } from './disk_source.ts';
import { hubSource, parseModelName } from './hub_source.ts';

/**
 * What exists on disk wins over a model of the same name on the Hub.
 * @throws InputError where `model` is neither, or cannot be downloaded
 */
export async function modelSource(model: string, progress: (line: string) => void): Promise<ByteSource> {
  const isOnDisk = await stat(model).then(
    () => true,
    () => false,
  );
  if (isOnDisk || !looksLikeHubId(parseModelName(model).name)) return diskSource(model);
  return hubSource(model, { progress });
}
