/** @file A directory of files on this page's own server, as the engine reads it. */
import type { ByteSource } from '../formats/byte_source.ts';
import { InputError } from '../formats/input_error.ts';

/**
 * Files under `base` (an absolute URL that ends in a slash). A web server lists no directories, so the names that may
 * be there are given; each file is fetched once, whole, and kept: the bundled model is 5 MB at most.
 */
export class FetchByteSource implements ByteSource {
  readonly #files = new Map<string, Promise<Uint8Array>>();

  constructor(
    readonly name: string,
    private readonly base: string,
    private readonly names: readonly string[],
  ) {}

  async list(): Promise<string[]> {
    return [...this.names];
  }

  async size(file: string): Promise<number> {
    return (await this.#load(file)).length;
  }

  async read(file: string, offset = 0, length?: number): Promise<Uint8Array> {
    const bytes = await this.#load(file);
    const end = length === undefined ? bytes.length : offset + length;
    if (offset < 0 || end > bytes.length)
      throw new InputError(
        `${this.name}/${file}`,
        `It has ${bytes.length} bytes, but bytes ${offset} to ${end} are asked for.`,
        'The file is damaged: reload the page, or build it anew.',
      );
    return bytes.subarray(offset, end);
  }

  #load(file: string): Promise<Uint8Array> {
    let bytes = this.#files.get(file);
    if (!bytes) {
      bytes = this.#fetch(file);
      this.#files.set(file, bytes);
      // A failed load must not stick: the next run tries again.
      bytes.catch(() => this.#files.delete(file));
    }
    return bytes;
  }

  async #fetch(file: string): Promise<Uint8Array> {
    const place = `${this.name}/${file}`;
    const cure = 'Check that the page is served with all of its files, then try again.';
    const response = await fetch(new URL(file, this.base)).catch((error: unknown) => {
      throw new InputError(place, `It cannot be fetched (${(error as Error).message}).`, cure);
    });
    // A server for single-page apps answers with its index.html where a file is missing.
    if (!response.ok || response.headers.get('content-type')?.startsWith('text/html'))
      throw new InputError(place, `There is no such file on the server (status ${response.status}).`, cure);
    return new Uint8Array(await response.arrayBuffer());
  }
}
