/**
 * @file A data file, whatever its format: told by its columns, read piece by piece, every row that cannot be used
 * listed with its line and reason. What it costs is memory for the rows; nothing is read twice.
 */
import type { PreferenceRow, TrainingRow } from '../train/tuner.ts';
import { CsvReader } from './dataset_csv.ts';
import { JsonArrayReader, JsonLinesReader } from './dataset_json.ts';
import { type Format, formatOf, type Mapping, nearestFormat } from './dataset_mapping.ts';
import { type DataRecord, type RecordReader, RowProblem } from './dataset_record.ts';
import { missingFields, preferenceRow, trainingRow } from './dataset_rows.ts';
import { InputError } from './input_error.ts';

/** Bytes and rows of a file at most. */
export const MAX_DATA_BYTES = 256 * 2 ** 20;
const MAX_ROWS = 1_000_000;
/** Rows that are looked at before the format is settled. */
const SAMPLE_ROWS = 100;
const MAX_COLUMNS = 256;

/** A row that was left out. */
export interface DroppedRow {
  readonly line: number;
  readonly row: number;
  /** A sentence whose subject is the row ("has no answer."). */
  readonly reason: string;
  readonly cure: string;
}

export interface RowId {
  readonly column?: string;
  readonly value?: unknown;
}

/** Columns of ids, the first that a row has. */
const ID_COLUMNS = ['id', '_id', 'question_id', 'q_id', 'qid'];

function idOf(row: Readonly<Record<string, unknown>>): RowId {
  const column = ID_COLUMNS.find((name) => row[name] !== undefined && row[name] !== null);
  return column === undefined ? {} : { column, value: row[column] };
}

/** What is done with the rows: trained on, or compared. */
export type DatasetKind = 'sft' | 'preference';

interface DatasetBase {
  /** Name for people; "Unknown" where the columns say nothing, and then there is no mapping and there are no rows. */
  readonly format: string;
  readonly mapping: Mapping | null;
  /** Columns in the order in which they were seen. */
  readonly columns: readonly string[];
  /** The first row that could be read, as it stands in the file; empty where there is none. */
  readonly sample: Readonly<Record<string, unknown>>;
  /** Line of each row that is used. */
  readonly lines: readonly number[];
  /** Number of each row that is used, from 1, blank lines not counted. */
  readonly numbers: readonly number[];
  /** What names each row that is used, where the file has a column of ids. */
  readonly ids: readonly RowId[];
  readonly dropped: readonly DroppedRow[];
}

/** Rows of each kind. */
export interface RowsOf {
  readonly sft: readonly TrainingRow[];
  readonly preference: readonly PreferenceRow[];
}

export interface DatasetOf<K extends DatasetKind> extends DatasetBase {
  readonly kind: K;
  readonly rows: RowsOf[K];
}

export type Dataset = DatasetOf<'sft'> | DatasetOf<'preference'>;

export interface DatasetOptions {
  /** Chosen by hand; else told by the columns, row by row where a file mixes formats of one kind. */
  readonly mapping?: Mapping | null;
  /** What the rows are wanted for; else what most of the first rows are. */
  readonly kind?: DatasetKind;
}

function kindOf(mapping: Mapping): DatasetKind {
  return mapping.shape === 'preference' ? 'preference' : 'sft';
}

function readerFor(name: string, beginning: string): RecordReader {
  const first = beginning.trimStart()[0];
  const isTable =
    /\.(csv|tsv)$/i.test(name) || !(/\.(jsonl?|ndjson)$/i.test(name) || first === '{' || first === '[');
  if (isTable) return new CsvReader();
  return first === '[' ? new JsonArrayReader() : new JsonLinesReader();
}

/** Reads a file, or one after the other; feed it pieces with `push` or rows with `add`, then call `end`. */
export class DatasetReader {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  /** Of the file at hand. */
  #name: string;
  /** Lines and rows of the files before it. */
  #before = { line: 0, row: 0 };
  #reader: RecordReader | null = null;
  /** Blank lines before the first row, which count as lines. */
  #blank = '';
  #bytes = 0;
  #count = 0;
  /** Of the last row. */
  #line = 0;
  #waiting: DataRecord[] | null = [];
  readonly #columns = new Set<string>();
  #sample: Readonly<Record<string, unknown>> = {};
  #format: Format | null = null;
  #kind: DatasetKind = 'sft';
  readonly #rows: (TrainingRow | PreferenceRow)[] = [];
  readonly #lines: number[] = [];
  readonly #numbers: number[] = [];
  readonly #ids: RowId[] = [];
  readonly #dropped: DroppedRow[] = [];

  /** @param name of the file, for messages; its ending tells tables from JSON */
  constructor(
    name: string,
    private readonly options: DatasetOptions = {},
  ) {
    this.#name = name;
  }

  /** @throws InputError where the file is no text, or too large */
  push(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    if (this.#bytes > MAX_DATA_BYTES)
      throw new InputError(
        this.#name,
        `is larger than the ${MAX_DATA_BYTES / 2 ** 20} MB that are read.`,
        'Split the file.',
      );
    this.#text(this.#decode(bytes, true));
  }

  /** Rows that were read by other means than as text. @throws InputError where there are too many */
  add(records: readonly DataRecord[]): void {
    this.#take(records);
  }

  /** What comes from now on is another file of the same data: its lines and rows are counted on. */
  nextFile(name: string): void {
    this.#endFile();
    this.#before = { line: this.#line, row: this.#count };
    this.#reader = null;
    this.#blank = '';
    this.#name = name;
  }

  /** @throws InputError where there are no rows, or not what is wanted */
  end(): Dataset {
    this.#endFile();
    if (this.#waiting) this.#settle();
    if (this.#count === 0)
      throw new InputError(this.#name, 'holds no rows.', 'Write at least one row into the file.');
    const base = {
      format: this.#format?.name ?? 'Unknown',
      mapping: this.#format?.mapping ?? null,
      columns: [...this.#columns],
      sample: this.#sample,
      lines: this.#lines,
      numbers: this.#numbers,
      ids: this.#ids,
      dropped: this.#dropped,
    };
    return this.#kind === 'sft'
      ? { ...base, kind: 'sft', rows: this.#rows as TrainingRow[] }
      : { ...base, kind: 'preference', rows: this.#rows as PreferenceRow[] };
  }

  #endFile(): void {
    this.#text(this.#decode(new Uint8Array(0), false));
    if (this.#reader) this.#take(this.#reader.end());
  }

  #decode(bytes: Uint8Array, stream: boolean): string {
    try {
      return this.#decoder.decode(bytes, { stream });
    } catch {
      throw new InputError(this.#name, 'is not UTF-8 text.', 'Save it as UTF-8.');
    }
  }

  #text(text: string): void {
    if (!this.#reader && text.trim() === '') {
      this.#blank += text;
      return;
    }
    this.#reader ??= readerFor(this.#name, text);
    const all = this.#blank + text;
    this.#blank = '';
    this.#take(this.#reader.push(all));
  }

  #take(records: readonly DataRecord[]): void {
    const { line, row } = this.#before;
    for (const own of records) {
      const record = { ...own, line: own.line + line, row: own.row + row };
      this.#line = record.line;
      if (++this.#count > MAX_ROWS)
        throw new InputError(this.#name, `has more than ${MAX_ROWS} rows.`, 'Split the file.');
      if (!(record.value instanceof RowProblem)) this.#see(record.value);
      if (!this.#waiting) this.#use(record);
      else if (this.#waiting.push(record) >= SAMPLE_ROWS) this.#settle();
    }
  }

  /** Notes the columns of a row. */
  #see(value: Readonly<Record<string, unknown>>): void {
    if (this.#columns.size === 0) this.#sample = value;
    if (this.#columns.size < MAX_COLUMNS) for (const column of Object.keys(value)) this.#columns.add(column);
  }

  /** Decides what the file is, from its first rows, and reads those. */
  #settle(): void {
    const sample = this.#waiting!;
    this.#waiting = null;
    const { mapping } = this.options;
    if (mapping) this.#format = { name: this.#nameOf(mapping), mapping };
    else this.#format = this.#mostFrequent(sample);
    this.#kind = this.options.kind ?? (this.#format ? kindOf(this.#format.mapping) : 'sft');
    for (const record of sample) this.#use(record);
  }

  /** A mapping that was chosen by hand keeps its format's name where it is that format's. */
  #nameOf(mapping: Mapping): string {
    const told = formatOf(this.#columns);
    return told && JSON.stringify(told.mapping) === JSON.stringify(mapping) ? told.name : 'Chosen columns';
  }

  #mostFrequent(sample: readonly DataRecord[]): Format | null {
    const votes = new Map<string, { format: Format; count: number }>();
    for (const { value } of sample) {
      if (value instanceof RowProblem) continue;
      const format = formatOf(Object.keys(value), value);
      if (!format || (this.options.kind && kindOf(format.mapping) !== this.options.kind)) continue;
      const vote = votes.get(format.name) ?? { format, count: 0 };
      vote.count++;
      votes.set(format.name, vote);
    }
    return [...votes.values()].reduce<{ format: Format | null; count: number }>(
      (best, vote) => (vote.count > best.count ? vote : best),
      { format: null, count: 0 },
    ).format;
  }

  #use({ line, row, value }: DataRecord): void {
    try {
      if (value instanceof RowProblem) throw value;
      const mapping = this.#mappingOf(value);
      if (mapping === null) return;
      this.#rows.push(this.#kind === 'sft' ? trainingRow(value, mapping) : preferenceRow(value, mapping));
      this.#lines.push(line);
      this.#numbers.push(row);
      this.#ids.push(idOf(value));
    } catch (problem) {
      if (!(problem instanceof RowProblem)) throw problem;
      this.#dropped.push({ line, row, reason: problem.problem, cure: problem.cure });
    }
  }

  /** The mapping of one row; null where nothing is known of the whole file. */
  #mappingOf(value: Readonly<Record<string, unknown>>): Mapping | null {
    if (this.options.mapping) return this.options.mapping;
    const own = formatOf(Object.keys(value), value)?.mapping;
    if (own && kindOf(own) === this.#kind) return own;
    if (this.#format) return this.#format.mapping;
    // Asked for one kind, a row must say what it lacks; otherwise nobody can tell yet what it is.
    if (!this.options.kind) return null;
    const nearest = nearestFormat(Object.keys(value)).mapping;
    if (kindOf(nearest) === this.options.kind) return nearest;
    return this.options.kind === 'sft'
      ? { shape: 'exchange', columns: { prompt: 'prompt', completion: 'completion' } }
      : { shape: 'preference', columns: { prompt: 'prompt', chosen: 'chosen', rejected: 'rejected' } };
  }
}

/**
 * A whole file at once.
 * @throws InputError where it is no text, too large, or without rows
 */
export function detectDataset(bytes: Uint8Array, name: string, options: DatasetOptions = {}): Dataset {
  const open = options.mapping ? missingFields(options.mapping) : [];
  if (open.length > 0)
    throw new InputError(name, `has no column for ${open.join(' and ')}.`, 'Choose a column for each.');
  const reader = new DatasetReader(name, options);
  reader.push(bytes);
  return reader.end();
}
