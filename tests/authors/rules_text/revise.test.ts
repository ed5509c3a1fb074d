import { beforeAll, describe, expect, it } from 'vitest';
import { keyedRandom } from '../../../src/authors/keyed_random.ts';
import { type English, loadEnglish } from '../../../src/authors/rules_text/english.ts';
import { negationSwap } from '../../../src/authors/rules_text/revise/negation.ts';
import { reviseSentence } from '../../../src/authors/rules_text/revise/revise.ts';
import { applySwap, startsWithVowelSound } from '../../../src/authors/rules_text/revise/swap.ts';

let english: English;
beforeAll(async () => {
  english = await loadEnglish();
});

/** What twenty seeds make of a sentence. */
const revisions = (sentence: string, question = 'q'): string[] =>
  Array.from({ length: 20 }, (_, seed) => {
    const revised = reviseSentence(english, sentence, question, keyedRandom(seed));
    if (!revised.ok) throw new Error(revised.reason);
    return revised.value;
  });

const negate = (sentence: string): string => {
  const swap = negationSwap(sentence, english.words(sentence));
  return swap === null ? '' : applySwap(sentence, swap);
};

describe('a false version', () => {
  it('takes another number of the same kind', () => {
    for (const text of revisions('The tower was built in 1887.')) {
      const year = Number(/^The tower was built in (1[789]\d\d)\.$/.exec(text)?.[1]);
      expect(year, text).not.toBe(1887);
      expect(year, text).toBeGreaterThan(1700);
    }
    for (const text of revisions('The valley has 1,200 farms.')) {
      expect(text).toMatch(/^The valley has [\d,]+ farms\.$/);
      expect(text).not.toContain('1,200');
    }
    for (const text of revisions('About 40 percent of the pupils walk.')) {
      const share = Number(/\d+/.exec(text)?.[0]);
      expect(share, text).toBeGreaterThan(0);
      expect(share, text).toBeLessThanOrEqual(100);
    }
  });

  it('moves a bound to the side on which it is false', () => {
    for (const text of revisions('The hall seats at least 300 guests.')) {
      const seats = Number(/\d+/.exec(text)?.[0] ?? 0);
      if (seats !== 300) expect(seats, text).toBeGreaterThan(300);
    }
    for (const text of revisions('The hall seats up to 300 guests.')) {
      const seats = Number(/\d+/.exec(text)?.[0] ?? 0);
      if (seats !== 300) expect(seats, text).toBeLessThan(300);
    }
  });

  it('does not touch numbers that belong to a name', () => {
    for (const text of revisions('Vitamin B 12 is stored in the liver.'))
      expect(text).toContain('Vitamin B 12');
    for (const text of revisions('Type 2 engines are quiet.')) expect(text).toContain('Type 2');
  });

  it('swaps names, amounts, frequencies and opposites in place, and keeps articles right', () => {
    expect(new Set(revisions('The river flows through Portugal.')).size).toBeGreaterThan(3);
    expect(revisions('Most bakers rise early.')).toContain('Few bakers rise early.');
    expect(revisions('The gate is always open.')).toContain('The gate is never open.');
    expect(revisions('Gorse is a common plant.')).toEqual(Array(20).fill('Gorse is a rare plant.'));
    expect(revisions('It is an ancient wall.')).toEqual(Array(20).fill('It is a modern wall.'));
    expect(revisions('No one owns the island.')).toEqual(Array(20).fill('Everyone owns the island.'));
  });

  it('leaves names that the question asks about', () => {
    for (const text of revisions('France exports wine to Spain.', 'What does France export?')) {
      expect(text).toMatch(/France/);
    }
  });

  it('denies the main clause where nothing else can be changed', () => {
    expect(negate('The bell rings.')).toBe('The bell does not ring.');
    expect(negate('The bells ring.')).toBe('The bells do not ring.');
    expect(negate('The bell rang.')).toBe('The bell did not ring.');
    expect(negate('The bell is bronze.')).toBe('The bell is not bronze.');
    expect(negate('The bell may ring.')).toBe('The bell cannot ring.');
    expect(negate('The bell has been moved.')).toBe('The bell has not been moved.');
    expect(negate('The bell has a crack.')).toBe('The bell does not have a crack.');
    expect(negate('Ring the bell.')).toBe('Do not ring the bell.');
    expect(negate('Do not swim alone.')).toBe('Swim alone.');
    expect(negate('The bell is not bronze.')).toBe('The bell is bronze.');
    expect(negate("The bell doesn't ring.")).toBe('The bell rings.');
    expect(negate("The bell can't ring.")).toBe('The bell can ring.');
    expect(negate('There are bells in the tower.')).toBe('There are no bells in the tower.');
  });

  it('marks what may be true after all', () => {
    const revised = reviseSentence(english, 'Certain tiles were broken.', 'q', keyedRandom(1));
    expect(revised.ok && revised.problems.length).toBe(1);
  });

  it('fails with the reason where nothing is safe', () => {
    const revised = reviseSentence(english, 'Onwards and upwards.', 'q', keyedRandom(1));
    expect(revised).toEqual({
      ok: false,
      reason: '"Onwards and upwards." has no word that the rules can safely make false.',
    });
  });

  it('knows which words "an" stands before', () => {
    for (const word of ['owl', 'hour', 'FBI agent', '8th', '11', 'unusual'])
      expect(startsWithVowelSound(word), word).toBe(true);
    for (const word of ['cat', 'unit', 'European', 'one-way', '7th', 'useful', 'UN body'])
      expect(startsWithVowelSound(word), word).toBe(false);
  });
});
