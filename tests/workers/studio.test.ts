/** @file The studio's worker without a worker: build, edits, cancel, and a death at any moment, on a store in memory. */
import { unzipSync } from 'fflate';
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
const EVERYTHING = { search: '', aspect: null, only: null, finding: null } as const;

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
  async remove() {
    this.saved = null;
  }
  async load(): Promise<StoredProject | null> {
    return structuredClone(this.saved);
  }
  loadCalls = async () => structuredClone(this.saved!.calls);
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

function studio(store: MemoryStore, asked: string[] = [], author: Author = counting(asked)) {
  const events: StudioEvent[] = [];
  const waiting: (() => void)[] = [];
  let id = 0;
  const made = new Studio(
    store,
    async () => ({ author, usage: () => null }),
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

const fileOf = async (made: Studio) => new TextDecoder().decode(value(await made.projectFile()));

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
    expect(JSON.parse(await fileOf(reopened))).toEqual(JSON.parse(await fileOf(made)));
  });

  it('goes on after a death at any moment, asking nothing again that was answered and saved', async () => {
    const whole = JSON.parse(await fileOf((await built()).made));
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
      expect(JSON.parse(await fileOf(second.made))).toEqual(whole);
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
    const file = value(await made.projectFile());
    const other = studio(new MemoryStore()).made;
    value(await other.importProject(file, 'project.json'));
    expect(await fileOf(other)).toBe(await fileOf(made));
    expect(await other.importProject(new TextEncoder().encode('{}'), 'x.json')).toMatchObject({ ok: false });
  });

  it('leaves unwritten what brought no reply, once in each build, and keeps what there is', async () => {
    let down = true;
    const asked: string[] = [];
    const author = counting(asked);
    const failing: Author = {
      ...author,
      rephrase: async (row, atoms, signal) => {
        asked.push(`rephrase ${row.id}`);
        return down && row.id === rows[2]!.id
          ? { ok: false, reason: 'The connection broke.', passing: true }
          : author.rephrase(row, atoms, signal);
      },
    };
    const { made, events, until } = studio(new MemoryStore(), asked, failing);
    value(await made.start('test', rows, defaultMethod));
    made.build();
    await until('built');
    expect(events.at(-1)).toEqual({ kind: 'built', failed: 1 });
    expect(value(made.view())).toMatchObject({ unwritten: 1, building: false });
    const left = value(made.rows(2, 1))[0]!.question;
    expect(left.problems).toContainEqual({ operation: 'rephrase', reason: 'The connection broke.' });
    expect([left.fineGrained === null, left.better]).toEqual([false, null]);
    down = false;
    const before = asked.length;
    events.length = 0;
    made.build();
    await until('built');
    expect(asked.slice(before)).toEqual([`rephrase ${rows[2]!.id}`]);
    expect(value(made.view()).unwritten).toBe(0);
    expect(value(made.rows(2, 1))[0]!.question.problems).toEqual([]);
  });

  it('audits what there is, and forgets the findings of a question that was edited', async () => {
    const { made } = await built();
    const [row] = value(made.rows(0, 1));
    const text = row!.question.better!;
    value(await made.edit(0, { kind: 'write', at: { part: 'worse', aspect: 'nonfactual' }, text }));
    const audit = value(await made.audit());
    expect(audit.counts[0]).toMatchObject({ kind: 'equal-sides', severity: 'error', count: 1 });
    expect(audit.unmarkedPairs).toBeLessThan(audit.pairs);
    expect(value(made.filter({ ...EVERYTHING, finding: 'equal-sides' }))).toBe(1);
    expect(value(made.rows(0, 1))[0]!.findings.map(({ kind }) => kind)).toContain('equal-sides');
    value(await made.undo());
    expect(value(made.filter({ ...EVERYTHING, finding: 'equal-sides' }))).toBe(0);
  });

  it('says what an endpoint will cost for what is unwritten, and takes no address that is none', async () => {
    const { made } = studio(new MemoryStore());
    value(await made.start('test', rows, defaultMethod));
    expect(value(made.estimate())).toBeNull();
    const endpoint = {
      kind: 'openai',
      ...{ baseUrl: 'http://127.0.0.1:1/v1/', model: 'm', key: null, concurrency: 2 },
      prices: { input: 1, output: 2 },
    } as const;
    value(await made.setAuthor(endpoint));
    const estimate = value(made.estimate())!;
    expect(estimate.questions).toBe(rows.length);
    expect(estimate.total.cost).toBeCloseTo(
      (estimate.total.prompt_tokens + 2 * estimate.total.completion_tokens) / 1e6,
      9,
    );
    for (const wrong of [{ baseUrl: 'my server' }, { baseUrl: 'ftp://x/v1' }, { model: ' ' }])
      expect(await made.setAuthor({ ...endpoint, ...wrong })).toMatchObject({ ok: false });
    expect(value(made.view()).author).toBe('openai');
  });

  it('asks about the passages of a text, hands out data sets, and is removed', async () => {
    const { made } = studio(new MemoryStore());
    const text = '# Ferries\n\nThe ferry to Brightholm sails at noon. It carries forty people.';
    expect(await made.startDocument('Notes', 'nothing', defaultMethod)).toMatchObject({ ok: false });
    expect(value(await made.startDocument('Notes', text, defaultMethod))).toMatchObject({ name: 'Notes' });
    expect(value(made.rows(0, 1))[0]!.question.question).toBe('What does the text say about Ferries?');
    expect(Object.keys(unzipSync(value(made.exportZip('trl'))))).toContain('data/trl/sft.jsonl');
    value(await made.remove());
    expect(made.view()).toMatchObject({ ok: false, failure: { kind: 'input' } });
    expect(value(await made.open())).toBeNull();
  });

  it('hears nothing more of a build once another project has come in its place', async () => {
    const { made, events, until } = studio(new MemoryStore());
    value(await made.start('first', rows, defaultMethod));
    made.build();
    await until('written');
    value(await made.start('second', rows.slice(0, 3), defaultMethod));
    events.length = 0;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(events).toEqual([]);
    made.build();
    await until('built');
    expect(value(made.view())).toMatchObject({ name: 'second', questions: 3, unwritten: 0 });
  });
});
