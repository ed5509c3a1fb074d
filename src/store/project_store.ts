/**
 * @file The project that is being worked on, in IndexedDB: one record for each question and for each call of an author,
 * so that a change writes what it changes and no more. A write resolves when it is on disk; writes that come while
 * another is under way go together in the next transaction, all or none.
 */
import { delMany, get, keys, promisifyRequest, setMany, type UseStore } from 'idb-keyval';

/** The newest project: everything else in storage is left over from an older one. */
const CURRENT = 'current';
/** Records that are deleted in one transaction. */
const DELETED_AT_ONCE = 5000;

interface Current {
  readonly project: string;
  readonly header: unknown;
  readonly questions: number;
}

/** A project as it was saved. What its parts hold is not the store's business. */
export interface StoredProject {
  readonly project: string;
  readonly header: unknown;
  /** In their order. */
  readonly questions: readonly unknown[];
}

/** One writer at a time: the worker that holds the project's lock. */
export class ProjectStore {
  #waiting = new Map<string, unknown>();
  #writing: Promise<void> = Promise.resolve();
  #next: Promise<void> | null = null;
  /** Transactions that have written records, to see that changes go together. */
  transactions = 0;

  constructor(private readonly store: UseStore) {}

  /** Puts a new project in the place of the one that there is, which stays until the new one is on disk. */
  async begin(
    project: string,
    header: unknown,
    questions: readonly unknown[],
    calls: ReadonlyMap<string, unknown>,
  ): Promise<void> {
    await this.#writing;
    const current: Current = { project, header, questions: questions.length };
    await setMany(
      [
        ...questions.map((value, i): [string, unknown] => [questionKey(project, i), value]),
        ...[...calls].map(([key, value]): [string, unknown] => [callKey(project, key), value]),
        [CURRENT, current],
      ],
      this.store,
    );
    await this.#sweep(project);
  }

  /** Saves a question. */
  putQuestion(project: string, index: number, question: unknown): Promise<void> {
    return this.#put(questionKey(project, index), question);
  }

  /** Saves what an author wrote. */
  putCall(project: string, key: string, written: unknown): Promise<void> {
    return this.#put(callKey(project, key), written);
  }

  /** The project that was begun last, with all that was saved of its questions; null where there is none. */
  async load(): Promise<StoredProject | null> {
    const current = await get<Current>(CURRENT, this.store);
    if (!current) return null;
    const { project, header } = current;
    const questions: unknown[] = new Array(current.questions);
    for (const [name, value] of await this.#recordsOf(project, 'question')) questions[Number(name)] = value;
    return { project, header, questions };
  }

  /** What authors wrote for a project, by key. There are many more of them than questions: asked for by themselves. */
  async loadCalls(project: string): Promise<Map<string, unknown>> {
    return new Map(await this.#recordsOf(project, 'call'));
  }

  /** Records of one kind, each with the last part of its key. */
  #recordsOf(project: string, kind: 'question' | 'call'): Promise<[string, unknown][]> {
    const prefix = `${project}/${kind}/`;
    const range = IDBKeyRange.bound(prefix, `${prefix}\uffff`);
    return this.store('readonly', async (records) => {
      // Both are asked for in one transaction, so that they go together.
      const [names, values] = await Promise.all([
        promisifyRequest(records.getAllKeys(range)),
        promisifyRequest<unknown[]>(records.getAll(range)),
      ]);
      return names.map((name, i): [string, unknown] => [String(name).slice(prefix.length), values[i]]);
    });
  }

  /** Deletes the project. First its name, so that half a project is never opened. */
  async remove(): Promise<void> {
    await this.#writing;
    await delMany([CURRENT], this.store);
    await this.#sweep(null);
  }

  #put(key: string, value: unknown): Promise<void> {
    this.#waiting.set(key, value);
    this.#next ??= this.#writing.then(() => this.#flush());
    return this.#next;
  }

  async #flush(): Promise<void> {
    const records = [...this.#waiting];
    this.#waiting = new Map();
    this.#next = null;
    this.transactions++;
    const written = setMany(records, this.store);
    // A write that failed is told to whoever waits for it; later ones are tried all the same.
    this.#writing = written.catch(() => {});
    return written;
  }

  /** Deletes what belongs to other projects than this one. */
  async #sweep(project: string | null): Promise<void> {
    const all = await keys<string>(this.store);
    const old = all.filter((key) => key !== CURRENT && key.split('/')[0] !== project);
    for (let i = 0; i < old.length; i += DELETED_AT_ONCE)
      await delMany(old.slice(i, i + DELETED_AT_ONCE), this.store);
  }
}

const questionKey = (project: string, index: number) => `${project}/question/${index}`;
const callKey = (project: string, key: string) => `${project}/call/${key}`;
