/**
 * @file What authors have written, in a file of the result directory, one line for each call as it is answered: a run
 * that dies at any moment has lost no answer, and the next one asks only for the rest.
 */
import { closeSync, mkdirSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Took } from '../authors/author.ts';
import { InputError } from '../formats/input_error.ts';
import type { OnAuthorCall } from '../knowtuning/author_calls.ts';
import { type AuthorCalls, parseAuthorCall } from '../knowtuning/project.ts';

export const JOURNAL = 'author_calls.jsonl';

export interface AuthorJournal {
  /** What earlier runs wrote. */
  readonly kept: AuthorCalls;
  /** Of these what was counted as they were written: calls and tokens by key. */
  readonly took: Readonly<Record<string, Took>>;
  /** Writes a call down before its result is used. */
  readonly append: OnAuthorCall;
  close(): void;
}

/**
 * Opens the journal of a result directory, which need not exist.
 * @throws InputError for a line that is no call
 */
export function openJournal(directory: string): AuthorJournal {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, JOURNAL);
  const file = openSync(path, 'a+');
  const bytes = readFileSync(path);
  // A run that was killed as it wrote has left a line without an end.
  const whole = bytes.lastIndexOf('\n') + 1;
  if (whole < bytes.length) truncateSync(path, whole);
  const kept: AuthorCalls = {};
  const took: Record<string, Took> = {};
  for (const [i, line] of bytes.subarray(0, whole).toString('utf8').split('\n').entries()) {
    if (line === '') continue;
    const { key, written, took: counted } = readLine(line, `${path}:${i + 1}`);
    kept[key] = written;
    if (counted) took[key] = counted;
  }
  return {
    kept,
    took,
    append({ key, operation, written, took }) {
      const counted = took ? { took } : {};
      writeSync(file, `${JSON.stringify({ key, operation, ...written, ...counted })}\n`);
    },
    close: () => closeSync(file),
  };
}

function readLine(line: string, place: string): ReturnType<typeof parseAuthorCall> {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new InputError(place, 'is not JSON.', 'Delete the line; that call is made anew.');
  }
  return parseAuthorCall(json, place);
}
