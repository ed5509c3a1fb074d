/** @file A directory on disk as a byte source. */
import { open, readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { ByteSource } from '../formats/byte_source.ts';
import { InputError } from '../formats/input_error.ts';

/** @throws InputError where `directory` is none */
export async function diskSource(directory: string): Promise<ByteSource> {
  const isDirectory = await stat(directory).then(
    (s) => s.isDirectory(),
    () => false,
  );
  if (!isDirectory)
    throw new InputError(
      directory,
      'is not a directory.',
      'Give a directory with config.json, model.safetensors and tokenizer.json.',
    );
  const size = async (file: string): Promise<number> => {
    const s = await stat(join(directory, file)).catch(() => undefined);
    if (!s?.isFile())
      throw new InputError(
        join(directory, file),
        'does not exist.',
        'Download the model again, with all its files.',
      );
    return s.size;
  };
  return {
    name: directory,
    size,
    async list() {
      const entries = await readdir(directory, { recursive: true, withFileTypes: true });
      return entries.filter((e) => e.isFile()).map((e) => relative(directory, join(e.parentPath, e.name)));
    },
    async read(file, offset = 0, length) {
      const total = await size(file);
      const count = Math.max(0, Math.min(length ?? total - offset, total - offset));
      const handle = await open(join(directory, file));
      try {
        const bytes = new Uint8Array(count);
        await handle.read(bytes, 0, count, offset);
        return bytes;
      } finally {
        await handle.close();
      }
    },
  };
}
