/**
 * @file RLAIF (Lee et al. 2023, arXiv 2309.00267), as KnowTuning's paper compares with: a language model judges which of
 * two answers of the tuned model is more helpful, and DPO learns that. Judges favour a place: each pair is judged in both orders, and
 * counts where both say the same.
 */
import type { Author } from '../authors/author.ts';
import type { PreferenceGroup } from '../train/tuner.ts';
import { type AnsweredRow, distinctAnswers, eachRow, groupsOf, pairsOf } from './preferences.ts';

/** Preferences among the answers of each row. */
export function rlaifPreferences(
  rows: readonly AnsweredRow[],
  author: Author,
  signal?: AbortSignal,
): Promise<PreferenceGroup[]> {
  return eachRow(rows, author, async (row) => {
    const won = await Promise.all(
      pairsOf(distinctAnswers(row)).map(async ([a, b]): Promise<[string, string][]> => {
        const [there, back] = await Promise.all([
          author.judge(row, a, b, 'helpfulness', signal),
          author.judge(row, b, a, 'helpfulness', signal),
        ]);
        if (!there.ok || !back.ok) return [];
        if (there.value === 'first' && back.value === 'second') return [[a, b]];
        return there.value === 'second' && back.value === 'first' ? [[b, a]] : [];
      }),
    );
    return groupsOf(row.question, won.flat());
  });
}
