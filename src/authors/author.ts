/**
 * @file Who writes text for the method. KnowTuning needs four kinds of writing (Extract, Rewrite, Rephrase, Revise);
 * the paper lets gpt-3.5-turbo do them, here anything that implements this interface may. An author that cannot do a
 * row says why: it never invents.
 */

/** Something written, with remarks about what was left out; or the reason why nothing could be written. */
export type Authored<T> =
  | { readonly ok: true; readonly value: T; readonly problems: readonly string[] }
  | { readonly ok: false; readonly reason: string };

/** The row on whose behalf the author writes. `id` makes repeated calls for one row agree. */
export interface AuthorRow {
  readonly id: string;
  readonly question: string;
}

export type AuthorOperation = 'extract' | 'rewriteQuestion' | 'rewriteAnswer' | 'rephrase' | 'revise';

export interface Author {
  /** 'rules', 'openai', ...; with the version part of the key under which answers are kept. */
  readonly name: string;
  /** Of each operation: changes whenever the same input may give another output (prompt, model, seed, rules). */
  readonly versions: Readonly<Record<AuthorOperation, string>>;

  /** Extract: the atomic facts of an answer, each a sentence that stands alone, in the answer's order. */
  extract(row: AuthorRow & { readonly answer: string }, signal?: AbortSignal): Promise<Authored<string[]>>;

  /** Rewrite(q, K*): one question that asks for just the given atoms. */
  rewriteQuestion(row: AuthorRow, atoms: readonly string[], signal?: AbortSignal): Promise<Authored<string>>;

  /** Rewrite(K*): an answer that uses just the given atoms. */
  rewriteAnswer(row: AuthorRow, atoms: readonly string[], signal?: AbortSignal): Promise<Authored<string>>;

  /** Rephrase: the better answer, complete, in the atoms' order, in other words. */
  rephrase(row: AuthorRow, atoms: readonly string[], signal?: AbortSignal): Promise<Authored<string>>;

  /** Revise: the atom in the same frame with one slot made false. `index` is its place among the row's atoms. */
  revise(row: AuthorRow, atom: string, index: number, signal?: AbortSignal): Promise<Authored<string>>;
}
