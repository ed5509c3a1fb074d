import { beforeAll, describe, expect, it } from 'vitest';
import type { Author } from '../../src/authors/author.ts';
import { authorCallKey } from '../../src/authors/call_input.ts';
import { createWorldAuthor } from '../../src/authors/rules_world.ts';
import { parseStatement, splitSentences } from '../../src/authors/statements.ts';
import { valueText } from '../../src/authors/world.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { augmentedRows, originalRows } from '../../src/knowtuning/augment.ts';
import { RememberingAuthor, type WrittenCall } from '../../src/knowtuning/author_calls.ts';
import {
  extractAtoms,
  selectAtoms,
  writeComparisons,
  writeFineGrained,
} from '../../src/knowtuning/prepare.ts';
import { defaultMethod, type Project, parseProject, startProject } from '../../src/knowtuning/project.ts';
import { parseTrainRows } from '../../src/knowtuning/rows.ts';
import { readAtlas, readRows } from '../authors/atlas.ts';

const world = readAtlas();
const rows = parseTrainRows(readRows<unknown>('train').slice(0, 200), 'train.jsonl');

/** Gives every atom a perplexity: its length, so that longer sentences are "difficult". */
const measured = (project: Project): Project => ({
  ...project,
  questions: project.questions.map((question) => ({
    ...question,
    atoms: question.atoms.map((atom) => ({ ...atom, perplexity: atom.text.length })),
  })),
});

async function build(author: Author, trainRows = rows): Promise<Project> {
  let project = await extractAtoms(startProject('test', trainRows, defaultMethod), author);
  project = selectAtoms(measured(project));
  project = await writeFineGrained(project, author);
  return writeComparisons(project, author);
}

describe('the data sets of 200 bundled questions', () => {
  let project: Project;
  beforeAll(async () => {
    project = await build(createWorldAuthor(world));
  });

  it('have atoms, a fine-grained row, a better answer and pairs for every question, and no problem', () => {
    for (const question of project.questions) {
      const n = question.atoms.length;
      expect(question.problems).toEqual([]);
      expect(question.atoms.filter((atom) => atom.difficult)).toHaveLength(Math.ceil(n / 2));
      expect(question.fineGrained).not.toBeNull();
      expect(question.pairs.map((pair) => pair.aspect)).toEqual(
        n > 1 ? ['incomplete', 'nonfactual', 'illogical'] : ['nonfactual'],
      );
    }
    expect(project.questions.some((question) => question.atoms.length > 2)).toBe(true);
  });

  it('double the rows of Stage I, the given ones first', () => {
    const all = augmentedRows(project);
    expect(all).toHaveLength(400);
    expect(all.slice(0, 200)).toEqual(originalRows(project));
  });

  it('hold in fine-grained answers just the difficult facts', () => {
    for (const question of project.questions) {
      const difficult = question.atoms.filter((atom) => atom.difficult).map((atom) => facts(atom.text)[0]);
      expect(facts(question.fineGrained!.answer)).toEqual(difficult);
    }
  });

  it('hold all facts in the better answer, and only false ones in the nonfactual answer', () => {
    for (const question of project.questions) {
      expect(facts(question.better!)).toEqual(question.atoms.map((atom) => facts(atom.text)[0]));
      const nonfactual = question.pairs.find((pair) => pair.aspect === 'nonfactual')!;
      expect(nonfactual.changed).toHaveLength(question.atoms.length);
      for (const [entity, slot, value] of facts(nonfactual.worse)) {
        expect(value).not.toBe(valueText(world.entities.get(entity!)!.facts.get(slot!)!));
      }
    }
  });

  it('read back as they were written', () => {
    expect(parseProject(JSON.parse(JSON.stringify(project)))).toEqual(project);
  });

  it('do not depend on which rows are done, nor in what order', async () => {
    const reversed = await build(createWorldAuthor(world), [...rows].reverse().slice(50));
    for (const question of reversed.questions) {
      expect(question).toEqual(project.questions.find(({ id }) => id === question.id));
    }
  });

  const facts = (text: string) =>
    splitSentences(text).map((part) => {
      const { entity, slot, value } = parseStatement(world, part.text)!;
      return [entity, slot, value];
    });
});

describe('what cannot be done', () => {
  it('is said for the row, and the run goes on', async () => {
    const odd = [
      { id: 'odd', question: 'Who are you?', answer: 'I am a model.' },
      { id: 'half', question: 'Q', answer: 'The symbol of Iron is Fe. I like it.' },
    ];
    const told: string[] = [];
    const author = createWorldAuthor(world);
    const start = startProject('test', odd, defaultMethod);
    const project = await extractAtoms(start, author, {
      onProblem: (id, operation) => told.push(`${id} ${operation}`),
    });
    expect(told).toEqual(['odd extract', 'half extract']);
    expect(project.questions[0]!.problems[0]!.reason).toContain('I am a model.');
    const done = await writeComparisons(
      await writeFineGrained(selectAtoms(measured(project)), author),
      author,
    );
    expect(done.questions[0]).toMatchObject({ fineGrained: null, better: null, pairs: [] });
    expect(augmentedRows(done)).toHaveLength(3);
  });

  it('ends the run where no answer has a fact, where atoms were not measured, and on request', async () => {
    const author = createWorldAuthor(world);
    const hopeless = startProject('test', [{ id: 'a', question: 'q', answer: 'No.' }], defaultMethod);
    await expect(extractAtoms(hopeless, author)).rejects.toThrow(InputError);
    const project = await extractAtoms(startProject('test', rows.slice(0, 2), defaultMethod), author);
    expect(() => selectAtoms(project)).toThrow(/measured/);
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(extractAtoms(project, author, { signal })).rejects.toThrow('stopped');
  });
});

describe('questions that are done several at a time', () => {
  /** The world's author with answers that take their time, the first row the longest. */
  function slowAuthor(concurrency: number): { author: Author; most: () => number; asked: () => number } {
    const author = createWorldAuthor(world);
    let [underWay, most, asked] = [0, 0, 0];
    return {
      author: {
        ...author,
        concurrency,
        async extract(row) {
          const place = asked++;
          most = Math.max(most, ++underWay);
          await new Promise((resolve) => setTimeout(resolve, place % concurrency === 0 ? 30 : 1));
          underWay--;
          return author.extract(row);
        },
      },
      most: () => most,
      asked: () => asked,
    };
  }

  it('are as many as the author is worth, and keep their order', async () => {
    const start = startProject('test', rows.slice(0, 30), defaultMethod);
    const alone = await extractAtoms(start, createWorldAuthor(world));
    for (const concurrency of [1, 4]) {
      const slow = slowAuthor(concurrency);
      expect(await extractAtoms(start, slow.author)).toEqual(alone);
      expect(slow.most()).toBe(concurrency);
    }
  });

  it('stop where the work fails, once what is under way has ended', async () => {
    const slow = slowAuthor(4);
    const ended: string[] = [];
    const failing: Author = {
      ...slow.author,
      async extract(row) {
        if (row.id === rows[3]!.id) throw new InputError('key', 'is wrong.', 'Give another.');
        const written = await slow.author.extract(row);
        ended.push(row.id);
        return written;
      },
    };
    const start = startProject('test', rows.slice(0, 30), defaultMethod);
    await expect(extractAtoms(start, failing)).rejects.toThrow('key: is wrong.');
    expect(ended).toHaveLength(slow.asked());
    expect(slow.asked()).toBe(3);
  });
});

describe('an author that remembers', () => {
  const few = rows.slice(0, 5);

  it('asks no one again, and only for what a changed version concerns', async () => {
    const author = createWorldAuthor(world);
    const first = new RememberingAuthor(author, {});
    const project = await build(first, few);
    expect(first.asked).toBe(Object.keys(first.kept).length);
    expect(first.asked).toBeGreaterThan(20);

    const again = new RememberingAuthor(author, structuredClone(first.kept));
    expect(await build(again, few)).toEqual(project);
    expect(again.asked).toBe(0);

    const changed: Author = { ...author, versions: { ...author.versions, rephrase: 'new' } };
    const third = new RememberingAuthor(changed, structuredClone(first.kept));
    await build(third, few);
    expect(third.asked).toBe(few.length);
  });

  it('asks again where a failure was passing, and only there', async () => {
    const author = createWorldAuthor(world);
    let broken = true;
    const unreliable: Author = {
      ...author,
      rephrase: async (row, atoms) =>
        broken ? { ok: false, reason: 'The connection broke.', passing: true } : author.rephrase(row, atoms),
      rewriteQuestion: async () => ({ ok: false, reason: 'I will not.' }),
    };
    const first = new RememberingAuthor(unreliable, {});
    const project = await build(first, few);
    expect(project.questions.map(({ problems }) => problems.map((p) => p.reason))).toEqual(
      few.map(() => ['I will not.', 'The connection broke.']),
    );
    broken = false;
    const again = new RememberingAuthor(unreliable, structuredClone(first.kept));
    expect((await build(again, few)).questions.every(({ better }) => better !== null)).toBe(true);
    expect(again.asked).toBe(few.length);
  });

  it('tells every call as it is answered, and no remembered one', async () => {
    const told: WrittenCall[] = [];
    const first = new RememberingAuthor(createWorldAuthor(world), {}, (call) => void told.push(call));
    await build(first, few);
    expect(Object.fromEntries(told.map(({ key, written }) => [key, written]))).toEqual(first.kept);
    expect(told).toHaveLength(first.asked);
    const before = told.length;
    const again = new RememberingAuthor(createWorldAuthor(world), first.kept, (call) => void told.push(call));
    await build(again, few);
    expect(told).toHaveLength(before);
  });

  it('keys a call by everything it depends on', async () => {
    const { versions } = createWorldAuthor(world);
    const keys = await Promise.all([
      authorCallKey({ name: 'a', versions }, 'revise', ['x', 1]),
      authorCallKey({ name: 'b', versions }, 'revise', ['x', 1]),
      authorCallKey({ name: 'a', versions }, 'rephrase', ['x', 1]),
      authorCallKey({ name: 'a', versions }, 'revise', ['x', 2]),
      authorCallKey({ name: 'a', versions: createWorldAuthor(world, 1).versions }, 'revise', ['x', 1]),
    ]);
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(key).toMatch(/^[0-9a-f]{64}$/);
    // SHA-256 of ["extract","a","1"], by sha256sum.
    const plain = { name: 'a', versions: { ...versions, extract: '1' } };
    expect(await authorCallKey(plain, 'extract', [])).toBe(
      'ff1f3f52dfea33d6b6990e87e360e479d1546749ca6012fde78840bd98c56788',
    );
  });
});
