/** @file An author that is watched: whoever wants to know hears of each thing written, and for which row. */
import type { Author, Authored, AuthorOperation, AuthorRow } from './author.ts';

/** Told what was written, or that nothing could be. */
export type OnWritten = (operation: AuthorOperation, row: AuthorRow, written: Authored<unknown>) => void;

/** The same author, watched. */
export function watchedAuthor(author: Author, onWritten: OnWritten): Author {
  const watch =
    <Row extends AuthorRow, Rest extends readonly unknown[], T>(
      operation: AuthorOperation,
      write: (row: Row, ...rest: Rest) => Promise<Authored<T>>,
    ) =>
    async (row: Row, ...rest: Rest): Promise<Authored<T>> => {
      const written = await write(row, ...rest);
      onWritten(operation, row, written);
      return written;
    };
  return {
    name: author.name,
    versions: author.versions,
    concurrency: author.concurrency,
    extract: watch('extract', (...call) => author.extract(...call)),
    rewriteQuestion: watch('rewriteQuestion', (...call) => author.rewriteQuestion(...call)),
    rewriteAnswer: watch('rewriteAnswer', (...call) => author.rewriteAnswer(...call)),
    rephrase: watch('rephrase', (...call) => author.rephrase(...call)),
    revise: watch('revise', (...call) => author.revise(...call)),
    judge: watch('judge', (...call) => author.judge(...call)),
    check: watch('check', (...call) => author.check(...call)),
    answer: watch('answer', (...call) => author.answer(...call)),
  };
}
