import { describe, expect, it } from 'vitest';
import { parseWorld } from '../../src/authors/world.ts';
import { checkAnswer } from '../../src/evaluate/facts.ts';
import { type AnswerRecord, formatReport, oneSeedNote, reportSystem } from '../../src/knowtuning/report.ts';
import { tinyWorldJson } from '../authors/atlas.ts';

const world = parseWorld(tinyWorldJson());
const answer = (id: string, set: string | null, text: string, tokens: number): AnswerRecord => {
  const check = checkAnswer(world, { entity: 'France', slots: ['continent', 'capital'] }, text);
  return { ...{ id, set, text, tokens, check }, question: 'q', finish: 'eos' };
};

describe('the report', () => {
  const answers = [
    answer('1', 'T', 'France lies in Europe. The capital of France is Paris.', 12),
    answer('2', 'T', 'France lies in Asia.', 6),
    answer('3', 'R', '', 0),
    { ...answer('4', 'R', 'Free text.', 2), check: null },
  ];
  const system = reportSystem('stage1', answers, { steps: 36, targetTokens: 1200 });

  it('sums facts over all questions and over each part of the test', () => {
    expect(system.label).toBe('Stage I');
    expect(system.all).toMatchObject({ questions: 3, correct: 2, incorrect: 1, missing: 3, recall: 1 / 3 });
    expect(Object.keys(system.sets)).toEqual(['T', 'R']);
    expect(system.sets.T).toMatchObject({ questions: 2, recall: 0.5, precision: 0.5, orderTau: 1 });
    expect(system.sets.R).toMatchObject({ questions: 1, missing: 2, precision: 0, orderTau: null });
    expect([system.answers, system.meanTokens]).toEqual([4, 5]);
  });

  it('is a table with one row per system and part, and says what one seed can show', () => {
    const text = formatReport({
      systems: [system],
      atoms: { count: 3, difficult: 2, perplexity: 12.345, perplexityAfter: 2 },
      note: oneSeedNote(24),
    });
    const lines = text.split('\n');
    expect(lines[1]!.split(/ {2,}/)).toEqual([
      'Stage I',
      'all',
      '3',
      '2',
      '1',
      '3',
      '0',
      '0.333',
      '0.333',
      '1.000',
      '5.0',
      '36',
      '1200',
    ]);
    expect(lines[2]!.trim().split(/ +/)).toEqual(['T', '2', '2', '1', '1', '0', '0.500', '0.500', '1.000']);
    expect(lines[3]).toContain('-');
    expect(new Set(lines.slice(0, 2).map((line) => line.length)).size).toBe(1);
    expect(text).toContain('3 atomic facts, 2 of them difficult; perplexity 12.35 under SFT, 2.00 after');
    expect(text).toContain('One seed on 24 questions proves nothing');
  });
});
