/**
 * @file GGUF v3: metadata and tensors of a file, checked. The header is parsed by @huggingface/gguf after
 * gguf_header.ts has walked over it; what is checked here is what the header says about the data.
 */
import { GGMLQuantizationType, gguf as parseGguf } from '@huggingface/gguf';
import { blockLength, storedBytes } from './blocks.ts';
import type { ByteSource } from './byte_source.ts';
import { type GgufHeader, type MarkedString, readGgufHeader } from './gguf_header.ts';
import { InputError } from './input_error.ts';
import { REFETCH, type StoredTensor } from './stored_rows.ts';
import type { StoredType } from './tensor_source.ts';

export type GgufValue = string | number | bigint | boolean | readonly GgufValue[];

export interface GgufFile {
  /** Where it comes from, shown in messages: source and file. */
  readonly place: string;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Under ggml's names, with shapes as Hugging Face writes them: the dimension that lies contiguously comes last. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
}

const STORED_TYPES: ReadonlyMap<number, StoredType> = new Map([
  [GGMLQuantizationType.F32, 'F32'],
  [GGMLQuantizationType.F16, 'F16'],
  [GGMLQuantizationType.BF16, 'BF16'],
  [GGMLQuantizationType.Q8_0, 'Q8_0'],
  [GGMLQuantizationType.Q4_0, 'Q4_0'],
  [GGMLQuantizationType.Q4_1, 'Q4_1'],
  [GGMLQuantizationType.Q4_K, 'Q4_K'],
  [GGMLQuantizationType.Q6_K, 'Q6_K'],
]);

/** More weights than any file here could hold; products of dimensions up to it are exact. */
const MAX_WEIGHTS = 2 ** 50;

/**
 * Reads the header of a file, and nothing of its data.
 * @throws InputError naming key or tensor where the file breaks the format, or holds a tensor of a type that cannot be read
 */
export async function openGguf(source: ByteSource, file: string): Promise<GgufFile> {
  const place = `${source.name}/${file}`;
  const header = await readGgufHeader(source, file);
  const parsed = await parse(header, place);
  const metadata = new Map(Object.entries(parsed.metadata) as [string, GgufValue][]);
  // The library puts three counts among the keys; a key such as __proto__ would be lost on the way.
  if (metadata.size !== header.keys + 3)
    throw new InputError(place, 'has a key that no GGUF file has.', REFETCH);
  restoreMarks(metadata, header.marked);
  const alignment = metadata.get('general.alignment') ?? 32;
  if (
    typeof alignment !== 'number' ||
    alignment < 1 ||
    alignment > 2 ** 20 ||
    (alignment & (alignment - 1)) !== 0
  )
    throw new InputError(place, `has a general.alignment of ${String(alignment)}, no power of two.`, REFETCH);
  const dataStart = Math.ceil(header.bytes.length / alignment) * alignment;
  const size = await source.size(file);
  const tensors = new Map<string, StoredTensor>();
  for (const info of parsed.tensorInfos)
    tensors.set(info.name, checkTensor(place, file, info, { dataStart, alignment, size }));
  checkOverlaps(place, tensors);
  return { place, metadata, tensors };
}

/** Hands the library the header alone, and turns what it throws into a message. */
async function parse(header: GgufHeader, place: string) {
  /** Answers ranges of the header; beyond it there is nothing, and the walk has shown that nothing is needed. */
  const fetchHeader = async (_: unknown, init?: RequestInit): Promise<Response> => {
    const range = /^bytes=(\d+)-(\d+)$/.exec(new Headers(init?.headers).get('Range') ?? '');
    if (!range) throw new Error('asked for no range');
    return new Response(header.bytes.slice(Number(range[1]), Number(range[2]) + 1));
  };
  try {
    return await parseGguf('https://header.invalid/', { fetch: fetchHeader });
  } catch (error) {
    throw new InputError(place, `has a header that cannot be read (${(error as Error).message}).`, REFETCH);
  }
}

/** The library's text decoder takes a byte order mark at the start of a string for one; in a vocabulary it is a token. */
function restoreMarks(metadata: Map<string, GgufValue>, marked: readonly MarkedString[]): void {
  for (const { key, index } of marked) {
    const value = metadata.get(key);
    if (index === null) metadata.set(key, `\ufeff${String(value)}`);
    else (value as GgufValue[])[index] = `\ufeff${String((value as GgufValue[])[index])}`;
  }
}

interface TensorInfo {
  readonly name: string;
  /** Fastest dimension first. */
  readonly shape: readonly bigint[];
  readonly dtype: number;
  /** From the start of the data. */
  readonly offset: bigint;
}

function checkTensor(
  place: string,
  file: string,
  { name, shape, dtype, offset }: TensorInfo,
  data: { readonly dataStart: number; readonly alignment: number; readonly size: number },
): StoredTensor {
  const fail = (problem: string): never => {
    throw new InputError(place, `tensor ${JSON.stringify(name)} ${problem}`, REFETCH);
  };
  const type = STORED_TYPES.get(dtype);
  if (type === undefined) {
    const known = GGMLQuantizationType[dtype] as string | undefined;
    if (known === undefined) return fail(`has the unknown type ${dtype}.`);
    throw new InputError(
      place,
      `tensor ${JSON.stringify(name)} is ${known}, which is not supported.`,
      `Use a file in ${[...STORED_TYPES.values()].join(', ')}: Q4_0, Q4_1 and Q8_0 files always are.`,
    );
  }
  const dimensions = shape.map(Number);
  const weights = dimensions.reduce((product, n) => product * n, 1);
  if (!(weights >= 1 && weights <= MAX_WEIGHTS)) return fail(`has the shape [${dimensions.join(', ')}].`);
  if (dimensions[0]! % blockLength(type) !== 0)
    return fail(`has rows of ${dimensions[0]} weights, no whole blocks of ${type}.`);
  if (dimensions.length === 1 && blockLength(type) > 1)
    return fail(`is a vector in ${type}; vectors are read as F32, F16 and BF16.`);
  if (offset % BigInt(data.alignment) !== 0n)
    return fail(`begins at ${offset}, no multiple of ${data.alignment}.`);
  const start = data.dataStart + Number(offset);
  const end = start + storedBytes(type, weights);
  if (end > data.size) return fail(`ends at byte ${end}, but the file has ${data.size} bytes.`);
  return { type, shape: dimensions.reverse(), file, offset: start };
}

function checkOverlaps(place: string, tensors: ReadonlyMap<string, StoredTensor>): void {
  const sorted = [...tensors].sort(([, a], [, b]) => a.offset - b.offset);
  let end = 0;
  for (const [name, { type, shape, offset }] of sorted) {
    if (offset < end)
      throw new InputError(place, `tensor ${JSON.stringify(name)} overlaps the one before it.`, REFETCH);
    end =
      offset +
      storedBytes(
        type,
        shape.reduce((product, n) => product * n, 1),
      );
  }
}
