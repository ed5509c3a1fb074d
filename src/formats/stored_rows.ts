/** @file Ranges of a file behind a TensorSource: which bytes some rows of a tensor are, and reading exactly those. */
import { dequantise, storedBytes } from './blocks.ts';
import type { ByteSource } from './byte_source.ts';
import { InputError } from './input_error.ts';
import type { StoredType } from './tensor_source.ts';

export const REFETCH = 'The file is damaged or incomplete: fetch it again.';

/** Bytes [offset, offset + length) of a file in memory of their own. @throws InputError where there are fewer, or more */
export async function readExactly(
  source: ByteSource,
  file: string,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await source.read(file, offset, length);
  if (bytes.length !== length)
    throw new InputError(
      `${source.name}/${file}`,
      `gave ${bytes.length} of the ${length} bytes at ${offset}.`,
      REFETCH,
    );
  // What a source returns may be a view of anything: that it is the whole of its memory is checked, or made so.
  return bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === length
    ? (bytes as Uint8Array<ArrayBuffer>)
    : new Uint8Array(bytes);
}

/** Where a tensor's values lie. */
export interface StoredTensor {
  readonly type: StoredType;
  /** Hugging Face's: of weights [out, in]. */
  readonly shape: readonly number[];
  readonly file: string;
  /** First byte in the file. */
  readonly offset: number;
}

/** Rows along the first dimension; a scalar is one. */
export const rowsOf = (shape: readonly number[]): number => shape[0] ?? 1;

/** Bytes of one row. @throws RangeError where a row is no whole number of blocks */
export function rowBytes({ type, shape }: StoredTensor): number {
  return storedBytes(
    type,
    shape.slice(1).reduce((product, n) => product * n, 1),
  );
}

/** The rows asked for, by default all from the first. @throws RangeError where the tensor has fewer */
export function checkRows(
  name: string,
  shape: readonly number[],
  start = 0,
  count = rowsOf(shape) - start,
): [start: number, count: number] {
  const rows = rowsOf(shape);
  const isCount = (n: number) => Number.isSafeInteger(n) && n >= 0;
  if (!isCount(start) || !isCount(count) || start + count > rows)
    throw new RangeError(`${name}: rows ${start}+${count} of ${rows}`);
  return [start, count];
}

/** Bytes of rows [start, start + count) as they are stored. */
export function readRows(
  source: ByteSource,
  tensor: StoredTensor,
  start: number,
  count: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = rowBytes(tensor);
  return readExactly(source, tensor.file, tensor.offset + start * bytes, count * bytes);
}

/** The same as f32. */
export async function readRowsF32(
  source: ByteSource,
  tensor: StoredTensor,
  start: number,
  count: number,
): Promise<Float32Array<ArrayBuffer>> {
  return dequantise(tensor.type, await readRows(source, tensor, start, count));
}
