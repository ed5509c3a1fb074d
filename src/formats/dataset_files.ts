/**
 * @file Whole files of data, in any format that is read: one, or several that are parts of one data set. Text comes
 * piece by piece and Parquet group by group, so that what costs memory are the rows.
 */
import { type Dataset, type DatasetOptions, DatasetReader, MAX_DATA_BYTES } from './dataset.ts';
import { isParquet, parquetGroups } from './dataset_parquet.ts';
import { missingFields } from './dataset_rows.ts';
import { InputError } from './input_error.ts';

export interface ReadFilesOptions extends DatasetOptions {
  /** Told how many bytes of all files have been read. */
  readonly onProgress?: (done: number) => void;
  /** Reading ends with its reason. */
  readonly signal?: AbortSignal;
}

/**
 * Reads files as one data set, whose lines and rows are counted through. A file's name is shown in messages, and its
 * ending tells tables from JSON.
 * @param files at least one
 * @throws InputError where they are no text, damaged, too large, or without rows; the reason of `signal`
 */
export async function readDataFiles(
  files: readonly File[],
  { onProgress, signal, ...options }: ReadFilesOptions = {},
): Promise<Dataset> {
  const place = files[0]!.name;
  const open = options.mapping ? missingFields(options.mapping) : [];
  if (open.length > 0)
    throw new InputError(place, `has no column for ${open.join(' and ')}.`, 'Choose a column for each.');
  if (files.reduce((sum, { size }) => sum + size, 0) > MAX_DATA_BYTES)
    throw new InputError(
      place,
      `is larger than the ${MAX_DATA_BYTES / 2 ** 20} MB that are read.`,
      'Take a part of it.',
    );
  const reader = new DatasetReader(place, options);
  let before = 0;
  const tell = (done: number) => {
    signal?.throwIfAborted();
    onProgress?.(before + done);
  };
  for (const [i, file] of files.entries()) {
    if (i > 0) reader.nextFile(file.name);
    const read = (await isParquet(file)) ? readParquet : readText;
    await read(reader, file, tell);
    before += file.size;
  }
  return reader.end();
}

async function readParquet(reader: DatasetReader, file: File, tell: (done: number) => void): Promise<void> {
  for await (const { records, share } of parquetGroups(file)) {
    tell(share * file.size);
    reader.add(records);
  }
}

async function readText(reader: DatasetReader, file: File, tell: (done: number) => void): Promise<void> {
  const stream = file.stream().getReader();
  let done = 0;
  try {
    for (let piece = await stream.read(); !piece.done; piece = await stream.read()) {
      reader.push(piece.value);
      done += piece.value.length;
      tell(done);
    }
  } finally {
    await stream.cancel();
  }
}
