/** @file What is told of answers to questions that were held out. */
import { describe, expect, it } from 'vitest';
import { heldOutLines, heldOutRecall } from '../../src/knowtuning/held_out.ts';
import { type AnswerRecord, reportSystem, type SystemName } from '../../src/knowtuning/report.ts';

const answer = (id: string, recall?: number): AnswerRecord => ({
  ...{ id, set: null, question: 'Q?', text: 'A.', tokens: 2, finish: 'eos', check: null },
  ...(recall === undefined ? {} : { recall }),
});
const system = (name: SystemName, ...recalls: number[]) =>
  reportSystem(
    name,
    recalls.map((recall, i) => answer(`q${i}`, recall)),
    { steps: 1, targetTokens: 1 },
  );

describe('held-out questions', () => {
  it('are told by their mean and by whole answers; answers without a reference do not count', () => {
    const answers = [answer('a', 1), answer('b', 0.25), answer('c')];
    expect(heldOutRecall(answers)).toEqual({ heldOut: { questions: 2, recall: 0.625, whole: 1 } });
    expect(heldOutRecall([answer('c')])).toEqual({});
  });

  it('compare the last system with plain SFT', () => {
    const lines = heldOutLines([system('base', 0, 0), system('sft', 1, 0), system('stage2', 1, 0.5)]);
    expect(lines[0]).toContain('to 2 test questions: Base 0.000 (0 whole), SFT 0.500 (1 whole)');
    expect(lines[1]).toMatch(/ more than plain SFT on the same rows, by 0\.250\.$/);
    const worse = heldOutLines([system('sft', 1, 1), system('stage2', 1, 0)]);
    expect(worse[1]).toMatch(/ less than plain SFT on the same rows, by 0\.500\.$/);
    expect(heldOutLines([system('sft', 1, 1), system('stage2', 1, 1)])[1]).toMatch(/as much as plain SFT/);
    expect(heldOutLines([system('base', 0), system('sft', 1)])).toHaveLength(1);
    expect(heldOutLines([])).toEqual([]);
  });
});
