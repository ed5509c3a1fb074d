/** @file An author that takes note of calls that brought no reply but might later, for whoever is to ask again. */
import type { Author } from './author.ts';

export interface WatchedAuthor {
  readonly author: Author;
  /** Whether a call failed that is worth making again. */
  readonly failed: () => boolean;
}

/** The author behind, call by call. */
export function watchAuthor(behind: Author): WatchedAuthor {
  let failed = false;
  const noted = async <T extends { readonly ok: boolean; readonly passing?: true }>(
    call: Promise<T>,
  ): Promise<T> => {
    const result = await call;
    if (result.passing) failed = true;
    return result;
  };
  const author: Author = {
    ...{ name: behind.name, versions: behind.versions, concurrency: behind.concurrency },
    extract: (...input) => noted(behind.extract(...input)),
    rewriteQuestion: (...input) => noted(behind.rewriteQuestion(...input)),
    rewriteAnswer: (...input) => noted(behind.rewriteAnswer(...input)),
    rephrase: (...input) => noted(behind.rephrase(...input)),
    revise: (...input) => noted(behind.revise(...input)),
    judge: (...input) => noted(behind.judge(...input)),
    check: (...input) => noted(behind.check(...input)),
    answer: (...input) => noted(behind.answer(...input)),
  };
  return { author, failed: () => failed };
}
