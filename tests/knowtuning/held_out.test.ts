/** @file What is told of answers to questions that were held out. */
import { describe, expect, it } from 'vitest';
import { heldOutRecall } from '../../src/knowtuning/held_out.ts';
import {
  type AnswerRecord,
  formatReport,
  reportSystem,
  type SystemName,
} from '../../src/knowtuning/report.ts';

const answer = (id: string, recall?: number): AnswerRecord => ({
  ...{ id, set: null, question: 'Q?', text: 'A.', tokens: 2, finish: 'eos', check: null },
  ...(recall === undefined ? {} : { recall }),
});

it('are told by their mean and by whole answers; answers without a reference do not count', () => {
  const answers = [answer('a', 1), answer('b', 0.25), answer('c')];
  expect(heldOutRecall(answers)).toEqual({ heldOut: { questions: 2, recall: 0.625, whole: 1 } });
  expect(heldOutRecall([answer('c')])).toEqual({});
});

describe('the report', () => {
  const of = (system: SystemName, ...recalls: number[]) =>
    reportSystem(
      system,
      recalls.map((recall, i) => answer(String(i), recall)),
      { steps: 1, targetTokens: 1 },
    );
  const atoms = { count: 1, difficult: 1, perplexity: null, perplexityAfter: null };
  const say = (...systems: ReturnType<typeof of>[]) => formatReport({ systems, atoms, note: '' });
  const both = (sft: number[], stage2: number[]) => say(of('sft', ...sft), of('stage2', ...stage2));

  it('says whether it helps on the answers that were held out', () => {
    expect(both([0.5, 0.3], [1, 0.2])).toContain(
      'the answers to 2 test questions: SFT 0.400 (0 whole), Stage II 0.600 (1 whole)',
    );
    expect(both([0.5, 0.3], [0.7, 0.5])).toContain('recalls more than plain SFT on the same rows, by 0.200');
    expect(both([0.7], [0.5])).toContain('recalls less than plain SFT on the same rows, by 0.200');
    expect(both([0.5], [0.5])).toContain('recalls as much as plain SFT');
  });

  it('compares nothing with plain SFT itself', () => {
    expect(say(of('base', 0), of('sft', 1))).not.toContain('plain SFT on the same rows');
  });

  it('says nothing of it where nothing was held out', () => {
    expect(both([], [])).not.toContain('Share of the key words');
  });
});
