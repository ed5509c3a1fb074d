/**
 * @file What rows mean, in the forms that people have: {prompt, completion}, Alpaca, messages, {question, answer} for
 * SFT, and {prompt, chosen, rejected} for DPO. All rows are checked before the first is used.
 */
import type { PreferenceGroup, PromptCompletion } from '../train/tuner.ts';
import { InputError } from './input_error.ts';
import { isJsonObject } from './json.ts';
import { type JsonRow, parseJsonRows } from './jsonl.ts';

function fail(place: string, row: JsonRow, problem: string, cure: string): never {
  throw new InputError(`${place}:${row.line}`, problem, cure);
}

/** A field that must be a text with something in it. */
function text(place: string, row: JsonRow, key: string, alsoAllowed = ''): string {
  const value = row.value[key];
  if (value === undefined || value === null)
    fail(place, row, `row ${row.line} has no ${key}.`, `Give the row a "${key}"${alsoAllowed}.`);
  if (typeof value !== 'string')
    fail(place, row, `${key} of row ${row.line} is not a text.`, `Write "${key}" as a string.`);
  if (value.trim() === '')
    fail(place, row, `${key} of row ${row.line} is empty.`, `Write a ${key}, or remove the row.`);
  return value;
}

/** Alpaca's prompt: the instruction, and its input on the next line where there is one (as LLaMA-Factory joins them). */
function alpacaText(place: string, row: JsonRow): string {
  const instruction = text(place, row, 'instruction');
  const { input } = row.value;
  if (input === undefined || input === null || input === '') return instruction;
  if (typeof input !== 'string')
    fail(place, row, `input of row ${row.line} is not a text.`, 'Write "input" as a string.');
  return `${instruction}\n${input}`;
}

/** One user message and the assistant's answer. */
function exchange(place: string, row: JsonRow): PromptCompletion {
  const { messages } = row.value;
  const cure = 'Write [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}].';
  if (!Array.isArray(messages)) fail(place, row, `messages of row ${row.line} is not a list.`, cure);
  const contents = ['user', 'assistant'].map((role, i) => {
    const message: unknown = messages[i];
    if (!isJsonObject(message) || message.role !== role)
      fail(place, row, `message ${i + 1} of row ${row.line} is not from the ${role}.`, cure);
    return text(place, { line: row.line, value: message }, 'content');
  });
  if (messages.length !== 2)
    fail(
      place,
      row,
      `row ${row.line} has ${messages.length} messages; one question and one answer are supported.`,
      cure,
    );
  return { prompt: contents[0]!, completion: contents[1]! };
}

function sftRow(place: string, row: JsonRow): PromptCompletion {
  const has = (key: string) => Object.hasOwn(row.value, key);
  if (has('messages')) return exchange(place, row);
  if (has('instruction')) return { prompt: alpacaText(place, row), completion: text(place, row, 'output') };
  if (has('question'))
    return { prompt: text(place, row, 'question'), completion: text(place, row, 'answer') };
  return {
    prompt: text(place, row, 'prompt', ' (or a "question", an "instruction" or "messages")'),
    completion: text(place, row, 'completion'),
  };
}

function preferenceRow(place: string, row: JsonRow): PreferenceGroup {
  const prompt = Object.hasOwn(row.value, 'instruction')
    ? alpacaText(place, row)
    : text(place, row, 'prompt');
  const { rejected } = row.value;
  if (!Array.isArray(rejected))
    return {
      prompt,
      chosen: text(place, row, 'chosen'),
      rejected: [text(place, row, 'rejected')],
    };
  if (rejected.length === 0)
    fail(place, row, `rejected of row ${row.line} is empty.`, 'Give at least one worse answer.');
  return {
    prompt,
    chosen: text(place, row, 'chosen'),
    rejected: rejected.map((value: unknown) =>
      text(place, { line: row.line, value: { rejected: value } }, 'rejected'),
    ),
  };
}

/**
 * SFT (or scoring) rows of a file.
 * @param place shown in messages: the file
 * @throws InputError with file and line for the first row that lacks something
 */
export function parseSftRows(bytes: Uint8Array, place: string): PromptCompletion[] {
  return parseJsonRows(bytes, place).map((row) => sftRow(place, row));
}

/**
 * DPO rows of a file, one question each; `rejected` is one worse answer or a list of them.
 * @throws InputError with file and line for the first row that lacks something
 */
export function parsePreferenceRows(bytes: Uint8Array, place: string): PreferenceGroup[] {
  return parseJsonRows(bytes, place).map((row) => preferenceRow(place, row));
}

/** Prompts of a file: rows of any form, with or without an answer. @throws InputError with file and line */
export function parsePrompts(bytes: Uint8Array, place: string): string[] {
  return parseJsonRows(bytes, place).map((row) => {
    if (Object.hasOwn(row.value, 'messages')) return exchange(place, row).prompt;
    if (Object.hasOwn(row.value, 'instruction')) return alpacaText(place, row);
    return text(place, row, Object.hasOwn(row.value, 'question') ? 'question' : 'prompt');
  });
}
