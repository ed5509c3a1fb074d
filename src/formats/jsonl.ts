/** @file Rows of a data file: JSON Lines, or one JSON array (Dolly's form). Every row keeps the line it came from. */
import { InputError } from './input_error.ts';
import { decodeUtf8, isJsonObject, parseJsonText } from './json.ts';

const MAX_ROWS = 1_000_000;

export interface JsonRow {
  /** 1-based line of a JSON Lines file, or 1-based index into an array. */
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
}

/**
 * All rows of a file; blank lines are passed over.
 * @param place shown in messages: the file
 * @throws InputError with file and line for a row that is not a JSON object, and for a file without rows
 */
export function parseJsonRows(bytes: Uint8Array, place: string): JsonRow[] {
  const text = decodeUtf8(bytes, place);
  const rows: JsonRow[] = [];
  const add = (value: unknown, line: number) => {
    if (!isJsonObject(value))
      throw new InputError(
        `${place}:${line}`,
        'the row is not a JSON object.',
        'Write one object per row, such as {"prompt": "...", "completion": "..."}.',
      );
    if (rows.length === MAX_ROWS)
      throw new InputError(place, `has more than ${MAX_ROWS} rows.`, 'Split the file.');
    rows.push({ line, value });
  };
  if (text.trimStart().startsWith('[')) {
    const array = parseJsonText(text, place);
    for (const [i, value] of (array as unknown[]).entries()) add(value, i + 1);
  } else
    for (const [i, line] of text.split('\n').entries())
      if (line.trim() !== '') add(parseJsonText(line, `${place}:${i + 1}`), i + 1);
  if (rows.length === 0)
    throw new InputError(place, 'holds no rows.', 'Write at least one row into the file.');
  return rows;
}
