/** @file What each row takes of an author's calls, for an estimate of what all rows will. */
import type { Author, AuthorOperation, Took } from '../author.ts';
import { watchedAuthor } from '../watched_author.ts';
import { addTook, type SampledRow } from './extrapolate.ts';

export class RowMeter {
  /** @param rowOf the row on whose behalf a call is, from the id that it is made with */
  constructor(private readonly rowOf: (id: string) => string = (id) => id) {}

  readonly #rows = new Map<string, Partial<Record<AuthorOperation, Took>>>();
  #uncounted = 0;

  /** The author, its calls counted by row; also those that are remembered, where what they once took is. */
  watch(author: Author): Author {
    return watchedAuthor(author, (operation, { id }, { took }) => {
      if (!took) {
        this.#uncounted++;
        return;
      }
      const of = this.rowOf(id);
      const row = this.#rows.get(of) ?? {};
      row[operation] = addTook(row[operation], took);
      this.#rows.set(of, row);
    });
  }

  /** Things written whose tokens nobody counted, or that failed before there was a token. */
  get uncounted(): number {
    return this.#uncounted;
  }

  /** Of the rows with these ids; one of which nothing was asked has taken nothing. */
  sampled(rows: readonly { readonly id: string }[]): SampledRow[] {
    return rows.map(({ id }) => ({ id, took: this.#rows.get(id) ?? {} }));
  }
}
