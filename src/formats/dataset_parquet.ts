/**
 * @file Rows of Parquet, the form in which most data sets lie on the Hub. Its index is at the end of the file, so it is
 * read whole; snappy, gzip, brotli, zstd and lz4 are decompressed.
 */
import type { DataRecord } from './dataset_record.ts';
import { InputError } from './input_error.ts';

const MAGIC = [0x50, 0x41, 0x52, 0x31];

/** Whether a file begins as Parquet does. */
export function isParquet(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/**
 * All rows; the line of a row is its number, since Parquet has no lines.
 * @param place shown in messages: the file
 * @throws InputError where the file is damaged
 */
export async function parquetRecords(bytes: Uint8Array, place: string): Promise<DataRecord[]> {
  // Loaded here, so that a page which never opens Parquet does not load it.
  const [{ parquetReadObjects }, { compressors }] = await Promise.all([
    import('hyparquet'),
    import('hyparquet-compressors'),
  ]);
  const file = bytes.slice().buffer;
  try {
    const rows = await parquetReadObjects({ file, compressors });
    return rows.map((row, i) => ({
      line: i + 1,
      row: i + 1,
      value: plain(row) as Readonly<Record<string, unknown>>,
    }));
  } catch (error) {
    throw new InputError(
      place,
      `cannot be read as Parquet (${error instanceof Error ? error.message : String(error)}).`,
      'Fetch the file again; if that does not help, save it as JSON Lines.',
    );
  }
}

/** A value as JSON would have it: whole numbers as numbers, times as text. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return new TextDecoder().decode(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  return value;
}
