/**
 * @file The forms of replies: the JSON schema that is asked for, and how a reply is read, first as that JSON and else
 * as plain text, which is all that some models write.
 */
import { FINDINGS, type Finding, VERDICTS, type Verdict } from './author.ts';
import { findJson, withoutThoughts } from './reply_json.ts';
import { splitSentences } from './statements.ts';

/** A reply that says nothing that can be used. */
export class UnreadableReply extends Error {
  override readonly name = 'UnreadableReply';
}

export interface ReplyForm<T> {
  /** A name for the schema, as endpoints ask for one. */
  readonly name: string;
  readonly schema: Readonly<Record<string, unknown>>;
  /** @throws UnreadableReply that says why */
  read(reply: string): T;
}

/** {"facts": ["...", ...]}; an empty list is a reply, too. */
export const FACTS: ReplyForm<string[]> = {
  name: 'facts',
  schema: objectOf('facts', { type: 'array', items: { type: 'string' } }),
  read: (reply) => readAs(reply, listFrom, plainList),
};

/** One line of text under a key. */
export function lineForm(name: 'question' | 'sentence'): ReplyForm<string> {
  const read = textFrom(name);
  return {
    name,
    schema: objectOf(name, { type: 'string' }),
    read: (reply) => oneLine(readAs(reply, read, plainText)),
  };
}

/** {"answer": "..."}, which may have paragraphs. */
export const ANSWER: ReplyForm<string> = {
  name: 'answer',
  schema: objectOf('answer', { type: 'string' }),
  read: (reply) => readAs(reply, textFrom('answer'), plainText),
};

/** {"verdict": "first" | "second" | "tie"} */
export const VERDICT: ReplyForm<Verdict> = choiceForm('verdict', VERDICTS);

/** {"finding": "supported" | "unsupported"} */
export const FINDING: ReplyForm<Finding> = choiceForm('finding', FINDINGS);

/** One of a few words; in prose, if just one of them occurs. */
function choiceForm<T extends string>(name: string, choices: readonly T[]): ReplyForm<T> {
  return {
    name,
    schema: objectOf(name, { type: 'string', enum: choices }),
    read: (reply) =>
      readAs(
        reply,
        (value) => {
          const text = textFrom(name)(value)?.toLowerCase();
          return choices.find((choice) => choice === text);
        },
        (text) => {
          const named = choices.filter((choice) => new RegExp(`\\b${choice}\\b`, 'i').test(text));
          return named.length === 1 ? named[0] : undefined;
        },
      ),
  };
}

function objectOf(key: string, value: object): Record<string, unknown> {
  return { type: 'object', properties: { [key]: value }, required: [key], additionalProperties: false };
}

function readAs<T>(
  reply: string,
  fromJson: (value: unknown) => T | undefined,
  fromText: (text: string) => T | undefined,
): T {
  const text = withoutThoughts(reply);
  if (text === '') throw new UnreadableReply('The reply is empty.');
  const { values, truncated } = findJson(text);
  for (const value of values) {
    const read = fromJson(value);
    if (read !== undefined) return read;
  }
  if (truncated) throw new UnreadableReply('The reply was cut off.');
  // JSON of another form must not be taken for text; "[1]" amid prose is none.
  const isProse = values.every((value) => Array.isArray(value) && value.every(Number.isFinite));
  const read = isProse ? fromText(text) : undefined;
  if (read === undefined)
    throw new UnreadableReply(`The reply is not of the form that was asked for: ${excerpt(text)}`);
  return read;
}

/** A list of texts: itself, or the one list in an object; its entries may be objects around a text. */
function listFrom(value: unknown): string[] | undefined {
  const list = Array.isArray(value) ? value : onlyValue(value, Array.isArray);
  if (!list) return undefined;
  const texts = list.map((entry: unknown) => (isText(entry) ? entry : onlyValue(entry, isText)));
  return texts.every(isText) ? texts.map(oneLine).filter((text) => text !== '') : undefined;
}

/** A text under its key, or the one text in an object. Empty ones do not count. */
function textFrom(key: string): (value: unknown) => string | undefined {
  return (value) => {
    const named = (value as Record<string, unknown> | null)?.[key];
    const text = isText(named) ? named : onlyValue(value, isText);
    return text?.trim() || undefined;
  };
}

function onlyValue<T>(value: unknown, is: (entry: unknown) => entry is T): T | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const found = Object.values(value).filter(is);
  return found.length === 1 ? found[0] : undefined;
}

const MARKER = /^\s*(?:\d+[.):]|[-*•])\s+/;

/** Numbered or marked lines, where there are any; else the sentences of all lines that do not only announce others. */
function plainList(text: string): string[] | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('```'));
  const marked = lines.filter((line) => MARKER.test(line));
  const chosen =
    marked.length > 0
      ? marked
      : lines
          .filter((line) => !line.trim().endsWith(':'))
          .flatMap((line) => splitSentences(line).map(({ text: sentence }) => sentence));
  const facts = chosen
    .map((line) => unquote(oneLine(line.replace(MARKER, ''))))
    .filter((line) => line !== '');
  return facts.length > 0 ? facts : undefined;
}

/** The text without a line that announces it, a label before it, or quotation marks around it. */
function plainText(text: string): string | undefined {
  const body = text.replace(/^[^\n]*:\s*\n+(?=\S)/, '').replace(/^(?:question|answer|sentence)\s*:\s*/i, '');
  return unquote(body.trim()) || undefined;
}

function unquote(text: string): string {
  return /^"[^"]*"$|^“[^”]*”$/.test(text) ? text.slice(1, -1).trim() : text;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}

function excerpt(text: string): string {
  const line = oneLine(text);
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}

const isText = (value: unknown): value is string => typeof value === 'string';
