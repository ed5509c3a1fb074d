/** @file Recall of a reference's key words: what counts, and what does not. */
import { describe, expect, it } from 'vitest';
import { keyWordRecall } from '../../src/evaluate/key_words.ts';

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
