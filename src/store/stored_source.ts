/**
 * @file Stored or picked files as a byte source. They are read in slices: of a checkpoint, no more is in memory than
 * what was asked for last.
 */
import type { ByteSource } from '../formats/byte_source.ts';
import { InputError } from '../formats/input_error.ts';
import type { StoredFile } from './cache_host.ts';

/**
 * @param name shown in messages
 * @param open gives a file anew each time, or null where it is gone
 */
export function storedSource(
  name: string,
  names: readonly string[],
  open: (file: string) => Promise<StoredFile | null>,
): ByteSource {
  const get = async (file: string): Promise<StoredFile> => {
    const stored = await open(file).catch(() => null);
    if (!stored)
      throw new InputError(
        `${name}/${file}`,
        'is not there.',
        'If it was moved or deleted meanwhile, open or download the model again.',
      );
    return stored;
  };
  return {
    name,
    list: async () => [...names],
    size: async (file) => (await get(file)).bytes,
    async read(file, offset = 0, length) {
      const stored = await get(file);
      const end = length === undefined ? stored.bytes : offset + length;
      if (offset < 0 || end < offset || end > stored.bytes)
        throw new InputError(
          `${name}/${file}`,
          `has ${stored.bytes} bytes, but bytes ${offset} to ${end} are asked for.`,
          'The file is damaged: download the model again.',
        );
      const bytes = await stored.read(offset, end - offset).catch(() => null);
      if (bytes?.length !== end - offset)
        throw new InputError(
          `${name}/${file}`,
          'cannot be read: it changed or was moved since it was opened.',
          'Open the model again.',
        );
      return bytes;
    },
  };
}

/** A File or Blob of the browser; nothing of it is copied. */
export function fileOfBlob(blob: Blob, modifiedAt = 0): StoredFile {
  return {
    bytes: blob.size,
    modifiedAt,
    read: async (offset, length) => new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer()),
  };
}
