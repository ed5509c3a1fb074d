import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { keyedRandom } from '../../src/authors/keyed_random.ts';
import {
  chooseDeleted,
  choosePermutation,
  comparisonPairs,
  normaliseText,
  preferenceGroups,
  preferenceRows,
  uniqueAtoms,
} from '../../src/knowtuning/compare.ts';
import { defaultMethod, startProject } from '../../src/knowtuning/project.ts';

const atoms = ['An apple is a fruit.', 'Apples grow on trees.', 'Apples come from Asia.'];
const revised = ['An apple is a stone.', 'Apples grow on bushes.', 'Apples come from Mars.'];
const better = 'Apples, which are fruits, grow on trees and come from Asia.';
const pairsOf = (list: readonly string[], wrong: readonly (string | null)[], key: string | number = 0) =>
  comparisonPairs({
    better,
    atoms: list,
    revised: wrong,
    beta: 0.5,
    random: (aspect) => keyedRandom(key, aspect),
  });

describe("the three worse answers of the paper's figure", () => {
  it('lack one of three atoms, revise all of them, or permute all of them', () => {
    const [incomplete, nonfactual, illogical] = pairsOf(atoms, revised);
    expect(incomplete!.aspect).toBe('incomplete');
    expect(incomplete!.changed).toHaveLength(1);
    expect(incomplete!.worse).toBe(atoms.filter((_, i) => i !== incomplete!.changed[0]).join(' '));
    expect(nonfactual).toEqual({
      aspect: 'nonfactual',
      better,
      worse: revised.join(' '),
      changed: [0, 1, 2],
    });
    expect(illogical!.aspect).toBe('illogical');
    expect(illogical!.worse).not.toBe(atoms.join(' '));
    expect(illogical!.worse.length).toBe(atoms.join(' ').length);
    for (const atom of atoms) expect(illogical!.worse).toContain(atom);
    for (const pair of [incomplete, nonfactual, illogical]) expect(pair!.better).toBe(better);
  });

  it('are not all made of a single atom', () => {
    expect(pairsOf(atoms.slice(0, 1), revised.slice(0, 1)).map((pair) => pair.aspect)).toEqual([
      'nonfactual',
    ]);
    expect(pairsOf(atoms.slice(0, 1), [null])).toEqual([]);
  });

  it('keep an atom that could not be revised, and say which ones were', () => {
    const [, nonfactual] = pairsOf(atoms, [null, 'apples  grow on TREES.', revised[2]!]);
    expect(nonfactual!.changed).toEqual([2]);
    expect(nonfactual!.worse).toBe([atoms[0], atoms[1], revised[2]].join(' '));
  });

  it('are left out where they would equal the better one', () => {
    const same = comparisonPairs({
      better: 'B. A.',
      atoms: ['A.', 'B.'],
      revised: ['C.', 'D.'],
      beta: 0.5,
      random: (aspect) => keyedRandom(aspect),
    });
    expect(same.map((pair) => pair.aspect)).toEqual(['incomplete', 'nonfactual']);
  });
});

describe('deleting', () => {
  it('takes floor(beta n), at least one, and keeps at least one', () => {
    const count = (n: number, beta: number) => chooseDeleted(n, beta, keyedRandom('d'))?.length;
    expect([count(3, 0.5), count(4, 0.5), count(2, 0.1), count(2, 1), count(10, 0.3)]).toEqual([
      1, 2, 1, 1, 3,
    ]);
    // 0.29 * 100 comes out below 29 in floating point.
    expect([0.29 * 100 < 29, count(100, 0.29)]).toEqual([true, 29]);
    expect(chooseDeleted(1, 0.5, keyedRandom('d'))).toBeNull();
    expect(chooseDeleted(0, 0.5, keyedRandom('d'))).toBeNull();
  });

  it('keeps the order and deletes each atom about as often', () => {
    const times = [0, 0, 0];
    for (let i = 0; i < 900; i++) times[chooseDeleted(3, 0.5, keyedRandom('d', i))![0]!]!++;
    for (const n of times) expect(Math.abs(n - 300)).toBeLessThan(70);
  });
});

describe('permuting', () => {
  it('is never the identity, always a permutation, and the swap for two', () => {
    expect(choosePermutation(1, keyedRandom('p'))).toBeNull();
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 9 }), fc.nat(), (n, seed) => {
        const order = choosePermutation(n, keyedRandom('p', seed))!;
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: n }, (_, i) => i));
        expect(order.some((from, to) => from !== to)).toBe(true);
        if (n === 2) expect(order).toEqual([1, 0]);
      }),
    );
  });

  it('reaches all five of three', () => {
    const seen = new Set(Array.from({ length: 200 }, (_, i) => `${choosePermutation(3, keyedRandom(i))}`));
    expect(seen.size).toBe(5);
  });
});

describe('atoms', () => {
  it('are compared without case and spacing', () => {
    expect(normaliseText('  An  APPLE\n')).toBe('an apple');
    expect(uniqueAtoms(['A b.', 'a  B.', '', ' ', 'C.', 'C.'])).toEqual(['A b.', 'C.']);
  });
});

describe('the data set of Stage II', () => {
  it('keeps the pairs of a question together, one better answer for up to three worse ones', () => {
    const project = startProject(
      'p',
      [
        { id: 'a', question: 'What?', answer: atoms.join(' ') },
        { id: 'b', question: 'Who?', answer: 'No one.' },
      ],
      defaultMethod,
    );
    project.questions[0]!.pairs = pairsOf(atoms, revised);
    const groups = preferenceGroups(project);
    expect(groups).toHaveLength(1);
    expect(groups[0]!.chosen).toBe(better);
    expect(groups[0]!.rejected).toHaveLength(3);
    const rows = preferenceRows(project);
    expect(rows.map((row) => row.aspect)).toEqual(['incomplete', 'nonfactual', 'illogical']);
    expect(rows.map((row) => row.rejected)).toEqual(groups[0]!.rejected);
    expect(rows.every((row) => row.prompt === 'What?' && row.chosen === better)).toBe(true);
  });
});
