/**
 * @file Who writes text for the method. KnowTuning needs four kinds of writing (Extract, Rewrite, Rephrase, Revise);
 * the paper lets gpt-3.5-turbo do them, here anything that implements this interface may. Comparing methods takes
 * three more: judging two answers, checking a fact, and answering. An author that cannot do a row says why: it never invents.
 */

/** Calls to a language model that something took, and their tokens, as whoever answered counted them. */
export interface Took {
  readonly calls: number;
  readonly prompt: number;
  readonly completion: number;
}

/** Something written, with remarks about what was left out; or the reason why nothing could be written. */
export type Authored<T> =
  | {
      readonly ok: true;
      readonly value: T;
      readonly problems: readonly string[];
      /** Where a language model was called, and its tokens were counted. */
      readonly took?: Took;
    }
  | {
      readonly ok: false;
      readonly reason: string;
      /** Whether it is worth asking again later: the connection broke, say. Such a failure is not remembered. */
      readonly passing?: true;
      readonly took?: Took;
    };

/** The row on whose behalf the author writes. `id` makes repeated calls for one row agree. */
export interface AuthorRow {
  readonly id: string;
  readonly question: string;
}

/** What two answers are compared by: the paper's GPT-4 judge by the first three, RLAIF by helpfulness. */
export const JUDGED_ASPECTS = ['completeness', 'factuality', 'logicality', 'helpfulness'] as const;
export type JudgedAspect = (typeof JUDGED_ASPECTS)[number];

/** Which of two answers is better. */
export const VERDICTS = ['first', 'second', 'tie'] as const;
export type Verdict = (typeof VERDICTS)[number];

/** Whether a text bears a fact out (FActScore's question). */
export const FINDINGS = ['supported', 'unsupported'] as const;
export type Finding = (typeof FINDINGS)[number];

export const AUTHOR_OPERATIONS = [
  'extract',
  'rewriteQuestion',
  'rewriteAnswer',
  'rephrase',
  'revise',
  'judge',
  'check',
  'answer',
] as const;
export type AuthorOperation = (typeof AUTHOR_OPERATIONS)[number];

export interface Author {
  /** 'rules', 'openai', ...; with the version part of the key under which answers are kept. */
  readonly name: string;
  /** Of each operation: changes whenever the same input may give another output (prompt, model, seed, rules). */
  readonly versions: Readonly<Record<AuthorOperation, string>>;
  /** How many calls it is worth having under way at once; 1 where one call does not wait for anything. */
  readonly concurrency: number;

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

  /** Which of two answers to the row's question is better in one aspect. Whoever asks swaps the two and asks again. */
  judge(
    row: AuthorRow,
    first: string,
    second: string,
    aspect: JudgedAspect,
    signal?: AbortSignal,
  ): Promise<Authored<Verdict>>;

  /** Whether the row's answer bears out a fact, which was taken from another answer to the same question. */
  check(
    row: AuthorRow & { readonly answer: string },
    fact: string,
    signal?: AbortSignal,
  ): Promise<Authored<Finding>>;

  /** An answer to the row's question, of the author's own knowledge. */
  answer(row: AuthorRow, signal?: AbortSignal): Promise<Authored<string>>;
}
