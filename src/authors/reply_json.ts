/**
 * @file JSON in what a language model replies: alone, in a code fence, amid prose, or not quite right. JSON that was
 * cut off is never completed by guessing.
 */
import { jsonrepair } from 'jsonrepair';

export interface FoundJson {
  /** Whole values, in the order in which they begin. */
  readonly values: readonly unknown[];
  /** Whether a value begins and never ends. */
  readonly truncated: boolean;
}

/** What a model thought before it replied, as several servers pass it on. */
const THOUGHTS = /<think>[\s\S]*?<\/think>/g;

/** A reply without its thoughts. */
export function withoutThoughts(reply: string): string {
  return reply.replace(THOUGHTS, '').trim();
}

/** All objects and arrays of a reply that are not inside another. */
export function findJson(reply: string): FoundJson {
  const text = withoutThoughts(reply);
  // Thoughts that never end are a reply that was cut off before it began.
  if (text.startsWith('<think>')) return { values: [], truncated: true };
  const values: unknown[] = [];
  let at = 0;
  for (;;) {
    const start = text.slice(at).search(/[{[]/);
    if (start < 0) return { values, truncated: false };
    const from = at + start;
    const end = endOfValue(text, from);
    if (end === null) {
      // A bracket in prose is no JSON: what follows one must look like the beginning of a value.
      if (/^[{[]\s*(?:["'{[]|$)/.test(text.slice(from))) return { values, truncated: true };
      at = from + 1;
      continue;
    }
    const value = parseLeniently(text.slice(from, end));
    if (value !== undefined) values.push(value);
    at = end;
  }
}

/** Where the value that begins at a bracket ends, exclusive; null if it does not. */
function endOfValue(text: string, from: number): number | null {
  let depth = 0;
  let inString = false;
  for (let i = from; i < text.length; i++) {
    const c = text[i];
    if (inString) {
      if (c === '\\') i++;
      else if (c === '"') inString = false;
    } else if (c === '"') inString = true;
    else if (c === '{' || c === '[') depth++;
    else if (c === '}' || c === ']') {
      depth--;
      if (depth === 0) return i + 1;
    }
  }
  return null;
}

/** Also with trailing commas, line breaks in strings and the like, which small models write. */
function parseLeniently(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    try {
      return JSON.parse(jsonrepair(text));
    } catch {
      return undefined;
    }
  }
}
