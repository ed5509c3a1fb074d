/**
 * @file Data files as the terminal reads them: strictly. A row that cannot be used is an error that names file and
 * line, unless rows may be skipped; all rows are checked before the first is used.
 */
import {
  type Dataset,
  type DatasetKind,
  type DatasetOf,
  type DatasetOptions,
  type DroppedRow,
  detectDataset,
  type RowsOf,
} from './dataset.ts';
import { readDataFiles } from './dataset_files.ts';
import { nearestFormat } from './dataset_mapping.ts';
import { InputError } from './input_error.ts';
import { isJsonObject } from './json.ts';
import { type JsonRow, parseJsonRows } from './jsonl.ts';

/** The error that a row is, in a file. */
export function rowError(place: string, { line, row, reason, cure }: DroppedRow): InputError {
  return new InputError(`${place}:${line}`, `row ${row} ${reason}`, cure);
}

export interface RowOptions extends Pick<DatasetOptions, 'mapping'> {
  /** Told of each row that is skipped; without it, the first one is an error. */
  readonly onSkipped?: (error: InputError) => void;
}

/**
 * The data set itself, where all its rows can be used or may be skipped.
 * @throws InputError with file and line for the first row that cannot be used
 */
export function strictDataset(dataset: Dataset, place: string, { onSkipped }: RowOptions): Dataset {
  if (dataset.rows.length === 0 && dataset.mapping === null && saysNothing(dataset.columns))
    throw new InputError(
      `${place}:${dataset.dropped[0]?.line ?? 1}`,
      `the names of the columns do not tell what they mean: ${dataset.columns.join(', ')}.`,
      'Say it by --columns prompt=NAME,completion=NAME.',
    );
  for (const dropped of dataset.dropped) {
    const error = rowError(place, dropped);
    if (!onSkipped) throw error;
    onSkipped(error);
  }
  if (dataset.rows.length === 0)
    throw new InputError(
      place,
      'holds no row that can be used.',
      `Its columns are ${dataset.columns.join(', ') || 'unknown'}; name them "prompt" and "completion", say.`,
    );
  return dataset;
}

/** Whether none of the columns is one that a row of the nearest format has. */
function saysNothing(columns: readonly string[]): boolean {
  const known = Object.values(nearestFormat(columns).mapping.columns);
  return columns.length > 0 && !known.some((column) => columns.includes(column));
}

/**
 * Files of any format, Parquet too, whose rows are of one kind.
 * @param place shown in messages
 * @throws InputError with place and line for the first row that cannot be used
 */
export async function readDatasetOf<K extends DatasetKind>(
  files: readonly File[],
  place: string,
  kind: K,
  options: RowOptions = {},
): Promise<DatasetOf<K>> {
  const dataset = await readDataFiles(files, { mapping: options.mapping ?? null, kind });
  return strictDataset(dataset, place, options) as unknown as DatasetOf<K>;
}

/**
 * The same of one file of text.
 * @param place shown in messages: the file
 * @throws InputError with file and line for the first row that cannot be used
 */
export function parseDataset<K extends DatasetKind>(
  bytes: Uint8Array,
  place: string,
  kind: K,
  options: RowOptions = {},
): DatasetOf<K> {
  const dataset = detectDataset(bytes, place, { mapping: options.mapping ?? null, kind });
  return strictDataset(dataset, place, options) as unknown as DatasetOf<K>;
}

/** SFT (or scoring) rows of a file. @throws InputError as parseDataset does */
export function parseSftRows(bytes: Uint8Array, place: string, options: RowOptions = {}): RowsOf['sft'] {
  return parseDataset(bytes, place, 'sft', options).rows;
}

/**
 * DPO rows of a file, one question each; a row has one worse answer or a list of them.
 * @throws InputError as parseDataset does
 */
export function parsePreferenceRows(
  bytes: Uint8Array,
  place: string,
  options: RowOptions = {},
): RowsOf['preference'] {
  return parseDataset(bytes, place, 'preference', options).rows;
}

/** Prompts of a file: rows of any form of one question, with or without an answer. @throws InputError with file and line */
export function parsePrompts(bytes: Uint8Array, place: string): string[] {
  return parseJsonRows(bytes, place).map((row) => {
    if (Array.isArray(row.value.messages)) return onlyQuestion(place, row, row.value.messages);
    if (Object.hasOwn(row.value, 'instruction')) {
      const instruction = text(place, row, 'instruction');
      const { input } = row.value;
      return input === undefined || input === null || input === ''
        ? instruction
        : `${instruction}\n${text(place, row, 'input')}`;
    }
    return text(place, row, Object.hasOwn(row.value, 'question') ? 'question' : 'prompt');
  });
}

function onlyQuestion(place: string, row: JsonRow, messages: readonly unknown[]): string {
  const [first, ...others] = messages;
  if (isJsonObject(first) && first.role === 'user' && others.length <= 1)
    return text(place, { line: row.line, value: first }, 'content');
  throw new InputError(
    `${place}:${row.line}`,
    `row ${row.line} is a conversation of ${messages.length} messages; prompts of one question are answered.`,
    'Write [{"role": "user", "content": "..."}].',
  );
}

/** A field that must be a text with something in it. */
function text(place: string, row: JsonRow, key: string): string {
  const value = row.value[key];
  const fail = (problem: string, cure: string): never => {
    throw new InputError(`${place}:${row.line}`, `row ${row.line} ${problem}`, cure);
  };
  if (value === undefined || value === null) fail(`has no ${key}.`, `Give the row a "${key}".`);
  if (typeof value !== 'string')
    return fail(`has a ${key} that is not a text.`, `Write "${key}" as a string.`);
  if (value.trim() === '') fail(`has an empty ${key}.`, `Write a ${key}, or remove the row.`);
  return value;
}
