/** @file Rows of CSV (or of tabs, or semicolons) as the text of the file comes in; the first row names the columns. */
import Papa from 'papaparse';
import { type DataRecord, MAX_ROW_LENGTH, type RecordReader, RowProblem } from './dataset_record.ts';

/** Characters that the delimiter is guessed from. */
const SAMPLE = 64 * 1024;

/** What Papa's parser of a piece of text returns; its declarations say any. */
interface Parsed {
  readonly data: string[][];
  readonly errors: readonly { readonly code: string; readonly row?: number }[];
  readonly meta: { readonly cursor: number };
}

const QUOTES: Readonly<Record<string, RowProblem>> = {
  MissingQuotes: new RowProblem(
    'opens a quote that is never closed.',
    'Close the quote, and write a quote within one twice.',
  ),
  InvalidQuotes: new RowProblem(
    'has a quote amid a quoted text.',
    'Write a quote within a quoted text twice.',
  ),
};

export class CsvReader implements RecordReader {
  /** Null until the header has been read. */
  columns: readonly string[] | null = null;
  #parser: Papa.Parser | null = null;
  #newline = '\n';
  #rest = '';
  #line = 1;
  #row = 0;

  push(text: string): DataRecord[] {
    this.#rest += text;
    if (!this.#parser && this.#rest.length < SAMPLE) return [];
    return this.#read(true);
  }

  end(): DataRecord[] {
    return this.#rest === '' ? [] : this.#read(false);
  }

  #begin(): Papa.Parser {
    const sample = this.#rest.slice(0, SAMPLE);
    if (!sample.includes('\n') && sample.includes('\r')) this.#newline = '\r';
    // Without skipping them, the nothing behind the last line break would count as a row of one field.
    const { meta } = Papa.parse(sample, {
      preview: 20,
      newline: this.#newline as '\n',
      skipEmptyLines: 'greedy',
    });
    // Papa's parser by itself, since only it takes text piece by piece.
    return new Papa.Parser({ delimiter: meta.delimiter, newline: this.#newline as '\n' });
  }

  #read(moreComes: boolean): DataRecord[] {
    this.#parser ??= this.#begin();
    const { data, errors, meta } = this.#parser.parse(this.#rest, 0, moreComes) as Parsed;
    const quotes = new Map(errors.map(({ row, code }) => [row, QUOTES[code]]));
    const records = data.flatMap((fields, i) => this.#record(fields, quotes.get(i)));
    this.#rest = moreComes ? this.#rest.slice(meta.cursor) : '';
    if (this.#rest.length <= MAX_ROW_LENGTH) return records;
    // A quote that is never closed would take the rest of the file for one text.
    this.#rest = '';
    return [...records, { line: this.#line, row: ++this.#row, value: QUOTES.MissingQuotes! }];
  }

  #record(given: string[], problem: RowProblem | undefined): DataRecord[] {
    const line = this.#line;
    this.#line += 1 + given.reduce((n, field) => n + field.split(this.#newline).length - 1, 0);
    // The parser knows one line break; of Windows' two characters the first is left at the end of the row.
    const fields = given.map((field, i) => (i === given.length - 1 ? field.replace(/\r$/, '') : field));
    if (fields.every((field) => field.trim() === '')) return [];
    if (this.columns === null) {
      this.columns = fields.map((field, i) => field.trim() || `column ${i + 1}`);
      return [];
    }
    const { columns } = this;
    const row = ++this.#row;
    if (problem) return [{ line, row, value: problem }];
    const extra = fields.slice(columns.length);
    if (fields.length < columns.length || extra.some((field) => field.trim() !== ''))
      return [
        {
          line,
          row,
          value: new RowProblem(
            `has ${fields.length} fields where the first line names ${columns.length} columns.`,
            'Put texts that contain the delimiter into quotes.',
          ),
        },
      ];
    return [{ line, row, value: Object.fromEntries(columns.map((column, i) => [column, fields[i]!])) }];
  }
}
