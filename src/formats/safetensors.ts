/**
 * @file Safetensors: a checked index over one file or shards, tensors read in ranges as f32, and a writer.
 * Headers are hostile until proven otherwise: the limits are those of Hugging Face's own readers (25 MB of header,
 * 10,000 shards), and spans, overlaps, holes and duplicate keys are checked on top.
 * Format: https://huggingface.co/docs/safetensors
 */
import type { ByteSource } from './byte_source.ts';
import { InputError } from './input_error.ts';
import { decodeUtf8, duplicateKey, isJsonObject, parseJson, parseJsonText } from './json.ts';
import { checkRows, REFETCH, readExactly, readRows, readRowsF32, type StoredTensor } from './stored_rows.ts';
import type { StoredType, TensorSource } from './tensor_source.ts';

const MAX_HEADER_BYTES = 25_000_000;
const MAX_SHARDS = 10_000;

/** Bytes of an element, for every type a header may name; three of them are read. */
const DTYPE_BYTES: ReadonlyMap<string, number> = new Map([
  ['BOOL', 1],
  ['U8', 1],
  ['I8', 1],
  ['F8_E5M2', 1],
  ['F8_E4M3', 1],
  ['U16', 2],
  ['I16', 2],
  ['F16', 2],
  ['BF16', 2],
  ['U32', 4],
  ['I32', 4],
  ['F32', 4],
  ['U64', 8],
  ['I64', 8],
  ['F64', 8],
]);

/** Those of them that are values of a model's weights. */
const READABLE: ReadonlySet<string> = new Set<StoredType>(['F32', 'F16', 'BF16']);

export interface TensorInfo {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly file: string;
  /** First byte in the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** A checkpoint's tensors under their names; nothing of their data is held. */
export interface TensorIndex extends TensorSource {
  /** All names, sorted. */
  names(): string[];
  /** @throws InputError where there is no such tensor */
  info(name: string): TensorInfo;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/**
 * Checks a header (the JSON text between the length and the data).
 * @param dataStart first byte after the header, in the file
 * @param fileBytes size of the file
 * @throws InputError naming file and tensor
 */
export function parseSafetensorsHeader(
  text: string,
  place: string,
  file: string,
  dataStart: number,
  fileBytes: number,
): Map<string, TensorInfo> {
  const fail = (problem: string): never => {
    throw new InputError(place, problem, REFETCH);
  };
  const header = parseJsonText(text, `${place} (header)`);
  if (!isJsonObject(header)) return fail('has a header that is not an object.');
  const duplicate = duplicateKey(text);
  if (duplicate !== null) return fail(`names ${JSON.stringify(duplicate)} twice in its header.`);
  const tensors = new Map<string, TensorInfo>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const tensor = `tensor ${JSON.stringify(name)}`;
    if (!isJsonObject(entry)) return fail(`${tensor} is not described by an object.`);
    const { dtype, shape, data_offsets: offsets } = entry;
    const elementBytes = typeof dtype === 'string' ? DTYPE_BYTES.get(dtype) : undefined;
    if (typeof dtype !== 'string' || elementBytes === undefined)
      return fail(`${tensor} has the unknown type ${JSON.stringify(dtype)}.`);
    if (!Array.isArray(shape) || !shape.every(isCount)) return fail(`${tensor} has no valid shape.`);
    if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
      return fail(`${tensor} has no valid data_offsets.`);
    const [begin, end] = offsets as [number, number];
    if (begin > end) return fail(`${tensor} ends before it begins.`);
    if (dataStart + end > fileBytes)
      return fail(`${tensor} ends at byte ${dataStart + end}, but the file has ${fileBytes} bytes.`);
    const bytes = (shape as number[]).reduce((product, n) => product * n, elementBytes);
    if (bytes !== end - begin)
      return fail(
        `${tensor} of shape [${shape.join(', ')}] and type ${dtype} takes ${bytes} bytes, but its data_offsets span ${end - begin}.`,
      );
    tensors.set(name, { dtype, shape: shape as number[], file, offset: dataStart + begin, bytes });
  }
  let at = dataStart;
  for (const [name, { offset, bytes }] of [...tensors].sort(
    ([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes,
  )) {
    if (offset !== at)
      return fail(
        offset < at
          ? `tensor ${JSON.stringify(name)} overlaps the one before it.`
          : `has a hole of ${offset - at} bytes before tensor ${JSON.stringify(name)}.`,
      );
    at += bytes;
  }
  if (at !== fileBytes) return fail(`has ${fileBytes - at} bytes after its last tensor.`);
  return tensors;
}

async function readHeader(source: ByteSource, file: string): Promise<Map<string, TensorInfo>> {
  const place = `${source.name}/${file}`;
  const size = await source.size(file);
  if (size < 8) throw new InputError(place, `has ${size} bytes, too few for a safetensors file.`, REFETCH);
  const prefix = await readExactly(source, file, 0, 8);
  const length = new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES) || length > BigInt(size - 8))
    throw new InputError(
      place,
      `claims a header of ${length} bytes; ${Math.min(size - 8, MAX_HEADER_BYTES)} are possible.`,
      'Use a safetensors file; a damaged one must be fetched again.',
    );
  const header = await readExactly(source, file, 8, Number(length));
  return parseSafetensorsHeader(decodeUtf8(header, place), place, file, 8 + Number(length), size);
}

async function readShards(source: ByteSource, indexFile: string): Promise<Map<string, TensorInfo>> {
  const place = `${source.name}/${indexFile}`;
  const index = parseJson(await source.read(indexFile), place, MAX_HEADER_BYTES);
  const weightMap = isJsonObject(index) ? index.weight_map : undefined;
  if (!isJsonObject(weightMap)) throw new InputError(place, 'has no weight_map.', REFETCH);
  const files = new Set<string>();
  for (const [name, file] of Object.entries(weightMap)) {
    // A shard is a file of the same directory: no path may lead out of it.
    if (typeof file !== 'string' || !/^[\w.-]+\.safetensors$/.test(file))
      throw new InputError(
        place,
        `puts tensor ${JSON.stringify(name)} into ${JSON.stringify(file)}, which is no safetensors file name.`,
        REFETCH,
      );
    files.add(file);
  }
  if (files.size > MAX_SHARDS)
    throw new InputError(place, `names ${files.size} shards; ${MAX_SHARDS} are read.`, 'Use larger shards.');
  const present = new Set(await source.list());
  const shards = new Map<string, Map<string, TensorInfo>>();
  for (const file of files) {
    if (!present.has(file))
      throw new InputError(place, `names the shard ${file}, which is missing.`, 'Add it to the directory.');
    shards.set(file, await readHeader(source, file));
  }
  const tensors = new Map<string, TensorInfo>();
  for (const [name, file] of Object.entries(weightMap)) {
    const info = shards.get(file as string)!.get(name);
    if (!info)
      throw new InputError(
        place,
        `puts tensor ${JSON.stringify(name)} into ${file as string}, which does not hold it.`,
        'Use the index that belongs to these shards.',
      );
    tensors.set(name, info);
  }
  return tensors;
}

/**
 * Opens model.safetensors, or the shards of model.safetensors.index.json.
 * @param stem "model" for a checkpoint, "adapter_model" for a PEFT adapter
 * @throws InputError where neither is there or a header breaks the format
 */
export async function openSafetensors(source: ByteSource, stem = 'model'): Promise<TensorIndex> {
  const single = `${stem}.safetensors`;
  const indexFile = `${single}.index.json`;
  const present = await source.list();
  let tensors: Map<string, TensorInfo>;
  if (present.includes(single)) tensors = await readHeader(source, single);
  else if (present.includes(indexFile)) tensors = await readShards(source, indexFile);
  else
    throw new InputError(
      source.name,
      `has no ${single} and no ${indexFile}.`,
      'Use a directory that holds the weights as safetensors.',
    );
  return tensorIndex(source, tensors);
}

function tensorIndex(source: ByteSource, tensors: ReadonlyMap<string, TensorInfo>): TensorIndex {
  const info = (name: string): TensorInfo => {
    const found = tensors.get(name);
    if (!found) throw new InputError(source.name, `has no tensor ${name}.`, 'Use a complete set of tensors.');
    return found;
  };
  const readable = (name: string): StoredTensor => {
    const { dtype, shape, file, offset } = info(name);
    if (!READABLE.has(dtype))
      throw new InputError(
        `${source.name}/${file}`,
        `tensor ${name} is ${dtype}; F32, F16 and BF16 can be read.`,
        'Convert the model to one of these.',
      );
    return { type: dtype as StoredType, shape, file, offset };
  };
  return {
    name: source.name,
    names: () => [...tensors.keys()].sort(),
    info,
    shape: (name) => tensors.get(name)?.shape,
    type(name) {
      const dtype = tensors.get(name)?.dtype;
      return dtype !== undefined && READABLE.has(dtype) ? (dtype as StoredType) : undefined;
    },
    async readF32(name, rowStart, rowCount) {
      const tensor = readable(name);
      return readRowsF32(source, tensor, ...checkRows(name, tensor.shape, rowStart, rowCount));
    },
    async readStored(name, rowStart, rowCount) {
      const tensor = readable(name);
      return readRows(source, tensor, ...checkRows(name, tensor.shape, rowStart, rowCount));
    },
  };
}

/**
 * A safetensors file of F32 tensors: sorted by name, header padded with spaces to 8 bytes, `format` = "pt" in its
 * metadata. The same input gives the same bytes (those of Python's safetensors, where metadata is format alone).
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  const sorted = [...tensors].sort(([a], [b]) => (a < b ? -1 : 1));
  const meta = Object.entries({ format: 'pt', ...metadata }).sort(([a], [b]) => (a < b ? -1 : 1));
  // Joined by hand, since an object would move names that look like integers to the front and lose "__proto__".
  const object = (entries: [string, unknown][]) =>
    `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join()}}`;
  let end = 0;
  const entries = sorted.map(([name, { shape, data }]): [string, unknown] => {
    if (shape.reduce((product, n) => product * n, 1) !== data.length)
      throw new RangeError(`${name}: shape [${shape.join(', ')}] and ${data.length} elements`);
    const begin = end;
    end += data.byteLength;
    return [name, { dtype: 'F32', shape, data_offsets: [begin, end] }];
  });
  const tensorJson = object(entries).slice(1);
  const json = `{"__metadata__":${object(meta)}${entries.length > 0 ? ',' : ''}${tensorJson}`;
  const header = new TextEncoder().encode(json);
  const headerLength = Math.ceil(header.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.set(header, 8);
  bytes.fill(0x20, 8 + header.length, 8 + headerLength);
  let at = 8 + headerLength;
  for (const [, { data }] of sorted) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}
