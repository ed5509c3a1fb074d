import { describe, expect, it } from 'vitest';
import { stateFact } from '../../src/authors/statements.ts';
import { parseWorld, valueText } from '../../src/authors/world.ts';
import { checkAnswer, orderTau, totalChecks } from '../../src/evaluate/facts.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { readAtlas, readRows, tinyWorldJson } from '../authors/atlas.ts';

const world = parseWorld(tinyWorldJson());
const france = { entity: 'France', slots: ['continent', 'capital', 'languages'] };
const counts = (text: string, asked: { entity: string; slots: string[] } = france) => {
  const { correct, incorrect, missing, unverifiable, recall, precision } = checkAnswer(world, asked, text);
  return { correct, incorrect, missing, unverifiable, recall, precision };
};

describe('checkAnswer', () => {
  it('finds a full answer right', () => {
    const text = 'France lies in Europe. Paris is the capital of France. France speaks French.';
    const check = checkAnswer(world, france, text);
    expect(check).toMatchObject({
      correct: 3,
      incorrect: 0,
      missing: 0,
      recall: 1,
      precision: 1,
      orderTau: 1,
    });
    for (const fact of check.facts) expect(text.slice(fact.start, fact.end)).toBe(fact.sentence);
  });

  it('gives an empty answer nothing', () => {
    expect(counts('  ')).toEqual({
      correct: 0,
      incorrect: 0,
      missing: 3,
      unverifiable: 0,
      recall: 0,
      precision: 0,
    });
  });

  it('counts a false value as incorrect and as not missing', () => {
    expect(counts('The capital of France is Lyon. France lies in Europe.')).toEqual({
      correct: 1,
      incorrect: 1,
      missing: 1,
      unverifiable: 0,
      recall: 1 / 3,
      precision: 1 / 2,
    });
  });

  it('counts a repeated fact once, in whatever words', () => {
    const text = 'France lies in Europe. The continent of France is Europe. France lies in Europe.';
    expect(counts(text)).toMatchObject({ correct: 1, incorrect: 0, missing: 2, precision: 1 });
    expect(checkAnswer(world, france, text).facts.map((fact) => fact.repeated)).toEqual([false, true, true]);
    expect(counts('The capital of France is Lyon. Lyon is the capital of France.')).toMatchObject({
      incorrect: 1,
    });
    expect(counts('Who knows? Who knows?')).toMatchObject({ unverifiable: 1, precision: 0 });
  });

  it('fails both sides of a contradiction', () => {
    const text = 'The capital of France is Paris. The capital of France is Lyon. France is written as Fe.';
    expect(counts(text)).toMatchObject({ correct: 0, incorrect: 3, missing: 2, recall: 0, precision: 0 });
    expect(checkAnswer(world, france, text).facts.map((fact) => fact.fault)).toEqual([
      'contradiction',
      'contradiction',
      'kind',
    ]);
  });

  it('fails facts about another entity, even true ones', () => {
    const text = 'The symbol of Iron is Fe. Chad lies in Africa. The capital of Utopia is X.';
    expect(counts(text)).toMatchObject({ correct: 0, incorrect: 3, missing: 3, recall: 0 });
  });

  it('holds a many-valued fact right in any order, and wrong if a value is missing or added', () => {
    const asked = { entity: 'Chad', slots: ['languages'] };
    expect(counts('Chad speaks Arabic and French.', asked)).toMatchObject({ correct: 1, recall: 1 });
    expect(counts('Chad speaks French.', asked)).toMatchObject({ correct: 0, incorrect: 1, missing: 0 });
    expect(counts('Chad speaks French and Arabic and English.', asked)).toMatchObject({ incorrect: 1 });
  });

  it('counts true facts that were not asked for in precision only', () => {
    const asked = { entity: 'France', slots: ['capital'] };
    expect(counts('France lies in Europe.', asked)).toMatchObject({ correct: 1, recall: 0, precision: 1 });
  });

  it('cannot verify what the world does not hold', () => {
    const asked = { entity: 'Chad', slots: ['continent'] };
    expect(counts('The capital of Chad is Paris. Chad lies in Africa. Hm', asked)).toEqual({
      correct: 1,
      incorrect: 0,
      missing: 0,
      unverifiable: 2,
      recall: 1,
      precision: 1 / 3,
    });
  });

  it('refuses questions that cannot be judged', () => {
    expect(() => checkAnswer(world, { entity: 'Utopia', slots: ['capital'] }, '')).toThrow(InputError);
    expect(() => checkAnswer(world, { entity: 'Chad', slots: ['capital'] }, '')).toThrow(InputError);
    expect(() => checkAnswer(world, { entity: 'Chad', slots: [] }, '')).toThrow(InputError);
  });
});

describe('the bundled test questions', () => {
  const atlas = readAtlas();
  it('have a full answer that the checker finds right, and wrong about its neighbour', () => {
    const rows = readRows<{ id: string; entity: string; slots: string[] }>('test');
    expect(rows.length).toBe(900);
    rows.forEach((row, i) => {
      const entity = atlas.entities.get(row.entity)!;
      const slots = atlas.order.get(entity.kind)!.filter((slot) => row.slots.includes(slot));
      const answer = slots
        .map((slot) => stateFact(atlas, slot, i % 8, row.entity, valueText(entity.facts.get(slot)!)))
        .join(' ');
      expect(checkAnswer(atlas, row, answer), row.id).toMatchObject({
        correct: slots.length,
        recall: 1,
        precision: 1,
        orderTau: slots.length > 1 ? 1 : null,
      });
      const other = rows.find((candidate) => candidate.entity !== row.entity)!;
      expect(checkAnswer(atlas, other, answer)).toMatchObject({ correct: 0, recall: 0 });
    });
  });
});

describe('orderTau', () => {
  const order = ['a', 'b', 'c', 'd'];
  it('is 1 in order, -1 reversed, and in between by pairs', () => {
    expect(orderTau(['a', 'c', 'd'], order)).toBe(1);
    expect(orderTau(['d', 'c', 'b', 'a'], order)).toBe(-1);
    expect(orderTau(['c', 'a', 'b'], order)).toBeCloseTo(-1 / 3, 12);
    expect(orderTau(['b'], order)).toBeNull();
    expect(orderTau([], order)).toBeNull();
  });
});

describe('totalChecks', () => {
  it('adds counts and averages shares per question', () => {
    const checks = [
      checkAnswer(world, france, 'France speaks French. France lies in Europe.'),
      checkAnswer(world, france, ''),
    ];
    expect(totalChecks(checks)).toEqual({
      questions: 2,
      correct: 2,
      incorrect: 0,
      missing: 4,
      unverifiable: 0,
      recall: 1 / 3,
      precision: 0.5,
      orderTau: -1,
      orderTauQuestions: 1,
    });
    expect(totalChecks([])).toMatchObject({ questions: 0, recall: null, precision: null, orderTau: null });
  });
});
