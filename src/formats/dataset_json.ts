/** @file Rows of JSON as the text of the file comes in: an object on each line, or the elements of one array. */
import { type DataRecord, MAX_ROW_LENGTH, type RecordReader, RowProblem } from './dataset_record.ts';
import { isJsonObject } from './json.ts';

const NOT_AN_OBJECT = new RowProblem(
  'is not a JSON object.',
  'Write one object per row, such as {"prompt": "...", "completion": "..."}.',
);

function parse(text: string): DataRecord['value'] {
  try {
    const value: unknown = JSON.parse(text);
    return isJsonObject(value) ? value : NOT_AN_OBJECT;
  } catch (error) {
    return new RowProblem(
      `is not valid JSON (${error instanceof Error ? error.message : String(error)}).`,
      'Write one JSON object per line, or one array of objects.',
    );
  }
}

const TOO_LONG = new RowProblem(
  `has more than ${MAX_ROW_LENGTH} characters.`,
  'Check that the row before it ends as it should.',
);

/** JSON Lines. */
export class JsonLinesReader implements RecordReader {
  #rest = '';
  #line = 1;
  #row = 0;

  push(text: string): DataRecord[] {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    return lines.flatMap((line) => this.#read(line));
  }

  end(): DataRecord[] {
    return this.#read(this.#rest);
  }

  #read(text: string): DataRecord[] {
    const line = this.#line++;
    if (text.trim() === '') return [];
    this.#row++;
    return [{ line, row: this.#row, value: text.length > MAX_ROW_LENGTH ? TOO_LONG : parse(text) }];
  }
}

/**
 * The elements of one array. Only brackets, commas and strings are followed; whether an element is JSON is for the
 * parser to say, so that one bad element costs no other.
 */
export class JsonArrayReader implements RecordReader {
  #text = '';
  /** Where the next character is looked at, and where the element began that is being read. */
  #at = 0;
  #start = 0;
  #depth = 0;
  #inString = false;
  #line = 1;
  #startLine = 1;
  #row = 0;
  #over = false;

  push(text: string): DataRecord[] {
    this.#text += text;
    const records: DataRecord[] = [];
    const special = /["\\[\]{},\n]/g;
    let next = this.#at;
    special.lastIndex = next;
    for (let match = special.exec(this.#text); match; match = special.exec(this.#text)) {
      const { index } = match;
      // What a backslash stands before is passed over, even if it only comes with the next piece.
      const escapes = match[0] === '\\' && this.#inString;
      if (!escapes) this.#step(match[0], index, records);
      next = index + (escapes ? 2 : 1);
      special.lastIndex = next;
    }
    this.#at = Math.max(this.#text.length, next);
    this.#forget();
    return records;
  }

  end(): DataRecord[] {
    const rest = this.#text.slice(this.#start).trim();
    if (this.#over && rest === '') return [];
    return [
      {
        line: this.#startLine,
        row: ++this.#row,
        value: this.#over
          ? new RowProblem('comes after the end of the array.', 'Put all rows into one array.')
          : new RowProblem(
              'is cut off: the file ends before the array does.',
              'Fetch or save the file again.',
            ),
      },
    ];
  }

  #step(character: string, index: number, records: DataRecord[]): void {
    if (character === '\n') this.#line++;
    else if (this.#inString) {
      if (character === '"') this.#inString = false;
    } else if (character === '"') this.#inString = true;
    else if (character === '[' || character === '{') {
      this.#depth++;
      if (this.#depth === 1) this.#begin(index + 1);
    } else if (character === ',') {
      if (this.#depth === 1) this.#finish(index, records);
    } else if (character === ']' || character === '}') {
      if (this.#depth === 1) {
        this.#finish(index, records, true);
        this.#over = true;
      }
      this.#depth--;
    }
  }

  #begin(at: number): void {
    this.#start = at;
    this.#startLine = this.#line;
  }

  /** An element ends here; an array may hold none at all. */
  #finish(index: number, records: DataRecord[], last = false): void {
    const text = this.#text.slice(this.#start, index);
    const blank = /^\s*/.exec(text)![0];
    if (blank.length < text.length || !last || this.#row > 0)
      records.push({
        line: this.#startLine + (blank.match(/\n/g)?.length ?? 0),
        row: ++this.#row,
        value: text.length > MAX_ROW_LENGTH ? TOO_LONG : parse(text),
      });
    this.#begin(index + 1);
  }

  /** Drops the text of rows that are done. */
  #forget(): void {
    this.#text = this.#text.slice(this.#start);
    this.#at -= this.#start;
    this.#start = 0;
  }
}
