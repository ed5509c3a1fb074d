/**
 * @file What authors wrote, kept by a hash of everything it depends on: a run that is repeated or resumed asks no one
 * again, and a changed prompt asks again only for what depends on it.
 */
import type { Author, Authored, AuthorOperation } from '../authors/author.ts';
import type { Project } from './project.ts';

type Kept = Project['authorCalls'];

/** SHA-256 of the call's operation, author, version and input, in hexadecimal. */
export async function authorCallKey(
  author: Pick<Author, 'name' | 'versions'>,
  operation: AuthorOperation,
  input: readonly unknown[],
): Promise<string> {
  const call = JSON.stringify([operation, author.name, author.versions[operation], ...input]);
  const digest = await globalThis.crypto.subtle.digest('SHA-256', new TextEncoder().encode(call));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** An author that remembers. `kept` starts with what an earlier run wrote and grows. */
export class RememberingAuthor implements Author {
  readonly name: string;
  readonly versions: Author['versions'];
  /** Calls that the author behind had to answer. */
  asked = 0;

  constructor(
    private readonly author: Author,
    readonly kept: Kept,
  ) {
    this.name = author.name;
    this.versions = author.versions;
  }

  extract: Author['extract'] = (row, signal) =>
    this.#call('extract', [row.id, row.question, row.answer], isTexts, () =>
      this.author.extract(row, signal),
    );

  rewriteQuestion: Author['rewriteQuestion'] = (row, atoms, signal) =>
    this.#call('rewriteQuestion', [row.id, row.question, atoms], isText, () =>
      this.author.rewriteQuestion(row, atoms, signal),
    );

  rewriteAnswer: Author['rewriteAnswer'] = (row, atoms, signal) =>
    this.#call('rewriteAnswer', [row.id, row.question, atoms], isText, () =>
      this.author.rewriteAnswer(row, atoms, signal),
    );

  rephrase: Author['rephrase'] = (row, atoms, signal) =>
    this.#call('rephrase', [row.id, row.question, atoms], isText, () =>
      this.author.rephrase(row, atoms, signal),
    );

  revise: Author['revise'] = (row, atom, index, signal) =>
    this.#call('revise', [row.id, row.question, atom, index], isText, () =>
      this.author.revise(row, atom, index, signal),
    );

  async #call<T extends string | string[]>(
    operation: AuthorOperation,
    input: readonly unknown[],
    isResult: (value: unknown) => value is T,
    ask: () => Promise<Authored<T>>,
  ): Promise<Authored<T>> {
    const key = await authorCallKey(this.author, operation, input);
    const known = this.kept[key];
    if (known && !known.ok) return known;
    if (known && isResult(known.value)) return { ok: true, value: known.value, problems: known.problems };
    this.asked++;
    const written = await ask();
    this.kept[key] = written.ok ? { ...written, problems: [...written.problems] } : written;
    return written;
  }
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isTexts = (value: unknown): value is string[] => Array.isArray(value);
