/** @file Recall of a reference's key words: what counts, what does not, and that the report says it. */
import { describe, expect, it } from 'vitest';
import { keyWordRecall } from '../../src/evaluate/key_words.ts';
import {
  type AnswerRecord,
  formatReport,
  reportSystem,
  type SystemName,
} from '../../src/knowtuning/report.ts';

describe('keyWordRecall', () => {
  const question = 'Where does Lena live?';
  const reference = 'Lena lives in Trondheim since 2019.';

  it('counts names and numbers, whatever the wording', () => {
    expect(keyWordRecall(question, reference, 'Since 2019 her home is Trondheim.')).toBe(1);
    expect(keyWordRecall(question, reference, 'She moved to Trondheim in 2018.')).toBe(0.5);
  });

  it('counts nothing that the question said', () => {
    expect(keyWordRecall(question, reference, 'Where Lena lives, she lives.')).toBe(0);
    expect(keyWordRecall(question, 'Lena lives.', 'anything')).toBeNull();
  });
});

describe('the report', () => {
  const of = (system: SystemName, ...recalls: number[]) =>
    reportSystem(
      system,
      recalls.map(
        (recall, i): AnswerRecord => ({
          ...{ id: String(i), set: null, question: 'q', text: 't', tokens: 1, finish: 'eos', check: null },
          recall,
        }),
      ),
      { steps: 1, targetTokens: 1 },
    );
  const atoms = { count: 1, difficult: 1, perplexity: null, perplexityAfter: null };
  const say = (sft: number[], stage2: number[]) =>
    formatReport({ systems: [of('sft', ...sft), of('stage2', ...stage2)], atoms, note: '' });

  it('says whether it helps on the answers that were held out', () => {
    expect(say([0.5, 0.3], [0.7, 0.5])).toContain(
      'the answers to 2 test questions: SFT 0.400, Stage II 0.600',
    );
    expect(say([0.5, 0.3], [0.7, 0.5])).toContain('recalls more than plain SFT on the same rows, by 0.200');
    expect(say([0.7], [0.5])).toContain('recalls less than plain SFT on the same rows, by 0.200');
    expect(say([0.5], [0.5])).toContain('recalls as much as plain SFT');
  });

  it('says nothing of it where nothing was held out', () => {
    expect(say([], [])).not.toContain('Share of the key words');
  });
});
