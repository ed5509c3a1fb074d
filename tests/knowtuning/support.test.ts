import { describe, expect, it } from 'vitest';
import type { Author } from '../../src/authors/author.ts';
import { createWorldAuthor } from '../../src/authors/rules_world.ts';
import { augmentedRows } from '../../src/knowtuning/augment.ts';
import {
  extractAtoms,
  selectAtoms,
  writeComparisons,
  writeFineGrained,
} from '../../src/knowtuning/prepare.ts';
import { defaultMethod, parseProject, startProject } from '../../src/knowtuning/project.ts';
import { parseTrainRows } from '../../src/knowtuning/rows.ts';
import { SupportCheck } from '../../src/knowtuning/support.ts';
import { readAtlas, readRows } from '../authors/atlas.ts';

const rows = parseTrainRows(readRows<unknown>('train').slice(0, 400), 'train.jsonl');

const apple = {
  question: 'What is an apple, and where does it come from?',
  answer:
    'An apple is the edible fruit of a tree that first grew in Central Asia. It isn’t a berry. ' +
    'Growers know more than 7,500 kinds. In 2021 China picked two fifths of them. It is not only eaten but also pressed.',
};
const whyNot = (atom: string, source = apple) => new SupportCheck(source).whyNot(atom);

describe('an atom that its answer supports', () => {
  for (const atom of [
    'An apple is an edible fruit.',
    'The apple tree first grew in Central Asia.',
    'An apple is not a berry.',
    'There are more than 7500 kinds of apples.',
    'China picked 2 fifths of the apples in 2021.',
    'Apples are pressed.',
    'Apples are not only eaten.',
    "The apple's tree grew first in central Asia.",
  ])
    it(atom, () => expect(whyNot(atom)).toBeNull());

  it('is every sentence of the bundled answers', () => {
    let atoms = 0;
    for (const row of rows) {
      for (const sentence of row.answer.split(/(?<=\.)\s/)) {
        atoms++;
        expect(whyNot(sentence, row)).toBeNull();
      }
    }
    expect(atoms).toBeGreaterThan(800);
  });
});

describe('an atom that its answer does not support', () => {
  for (const [atom, reason] of [
    ['Growers know more than 8,500 kinds.', /no "8,500"/],
    ['Apple trees first grew in Central America.', /not name "America"/],
    ['An apple is not an edible fruit.', /without the negation/],
    ['It is a berry.', /negation was lost/],
    [
      'An apple is a sweet dessert that doctors recommend.',
      /few of its words: sweet, dessert, doctors, recommend/,
    ],
    ['What is an apple?', /is a question/],
    ['Where does an apple “come from”?”', /is a question/],
    ['Apple', /is one word/],
    ['China picked three fifths of the apples in 2021.', /no "three"/],
  ] as const)
    it(atom, () => expect(whyNot(atom)).toMatch(reason));

  it("is an answer's sentence about anything else", () => {
    let found = 0;
    for (const [i, row] of rows.entries()) {
      const other = rows[(i + 200) % rows.length]!;
      if (new SupportCheck(row).whyNot(other.answer.split(/(?<=\.)\s/)[0]!) !== null) found++;
    }
    expect(found).toBe(rows.length);
  });
});

describe('a project', () => {
  const world = readAtlas();
  const author = createWorldAuthor(world);
  /** Puts a fact about another country before those of each answer. */
  const inventing: Author = {
    ...author,
    extract: async (row) => {
      const extracted = await author.extract(row);
      return extracted.ok
        ? { ...extracted, value: ['The capital of France is Paris.', ...extracted.value] }
        : extracted;
    },
  };
  const build = async (method = defaultMethod, writing: Author = inventing) => {
    let project = await extractAtoms(startProject('p', rows.slice(0, 30), method), writing);
    project = {
      ...project,
      questions: project.questions.map((question) => ({
        ...question,
        atoms: question.atoms.map((atom, i) => ({ ...atom, perplexity: 9 - i })),
      })),
    };
    return writeComparisons(await writeFineGrained(selectAtoms(project), writing), writing);
  };

  it('keeps an invented atom out of everything that is trained on, and says why', async () => {
    const project = await build();
    const truthful = await build(defaultMethod, author);
    for (const [i, question] of project.questions.entries()) {
      expect(question.atoms[0]).toMatchObject({ supported: false, difficult: false });
      expect(question.atoms[0]!.unsupportedReason).toContain('does not name');
      expect(question.problems.map(({ operation }) => operation)).toContain('support');
      const plain = truthful.questions[i]!;
      expect(question.better).toBe(plain.better);
      expect(question.pairs.map(({ worse }) => worse).join(' ')).not.toContain('France');
      // One atom more before them, so that what was changed lies one place further.
      expect(question.pairs.find(({ aspect }) => aspect === 'incomplete')?.changed ?? []).toEqual(
        plain.pairs.find(({ aspect }) => aspect === 'incomplete')?.changed.map((k) => k + 1) ?? [],
      );
    }
    expect(augmentedRows(project).some(({ completion }) => completion.includes('France'))).toBe(false);
  });

  it('has better answers in the style of the worse where that is asked for', async () => {
    const project = await build({ ...defaultMethod, stylePairs: 'matched' }, author);
    for (const { better, atoms, pairs } of project.questions) {
      expect(better).toBe(atoms.map(({ text }) => text).join(' '));
      for (const pair of pairs) expect(pair.better).toBe(better);
      const illogical = pairs.find(({ aspect }) => aspect === 'illogical');
      if (illogical) expect(illogical.worse.length).toBe(better!.length);
    }
  });

  it('of an older version reads as one in which all atoms are supported', async () => {
    const project = await build(defaultMethod, author);
    const old = JSON.parse(JSON.stringify(project)) as {
      method: Record<string, unknown>;
      replay?: unknown;
      questions: { atoms: Record<string, unknown>[] }[];
    };
    for (const key of ['stylePairs', 'select', 'replay']) delete old.method[key];
    delete old.replay;
    for (const atom of old.questions.flatMap(({ atoms }) => atoms))
      for (const key of ['supported', 'unsupportedReason', 'knowledge', 'knowledgeAfter']) delete atom[key];
    expect(parseProject(old)).toEqual(project);
  });
});
