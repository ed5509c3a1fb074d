/** @file Metadata of a GGUF file by key and kind: what is missing or of another kind is a message that names the key. */
import type { GgufFile, GgufValue } from './gguf.ts';
import { InputError } from './input_error.ts';

export class GgufMetadata {
  readonly place: string;
  readonly #values: ReadonlyMap<string, GgufValue>;

  constructor({ place, metadata }: Pick<GgufFile, 'place' | 'metadata'>) {
    this.place = place;
    this.#values = metadata;
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  /** @throws InputError */
  fail(key: string, problem: string): never {
    throw new InputError(
      this.place,
      `${key} ${problem}`,
      'Convert the model again with a current llama.cpp.',
    );
  }

  #require<T>(key: string, value: T | undefined): T {
    return value === undefined ? this.fail(key, 'is missing.') : value;
  }

  #maybe<T extends GgufValue>(
    key: string,
    what: string,
    is: (value: GgufValue) => value is T,
  ): T | undefined {
    const value = this.#values.get(key);
    if (value === undefined || is(value)) return value;
    return this.fail(key, `is no ${what}.`);
  }

  /** A whole number from 0 on; 64-bit ones too, where a number holds them. */
  maybeCount(key: string): number | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    const count = typeof value === 'bigint' ? Number(value) : value;
    if (typeof count === 'number' && Number.isSafeInteger(count) && count >= 0) return count;
    return this.fail(key, `is ${Array.isArray(value) ? 'a list' : String(value)}, but should be a count.`);
  }

  count(key: string): number {
    return this.#require(key, this.maybeCount(key));
  }

  maybeNumber(key: string): number | undefined {
    const isNumber = (v: GgufValue): v is number => typeof v === 'number' && Number.isFinite(v);
    return this.#maybe(key, 'finite number', isNumber);
  }

  number(key: string): number {
    return this.#require(key, this.maybeNumber(key));
  }

  maybeString(key: string): string | undefined {
    return this.#maybe(key, 'text', (v) => typeof v === 'string');
  }

  maybeBoolean(key: string): boolean | undefined {
    return this.#maybe(key, 'truth value', (v) => typeof v === 'boolean');
  }

  maybeStrings(key: string): readonly string[] | undefined {
    const isList = (v: GgufValue): v is readonly string[] =>
      Array.isArray(v) && v.every((item) => typeof item === 'string');
    return this.#maybe(key, 'list of texts', isList) as readonly string[] | undefined;
  }

  strings(key: string): readonly string[] {
    return this.#require(key, this.maybeStrings(key));
  }

  maybeNumbers(key: string): readonly number[] | undefined {
    const isList = (v: GgufValue): v is readonly number[] =>
      Array.isArray(v) && v.every((item) => typeof item === 'number' && Number.isFinite(item));
    return this.#maybe(key, 'list of numbers', isList) as readonly number[] | undefined;
  }
}
