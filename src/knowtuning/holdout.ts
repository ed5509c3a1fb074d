/**
 * @file "Does it help my data?": some questions are kept out of training, so that the tuned model can be asked something
 * that it was not taught word by word, beside a plain SFT on the same rows.
 */
import { keyedRandom } from '../authors/keyed_random.ts';
import { InputError } from '../formats/input_error.ts';
import { spokenKey } from '../text/claim_words.ts';

export const HOLDOUT_SHARE = 0.1;

export interface Holdout<T> {
  readonly train: readonly T[];
  readonly held: readonly T[];
}

/**
 * Parts rows by a hash of question and seed. Whether a question is held out depends on how its hash ranks, not on its
 * place in the file; rows that ask the same (whatever their case and punctuation) stay together. Of two questions or more,
 * one at least is held out and one at least is trained on.
 * @throws InputError for a share outside [0, 1)
 */
export function holdOut<T extends { readonly question: string }>(
  rows: readonly T[],
  share: number = HOLDOUT_SHARE,
  seed = 0,
): Holdout<T> {
  if (!(share >= 0 && share < 1))
    throw new InputError(
      'holdout',
      `is a share of ${share}.`,
      'Give a number from 0 to below 1, such as 0.1.',
    );
  const keyOf = new Map(rows.map((row) => [row, spokenKey(row.question) || row.question]));
  const ranked = [...new Set(keyOf.values())]
    .map((key) => ({ key, hash: keyedRandom('holdout', seed, key).below(2 ** 32) }))
    .sort((a, b) => a.hash - b.hash || (a.key < b.key ? -1 : 1));
  const wanted = Math.max(share > 0 ? 1 : 0, Math.round(share * ranked.length));
  const count = Math.min(wanted, Math.max(0, ranked.length - 1));
  const held = new Set(ranked.slice(0, count).map(({ key }) => key));
  return {
    train: rows.filter((row) => !held.has(keyOf.get(row)!)),
    held: rows.filter((row) => held.has(keyOf.get(row)!)),
  };
}
