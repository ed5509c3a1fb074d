/** @file Edits of a project by hand: what they change, what no longer follows, and that nothing else is written anew. */
import { beforeAll, describe, expect, it } from 'vitest';
import { createWorldAuthor } from '../../src/authors/rules_world.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { augmentedRows } from '../../src/knowtuning/augment.ts';
import { RememberingAuthor } from '../../src/knowtuning/author_calls.ts';
import { preferenceGroups, preferenceRows } from '../../src/knowtuning/compare.ts';
import {
  KEPT_EDITS,
  NO_HISTORY,
  recordChange,
  redoChange,
  undoChange,
} from '../../src/knowtuning/edit_history.ts';
import { applyEdit, type Edit, stale, type TextPart, textAt } from '../../src/knowtuning/edits.ts';
import {
  DERIVED_PARTS,
  defaultMethod,
  type Project,
  type ProjectQuestion,
  parseProject,
  startProject,
  withoutExcluded,
} from '../../src/knowtuning/project.ts';
import { refreshQuestion } from '../../src/knowtuning/refresh.ts';
import { parseTrainRows } from '../../src/knowtuning/rows.ts';
import { readAtlas, readRows } from '../authors/atlas.ts';

const world = readAtlas();
const rows = parseTrainRows(readRows<unknown>('train').slice(0, 60), 'train.jsonl');
const method = { ...defaultMethod, seed: 3 };

let author: RememberingAuthor;
/** A question with three facts or more, with everything derived. */
let built: ProjectQuestion;

const write = (at: TextPart, text: string): Edit => ({ kind: 'write', at, text });
const edit = (question: ProjectQuestion, change: Edit) => applyEdit(question, change, method);

beforeAll(async () => {
  author = new RememberingAuthor(createWorldAuthor(world, 3), {});
  for (const question of startProject('test', rows, method).questions) {
    built = await refreshQuestion(stale(question, DERIVED_PARTS), method, author);
    if (built.atoms.length >= 3) break;
  }
});

describe('refreshQuestion', () => {
  it('derives everything, the fine-grained row over all facts as long as nothing was measured', () => {
    expect(built.atoms.length).toBeGreaterThanOrEqual(3);
    expect(built.atoms.every(({ difficult }) => difficult === null)).toBe(true);
    expect(built.pairs.map(({ aspect }) => aspect)).toEqual(['incomplete', 'nonfactual', 'illogical']);
    expect(built.stale).toBeUndefined();
    const sentences = built.fineGrained!.answer.split(/(?<=\.) /);
    expect(sentences).toHaveLength(built.atoms.length);
  });

  it('chooses the difficult facts where all were measured', async () => {
    const atoms = built.atoms.map((atom, i) => ({ ...atom, perplexity: i + 1 }));
    const next = await refreshQuestion(stale({ ...built, atoms }, ['fineGrained']), method, author);
    const chosen = next.atoms.filter(({ difficult }) => difficult);
    expect(chosen).toHaveLength(Math.ceil(atoms.length / 2));
    expect(next.fineGrained!.answer.split(/(?<=\.) /)).toHaveLength(chosen.length);
    expect(next.pairs).toEqual(built.pairs);
  });

  it('keeps the marks of a selection that looks at all questions together', async () => {
    const atoms = built.atoms.map((atom, i) => ({ ...atom, perplexity: i + 1, difficult: i === 0 }));
    for (const select of ['middle', 'known'] as const) {
      const row = stale({ ...built, atoms }, ['fineGrained']);
      const next = await refreshQuestion(row, { ...method, select }, author);
      expect(next.atoms).toEqual(atoms);
      expect(next.fineGrained!.answer.split(/(?<=\.) /)).toHaveLength(1);
    }
  });

  it('asks nobody anything twice', async () => {
    const before = author.asked;
    expect(await refreshQuestion(stale(built, DERIVED_PARTS), method, author)).toEqual(built);
    expect(author.asked).toBe(before);
    const moved = { ...built, id: `${built.id}-other` };
    await refreshQuestion(stale(moved, DERIVED_PARTS), method, author);
    expect(author.asked).toBeGreaterThan(before);
  });

  it('keeps what was written by hand, and says where its facts have changed', async () => {
    const better = edit(built, write({ part: 'better' }, 'In my own words.'));
    const both = edit(better, write({ part: 'worse', aspect: 'illogical' }, 'My own disorder.'));
    const changed = edit(both, { kind: 'exclude', at: { part: 'atom', atom: 0 }, excluded: true });
    const next = await refreshQuestion(changed, method, author);
    expect(next.better).toBe('In my own words.');
    expect(next.pairs.every((pair) => pair.better === 'In my own words.')).toBe(true);
    expect(textAt(next, { part: 'worse', aspect: 'illogical' })).toBe('My own disorder.');
    expect(textAt(next, { part: 'worse', aspect: 'nonfactual' })).not.toBe(
      textAt(built, { part: 'worse', aspect: 'nonfactual' }),
    );
    expect(next.problems.map(({ operation }) => operation)).toContain('keptAnswers');
    const again = await refreshQuestion(stale(next, ['comparisons']), method, author);
    expect(again.problems).toEqual(next.problems);
  });

  it('takes a fact that was left out out of everything that is derived', async () => {
    const gone = built.atoms[1]!.text;
    const next = await refreshQuestion(
      edit(built, { kind: 'exclude', at: { part: 'atom', atom: 1 }, excluded: true }),
      method,
      author,
    );
    expect(next.fineGrained!.answer.split(/(?<=\.) /)).toHaveLength(built.atoms.length - 1);
    for (const { aspect, worse, changed } of next.pairs) {
      expect(worse).not.toContain(gone);
      if (aspect === 'nonfactual') expect(changed).toEqual([...built.atoms.keys()].filter((i) => i !== 1));
    }
  });
});

describe('applyEdit', () => {
  it.each<[string, Edit, readonly string[] | undefined]>([
    ['the question', write({ part: 'question' }, 'What else?'), ['fineGrained', 'comparisons']],
    ['the answer', write({ part: 'answer' }, 'Another.'), ['atoms', 'fineGrained', 'comparisons']],
    ['the fine-grained question', write({ part: 'fineQuestion' }, 'Which?'), undefined],
    ['the fine-grained answer', write({ part: 'fineAnswer' }, 'That.'), undefined],
    ['the better answer', write({ part: 'better' }, 'Better.'), undefined],
    ['a worse answer', write({ part: 'worse', aspect: 'nonfactual' }, 'Worse.'), undefined],
    ['the whole row', { kind: 'exclude', at: { part: 'row' }, excluded: true }, undefined],
    ['a pair', { kind: 'exclude', at: { part: 'worse', aspect: 'illogical' }, excluded: true }, undefined],
    [
      'a fact',
      { kind: 'exclude', at: { part: 'atom', atom: 0 }, excluded: true },
      ['fineGrained', 'comparisons'],
    ],
  ])('of %s makes stale just what follows from it', (_, change, parts) => {
    const next = edit(built, change);
    expect(next).not.toEqual(built);
    expect(next.stale).toEqual(parts);
    if (change.kind === 'write') expect(textAt(next, change.at)).toBe(change.text);
  });

  it('forgets what was measured of a fact that was written anew, and judges it by the answer', () => {
    const measured = { ...built, atoms: built.atoms.map((a) => ({ ...a, perplexity: 7, difficult: true })) };
    const next = edit(measured, write({ part: 'atom', atom: 0 }, 'Atlantis has 77 kings.'));
    expect(next.atoms[0]).toMatchObject({ perplexity: null, difficult: null, supported: false });
    expect(next.atoms[0]!.unsupportedReason).toMatch(/77|Atlantis/);
    expect(next.atoms[1]).toEqual(measured.atoms[1]);
    expect(next.stale).toEqual(['fineGrained', 'comparisons']);
    const back = edit(next, write({ part: 'atom', atom: 0 }, built.atoms[0]!.text));
    expect(back.atoms[0]).toMatchObject({ supported: true, unsupportedReason: null, perplexity: null });
  });

  it('returns the same question where nothing changes', () => {
    expect(edit(built, write({ part: 'answer' }, ` ${built.answer} `))).toBe(built);
    expect(edit(built, { kind: 'exclude', at: { part: 'row' }, excluded: false })).toBe(built);
  });

  it('refuses empty texts, repeated facts and parts that there are not, with a cure', () => {
    expect(() => edit(built, write({ part: 'better' }, '  '))).toThrow(InputError);
    expect(() => edit(built, write({ part: 'atom', atom: 0 }, built.atoms[1]!.text.toUpperCase()))).toThrow(
      /says the same as fact 2/,
    );
    expect(() => edit(built, write({ part: 'atom', atom: 99 }, 'x'))).toThrow(/no fact 100/);
    expect(() => edit({ ...built, fineGrained: null }, write({ part: 'fineQuestion' }, 'x'))).toThrow(
      /no fine-grained question/,
    );
  });
});

describe('what was left out', () => {
  const project = (questions: ProjectQuestion[]): Project => ({
    ...startProject('test', [], method),
    questions,
  });

  it('is in no row that is trained on, and comes back', () => {
    const noPair = edit(built, {
      kind: 'exclude',
      at: { part: 'worse', aspect: 'illogical' },
      excluded: true,
    });
    const noRow = edit(built, { kind: 'exclude', at: { part: 'row' }, excluded: true });
    expect(preferenceRows(project([noPair])).map(({ aspect }) => aspect)).toEqual([
      'incomplete',
      'nonfactual',
    ]);
    expect(preferenceGroups(project([noPair]))[0]!.rejected).toHaveLength(2);
    expect(augmentedRows(project([noPair, noRow]))).toHaveLength(2);
    expect(preferenceRows(project([noRow]))).toEqual([]);
    expect(withoutExcluded(project([noPair, noRow])).questions.map(({ pairs }) => pairs.length)).toEqual([2]);
    const replay = [{ id: built.id, atom: 0, question: 'Known?', answer: 'Known.' }];
    expect(augmentedRows({ ...project([built]), replay })).toHaveLength(3);
    expect(augmentedRows({ ...project([noRow]), replay })).toEqual([]);
    const back = edit(noRow, { kind: 'exclude', at: { part: 'row' }, excluded: false });
    expect(augmentedRows(project([back]))).toHaveLength(2);
  });

  it('is part of the project file', () => {
    const marked = edit(
      edit(built, { kind: 'exclude', at: { part: 'atom', atom: 0 }, excluded: true }),
      write({ part: 'better' }, 'By hand.'),
    );
    const saved = project([edit(marked, { kind: 'exclude', at: { part: 'row' }, excluded: true })]);
    expect(parseProject(JSON.parse(JSON.stringify(saved)))).toEqual(saved);
  });
});

describe('the history of edits', () => {
  const change = (index: number) => ({ index, before: built, after: { ...built, question: `Q${index}` } });

  it('goes back and forth, and forgets what was undone when something else is done', () => {
    const two = recordChange(recordChange(NO_HISTORY, change(1)), change(2));
    const undone = undoChange(two)!;
    expect(undone.change).toEqual(change(2));
    expect(redoChange(undone.history)).toEqual({ change: change(2), history: two });
    const other = recordChange(undone.history, change(3));
    expect(redoChange(other)).toBeNull();
    expect(other.past.map(({ index }) => index)).toEqual([1, 3]);
    expect(undoChange(NO_HISTORY)).toBeNull();
  });

  it('keeps the newest edits', () => {
    let history = NO_HISTORY;
    for (let i = 0; i < KEPT_EDITS + 5; i++) history = recordChange(history, change(i));
    expect(history.past).toHaveLength(KEPT_EDITS);
    expect(history.past[0]!.index).toBe(5);
  });
});
