/** @file The studio's worker without a worker: build, edits, cancel, and a death at any moment, on a store in memory. */
import { describe, expect, it } from 'vitest';
import type { Author } from '../../src/authors/author.ts';
import { createWorldAuthor } from '../../src/authors/rules_world.ts';
import { defaultMethod } from '../../src/knowtuning/project.ts';
import { parseTrainRows } from '../../src/knowtuning/rows.ts';
import type { StoredProject } from '../../src/store/project_store.ts';
import { Studio } from '../../src/workers/studio.ts';
import type { StudioAnswer, StudioEvent } from '../../src/workers/studio_protocol.ts';
import { readAtlas, readRows } from '../authors/atlas.ts';

const world = readAtlas();
const rows = parseTrainRows(readRows<unknown>('train').slice(0, 40), 'train.jsonl');
const EVERYTHING = { search: '', aspect: null, only: null } as const;

/** Keeps copies, as a database does; after `life` writes nothing is kept any more and nothing is reported saved. */
class MemoryStore {
  saved: { project: string; header: unknown; questions: unknown[]; calls: Map<string, unknown> } | null =
    null;
  life = Number.POSITIVE_INFINITY;

  async begin(
    project: string,
    header: unknown,
    questions: readonly unknown[],
    calls: ReadonlyMap<string, unknown>,
  ) {
    this.saved = structuredClone({ project, header, questions: [...questions], calls: new Map(calls) });
  }
  putQuestion = (_: string, index: number, question: unknown) =>
    this.#write(() => {
      this.saved!.questions[index] = structuredClone(question);
    });
  putCall = (_: string, key: string, written: unknown) =>
    this.#write(() => {
      this.saved!.calls.set(key, structuredClone(written));
    });
  async load(): Promise<StoredProject | null> {
    return structuredClone(this.saved);
  }
  async #write(change: () => void): Promise<void> {
    if (this.life-- <= 0) return new Promise(() => {});
    change();
  }
}

/** Counts what it is asked, by operation and row. */
function counting(asked: string[]): Author {
  const author = createWorldAuthor(world, 1);
  return {
    ...author,
    extract: (row, signal) => {
      asked.push(`extract ${row.id}`);
      return author.extract(row, signal);
    },
    revise: (row, atom, index, signal) => {
      asked.push(`revise ${row.id} ${index}`);
      return author.revise(row, atom, index, signal);
    },
  };
}

function studio(store: MemoryStore, asked: string[] = []) {
  const events: StudioEvent[] = [];
  const waiting: (() => void)[] = [];
  let id = 0;
  const made = new Studio(
    store,
    async () => counting(asked),
    async () => {},
    () => `p${id++}`,
  );
  const port = {
    postMessage(event: StudioEvent) {
      events.push(event);
      for (const wake of waiting.splice(0)) wake();
    },
  };
  made.connect(port as unknown as MessagePort, 'http://localhost/');
  const until = async (kind: StudioEvent['kind']) => {
    while (!events.some((event) => event.kind === kind))
      await new Promise<void>((wake) => waiting.push(wake));
  };
  return { made, events, until };
}

function value<T>(answer: StudioAnswer<T>): T {
  if (!answer.ok) throw new Error(answer.failure.problem);
  return answer.value;
}

async function built(store = new MemoryStore(), asked: string[] = []) {
  const opened = studio(store, asked);
  value(await opened.made.start('test', rows, defaultMethod));
  value(opened.made.build());
  await opened.until('built');
  return opened;
}

const fileOf = (made: Studio) => new TextDecoder().decode(value(made.projectFile()));

describe('the studio', () => {
  it('builds a project, and has all of it in storage', async () => {
    const store = new MemoryStore();
    const { made, events } = await built(store);
    const shown = value(made.rows(0, 100));
    expect(shown).toHaveLength(rows.length);
    expect(shown.every(({ question }) => question.fineGrained && question.pairs.length > 0)).toBe(true);
    expect(events.filter(({ kind }) => kind === 'progress')).toHaveLength(rows.length);
    const reopened = studio(store).made;
    expect(value(await reopened.open())).toMatchObject({ questions: rows.length, unwritten: 0 });
    expect(JSON.parse(fileOf(reopened))).toEqual(JSON.parse(fileOf(made)));
  });

  it('goes on after a death at any moment, asking nothing again that was answered and saved', async () => {
    const whole = JSON.parse(fileOf((await built()).made));
    for (let kill = 0; kill < 20; kill++) {
      const store = new MemoryStore();
      store.life = 1 + kill * 15;
      const first = studio(store);
      value(await first.made.start('test', rows, defaultMethod));
      first.made.build();
      while (store.life > 0) await new Promise((resolve) => setTimeout(resolve));
      store.life = Number.POSITIVE_INFINITY;
      const kept = store.saved!.calls.size;
      const second = studio(store);
      value(await second.made.open());
      value(second.made.build());
      await second.until('built');
      const last = second.events.filter((event) => event.kind === 'progress').at(-1);
      expect(JSON.parse(fileOf(second.made))).toEqual(whole);
      expect(last).toMatchObject({ asked: Object.keys(whole.authorCalls).length - kept });
    }
  });

  it('stops when it is told to, and goes on from there', async () => {
    const asked: string[] = [];
    const store = new MemoryStore();
    const { made, events, until } = studio(store, asked);
    value(await made.start('test', rows, defaultMethod));
    made.build();
    await until('written');
    made.cancel();
    await until('cancelled');
    const written = events.filter(({ kind }) => kind === 'written').length;
    expect(written).toBeLessThan(rows.length);
    value(made.build());
    await until('built');
    expect(new Set(asked).size).toBe(asked.length);
  });

  it('saves an edit before it reports it, writes what follows from it, and undoes it', async () => {
    const store = new MemoryStore();
    const asked: string[] = [];
    const { made, events, until } = await built(store, asked);
    const [row] = value(made.rows(0, 1));
    const at = { part: 'atom', atom: 0 } as const;
    const calls = asked.length;
    const edited = value(await made.edit(0, { kind: 'exclude', at, excluded: true }));
    expect(store.saved!.questions[0]).toEqual(edited.question);
    events.length = 0;
    made.build();
    await until('built');
    expect(events.filter(({ kind }) => kind === 'progress')).toHaveLength(1);
    expect(asked.length).toBe(calls);
    const undone = value(await made.undo())!;
    expect(undone).toEqual(row);
    expect(store.saved!.questions[0]).toEqual(row!.question);
    expect(value(await made.redo())!.question).toEqual(edited.question);
    expect(value(await made.redo())).toBeNull();
    expect(await made.edit(0, { kind: 'write', at: { part: 'answer' }, text: ' ' })).toMatchObject({
      ok: false,
      failure: { kind: 'input', problem: 'is empty.' },
    });
  });

  it('shows the rows that a filter lets through', async () => {
    const { made, events, until } = await built();
    expect(value(made.filter({ ...EVERYTHING, search: rows[7]!.question.toUpperCase() }))).toBeGreaterThan(0);
    expect(value(made.rows(0, 99)).map(({ index }) => index)).toContain(7);
    expect(value(made.filter({ ...EVERYTHING, only: 'excluded' }))).toBe(0);
    value(await made.edit(3, { kind: 'exclude', at: { part: 'row' }, excluded: true }));
    expect(value(made.filter({ ...EVERYTHING, only: 'excluded' }))).toBe(1);
    expect(value(made.rows(0, 9))[0]!.index).toBe(3);
    expect(value(made.filter({ ...EVERYTHING, aspect: 'illogical' }))).toBe(rows.length);
    for (let atom = 1; atom < value(made.rows(0, 1))[0]!.question.atoms.length; atom++)
      value(await made.edit(0, { kind: 'exclude', at: { part: 'atom', atom }, excluded: true }));
    events.length = 0;
    made.build();
    await until('built');
    expect(value(made.filter({ ...EVERYTHING, aspect: 'illogical' }))).toBe(rows.length - 1);
  });

  it('takes what a model measured, and writes the fine-grained rows over the difficult facts', async () => {
    const { made, events, until } = await built();
    const before = value(made.rows(0, 99));
    const { index, question } = before.find(({ question: q }) => q.atoms.length > 1)!;
    const values = new Map([
      [question.id, question.atoms.map((_, i) => 2 + i)],
      [before.find((row) => row.index !== index)!.question.id, Array<number>(99).fill(1)],
    ]);
    expect(value(await made.takeMeasures(values, 'perplexity'))).toBe(1);
    events.length = 0;
    made.build();
    await until('built');
    const after = value(made.rows(index, 1))[0]!.question;
    expect(after.atoms.at(-1)).toMatchObject({ perplexity: 1 + question.atoms.length, difficult: true });
    expect(after.atoms[0]!.difficult).toBe(false);
    expect(after.fineGrained).not.toEqual(question.fineGrained);
    expect(after.pairs).toEqual(question.pairs);
  });

  it('exports a project that it imports as the same', async () => {
    const { made } = await built();
    const file = value(made.projectFile());
    const other = studio(new MemoryStore()).made;
    value(await other.importProject(file, 'project.json'));
    expect(fileOf(other)).toBe(fileOf(made));
    expect(await other.importProject(new TextEncoder().encode('{}'), 'x.json')).toMatchObject({ ok: false });
  });
});
