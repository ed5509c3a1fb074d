/** @file JSON from outside: capped in size, UTF-8 or refused, parse errors and duplicate keys named. */
import { InputError } from './input_error.ts';

/** Most bytes of a JSON file (a tokenizer of 256k words is 34 MB). */
export const MAX_JSON_BYTES = 256 * 2 ** 20;

/**
 * UTF-8 text of a file, without a byte order mark.
 * @throws InputError where the bytes are not UTF-8 or more than `maxBytes`
 */
export function decodeUtf8(bytes: Uint8Array, place: string, maxBytes = MAX_JSON_BYTES): string {
  if (bytes.length > maxBytes)
    throw new InputError(
      place,
      `is ${bytes.length} bytes long, more than the ${maxBytes} that are read.`,
      'Use a smaller file.',
    );
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new InputError(place, 'is not UTF-8 text.', 'Save it as UTF-8.');
  }
}

/** The value of a JSON text. @throws InputError where it is not JSON */
export function parseJsonText(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(
      place,
      `is not valid JSON (${error instanceof Error ? error.message : String(error)}).`,
      'Repair the file or fetch it again.',
    );
  }
}

/** The value of a JSON file. @throws InputError where it is not UTF-8 or not JSON */
export function parseJson(bytes: Uint8Array, place: string, maxBytes = MAX_JSON_BYTES): unknown {
  return parseJsonText(decodeUtf8(bytes, place, maxBytes), place);
}

/** Whether a parsed value is an object (not null, not an array). */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The first key that occurs twice in one object of a JSON text already known to be valid, else null. */
export function duplicateKey(text: string): string | null {
  /** One entry per open bracket: the keys of an object, null for an array. */
  const open: (Set<string> | null)[] = [];
  // In valid JSON a string followed by a colon is a key; everything else but brackets can be passed over.
  const token = /"(?:[^"\\]|\\.)*"(\s*:)?|[{}[\]]/gs;
  for (let match = token.exec(text); match; match = token.exec(text)) {
    const [found, colon] = match;
    if (found === '{') open.push(new Set());
    else if (found === '[') open.push(null);
    else if (found === '}' || found === ']') open.pop();
    else if (colon !== undefined) {
      const key = JSON.parse(found.slice(0, found.length - colon.length)) as string;
      const keys = open.at(-1)!;
      if (keys!.has(key)) return key;
      keys!.add(key);
    }
  }
  return null;
}
