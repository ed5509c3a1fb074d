/**
 * @file FactTune (Tian et al. 2023, arXiv 2311.08401), its FActScore variant: an answer of the tuned model is worth the
 * share of its atomic facts that are supported, and of every two answers the one that is worth more is preferred. Facts are
 * held against the row's own answer, where the paper retrieves passages of Wikipedia.
 */
import type { Author } from '../authors/author.ts';
import type { PreferenceGroup } from '../train/tuner.ts';
import { type AnsweredRow, distinctAnswers, eachRow, groupsOf, pairsOf } from './preferences.ts';

/** Preferences among the answers of each row. Answers whose facts cannot be told take part in none. */
export function factTunePreferences(
  rows: readonly AnsweredRow[],
  author: Author,
  signal?: AbortSignal,
): Promise<PreferenceGroup[]> {
  return eachRow(rows, author, async (row) => {
    const worth = new Map<string, number>();
    await Promise.all(
      distinctAnswers(row).map(async (answer) => {
        const share = await supportedShare(row, answer, author, signal);
        if (share !== null) worth.set(answer, share);
      }),
    );
    const won = pairsOf(distinctAnswers(row).filter((answer) => worth.has(answer))).flatMap(([a, b]) => {
      const [first, second] = [worth.get(a)!, worth.get(b)!];
      return first === second ? [] : [first > second ? ([a, b] as const) : ([b, a] as const)];
    });
    return groupsOf(row.question, won);
  });
}

/** Share of an answer's facts that are supported, without a penalty for length; null where no fact could be checked. */
export async function supportedShare(
  row: AnsweredRow,
  answer: string,
  author: Author,
  signal?: AbortSignal,
): Promise<number | null> {
  const facts = await author.extract({ id: row.id, question: row.question, answer }, signal);
  if (!facts.ok) return null;
  const findings = await Promise.all(
    [...new Set(facts.value)].map((fact) => author.check(row, fact, signal)),
  );
  const checked = findings.flatMap((finding) => (finding.ok ? [finding.value] : []));
  if (checked.length === 0) return null;
  return checked.filter((finding) => finding === 'supported').length / checked.length;
}
