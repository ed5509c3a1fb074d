/**
 * @file Rows of Parquet, the form in which most data sets lie on the Hub. It is read by its groups of rows, one after
 * the other; snappy, gzip, brotli, zstd and lz4 are decompressed.
 */
import type { DataRecord } from './dataset_record.ts';
import { InputError } from './input_error.ts';

const MAGIC = [0x50, 0x41, 0x52, 0x31];

/** Whether a file begins as Parquet does. */
export async function isParquet(file: Blob): Promise<boolean> {
  const bytes = new Uint8Array(await file.slice(0, MAGIC.length).arrayBuffer());
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** Rows of one group, and the share of the file's rows that have come with it. */
export interface ParquetGroup {
  readonly records: readonly DataRecord[];
  readonly share: number;
}

/**
 * All rows, group by group; the line of a row is its number, since Parquet has no lines.
 * @throws InputError where the file is damaged
 */
export async function* parquetGroups(file: File): AsyncGenerator<ParquetGroup, void> {
  // Loaded here, so that a page which never opens Parquet does not load it.
  const [{ parquetMetadataAsync, parquetReadObjects }, { PARQUET_CODECS: compressors }] = await Promise.all([
    import('hyparquet'),
    import('./parquet_codecs.ts'),
  ]);
  const buffer = {
    byteLength: file.size,
    slice: (start: number, end?: number) => file.slice(start, end).arrayBuffer(),
  };
  try {
    const metadata = await parquetMetadataAsync(buffer);
    let done = 0;
    for (const { num_rows } of metadata.row_groups) {
      const [rowStart, rowEnd] = [done, done + Number(num_rows)];
      const rows = await parquetReadObjects({ file: buffer, metadata, compressors, rowStart, rowEnd });
      const records = rows.map((row, i) => ({
        line: rowStart + i + 1,
        row: rowStart + i + 1,
        value: plain(row) as Readonly<Record<string, unknown>>,
      }));
      done = rowEnd;
      yield { records, share: done / Number(metadata.num_rows) };
    }
  } catch (error) {
    throw new InputError(
      file.name,
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
