/** @file A directory in memory that counts what is read from it, and refuses to read beyond a file's end. */
import type { ByteSource } from '../../src/formats/byte_source.ts';
import { InputError } from '../../src/formats/input_error.ts';

export class MemorySource implements ByteSource {
  readonly name = 'directory';
  bytesRead = 0;
  constructor(readonly files: Readonly<Record<string, Uint8Array>>) {}
  async list(): Promise<string[]> {
    return Object.keys(this.files);
  }
  #file(file: string): Uint8Array {
    const bytes = Object.hasOwn(this.files, file) ? this.files[file] : undefined;
    if (!bytes) throw new InputError(file, 'is missing.', 'Add it.');
    return bytes;
  }
  async size(file: string): Promise<number> {
    return this.#file(file).length;
  }
  async read(file: string, offset = 0, length?: number): Promise<Uint8Array> {
    const bytes = this.#file(file).subarray(offset, length === undefined ? undefined : offset + length);
    this.bytesRead += bytes.length;
    return bytes;
  }
}

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
