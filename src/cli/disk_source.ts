/** @file A directory on disk, or a single GGUF file, as a byte source. */
import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import type { ByteSource } from '../formats/byte_source.ts';
import { InputError } from '../formats/input_error.ts';

/**
 * @param path a directory, or a *.gguf file, which is then all there is
 * @throws InputError where `path` is neither
 */
export async function diskSource(path: string): Promise<ByteSource> {
  const found = await stat(path).catch(() => undefined);
  const isGguf = found?.isFile() === true && /\.gguf$/i.test(path);
  if (!isGguf && found?.isDirectory() !== true)
    throw new InputError(
      path,
      'is not a directory.',
      'Give a directory with config.json, model.safetensors and tokenizer.json, or a GGUF file.',
    );
  const directory = isGguf ? dirname(path) : path;
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
      if (isGguf) return [basename(path)];
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
