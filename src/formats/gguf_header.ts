/**
 * @file The guard before @huggingface/gguf: walks a GGUF header through ranges of the file, so that only a header whose
 * every length fits the file reaches the library. That alone would fill what a truncated file lacks with zeros, take the
 * last of two equal keys, read a length of 2^60 in 32 bits here and there, and drop byte order marks from strings.
 * Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
import type { ByteSource } from './byte_source.ts';
import { InputError } from './input_error.ts';
import { REFETCH, readExactly } from './stored_rows.ts';

/** The library stops at 50 MB; the header of a Llama 3 with 128k tokens has 8 MB. */
const MAX_HEADER_BYTES = 48_000_000;
const MAX_KEYS = 10_000;
const MAX_TENSORS = 100_000;
const MAX_NAME_BYTES = 1024;
const MAX_STRING_BYTES = 10_000_000;
const MAX_ARRAY_LENGTH = 1_000_000;
const MAX_DIMENSIONS = 4;
/** Bytes fetched at once. */
const READ_BYTES = 2 ** 19;

const STRING = 8;
const ARRAY = 9;
/** Bytes of a value by type: u8, i8, u16, i16, u32, i32, f32, bool, string, array, u64, i64, f64. */
const VALUE_BYTES: readonly (number | undefined)[] = [1, 1, 2, 2, 4, 4, 4, 1, undefined, undefined, 8, 8, 8];

/** A string that begins with a byte order mark: of a key, and where the key has a list, the place in it. */
export interface MarkedString {
  readonly key: string;
  readonly index: number | null;
}

export interface GgufHeader {
  /** The file up to the end of its tensors' descriptions, where padding and data follow. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly keys: number;
  readonly tensors: number;
  readonly marked: readonly MarkedString[];
}

/** Bytes of a file, fetched as the walk goes on. */
class HeaderWalk {
  at = 0;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #known = 0;
  readonly #limit: number;

  constructor(
    private readonly source: ByteSource,
    private readonly file: string,
    private readonly fileBytes: number,
  ) {
    this.#limit = Math.min(fileBytes, MAX_HEADER_BYTES);
  }

  fail(problem: string): never {
    throw new InputError(`${this.source.name}/${this.file}`, problem, REFETCH);
  }

  /** Makes the next `count` bytes known. */
  async need(count: number): Promise<void> {
    const end = this.at + count;
    if (end > this.#limit)
      this.fail(
        `its header wants ${count} bytes at ${this.at}, but ${end > this.fileBytes ? `the file has ${this.fileBytes}` : `${MAX_HEADER_BYTES} are read`}.`,
      );
    if (end <= this.#known) return;
    const target = Math.min(this.#limit, Math.max(end, this.#known + READ_BYTES));
    const more = await readExactly(this.source, this.file, this.#known, target - this.#known);
    if (target > this.#bytes.length) {
      const grown = new Uint8Array(Math.min(this.#limit, Math.max(target, 2 * this.#bytes.length)));
      grown.set(this.#bytes.subarray(0, this.#known));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#bytes.set(more, this.#known);
    this.#known = target;
  }

  async u32(): Promise<number> {
    if (this.at + 4 > this.#known) await this.need(4);
    this.at += 4;
    return this.#view.getUint32(this.at - 4, true);
  }

  /** A count of things, each of which takes at least a byte of the file. */
  async count(most: number, what: string): Promise<number> {
    if (this.at + 8 > this.#known) await this.need(8);
    const value = this.#view.getBigUint64(this.at, true);
    this.at += 8;
    if (value > BigInt(most)) this.fail(`has ${value} ${what}; ${most} are read.`);
    return Number(value);
  }

  /** The bytes of a string, valid until the next call. */
  async string(most: number, what: string): Promise<Uint8Array> {
    const length = await this.count(most, `bytes in ${what}`);
    if (this.at + length > this.#known) await this.need(length);
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  async name(what: string): Promise<string> {
    const bytes = await this.string(MAX_NAME_BYTES, what);
    try {
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    } catch {
      return this.fail(`has ${what} that is not UTF-8.`);
    }
  }

  async skip(count: number): Promise<void> {
    if (this.at + count > this.#known) await this.need(count);
    this.at += count;
  }

  /** What has been walked over. */
  taken(): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(0, this.at);
  }
}

const hasMark = (bytes: Uint8Array) => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;

/**
 * Walks over the header of a GGUF file, reading no more than it and half a megabyte.
 * @throws InputError where it is no GGUF v2 or v3, goes beyond the file or the limits, or names a thing twice
 */
export async function readGgufHeader(source: ByteSource, file: string): Promise<GgufHeader> {
  const size = await source.size(file);
  const walk = new HeaderWalk(source, file, size);
  if (size < 24) walk.fail(`has ${size} bytes, too few for a GGUF file.`);
  if ((await walk.u32()) !== 0x46554747) walk.fail('does not begin with GGUF.');
  const version = await walk.u32();
  if (version !== 3 && version !== 2)
    throw new InputError(
      `${source.name}/${file}`,
      version % 65536 === 0 && version !== 0
        ? 'is big-endian.'
        : `has version ${version}; 2 and 3 can be read.`,
      'Convert the model with a current llama.cpp on a little-endian machine.',
    );
  const tensors = await walk.count(MAX_TENSORS, 'tensors');
  const keys = await walk.count(MAX_KEYS, 'keys');
  const marked: MarkedString[] = [];
  const seen = new Set<string>();
  for (let i = 0; i < keys; i++) {
    const key = await walk.name('a key');
    if (seen.has(key)) walk.fail(`has the key ${JSON.stringify(key)} twice.`);
    seen.add(key);
    await walkValue(walk, key, await walk.u32(), marked);
  }
  const names = new Set<string>();
  for (let i = 0; i < tensors; i++) {
    const name = await walk.name("a tensor's name");
    if (names.has(name)) walk.fail(`has the tensor ${JSON.stringify(name)} twice.`);
    names.add(name);
    const dimensions = await walk.u32();
    if (dimensions < 1 || dimensions > MAX_DIMENSIONS)
      walk.fail(
        `tensor ${JSON.stringify(name)} has ${dimensions} dimensions; 1 to ${MAX_DIMENSIONS} are possible.`,
      );
    // Sizes, type, offset.
    await walk.skip(8 * dimensions + 4 + 8);
  }
  return { bytes: walk.taken(), keys, tensors, marked };
}

async function walkValue(walk: HeaderWalk, key: string, type: number, marked: MarkedString[]): Promise<void> {
  const what = `the value of ${JSON.stringify(key)}`;
  if (type === STRING) {
    if (hasMark(await walk.string(MAX_STRING_BYTES, what))) marked.push({ key, index: null });
    return;
  }
  if (type !== ARRAY) {
    const bytes = VALUE_BYTES[type];
    if (bytes === undefined) return walk.fail(`${what} has the unknown type ${type}.`);
    return walk.skip(bytes);
  }
  const elements = await walk.u32();
  const length = await walk.count(MAX_ARRAY_LENGTH, `elements in ${what}`);
  if (elements === STRING) {
    for (let index = 0; index < length; index++)
      if (hasMark(await walk.string(MAX_STRING_BYTES, what))) marked.push({ key, index });
    return;
  }
  const bytes = VALUE_BYTES[elements];
  // Arrays of arrays would be possible, but no model of a Llama has them.
  if (bytes === undefined) return walk.fail(`${what} is an array of the unsupported type ${elements}.`);
  return walk.skip(length * bytes);
}
