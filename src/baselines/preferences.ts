/** @file What the baselines make: answers of a model, and which of two is better by whoever tells them apart. */
import pLimit from 'p-limit';
import type { Author } from '../authors/author.ts';
import { keyedRandom } from '../authors/keyed_random.ts';
import type { Adapter, PreferenceGroup, Tuner } from '../train/tuner.ts';

/** A question with an answer that counts as true. */
export interface BaselineRow {
  readonly id: string;
  readonly question: string;
  readonly answer: string;
}

/** A row with answers of the model that is to be tuned, in the order in which they were drawn. */
export interface AnsweredRow extends BaselineRow {
  readonly answers: readonly string[];
}

export interface SamplingOptions {
  /** Answers to each question. */
  readonly count: number;
  readonly maxNewTokens: number;
  readonly seed: number;
}

/** Draws answers to each question from a model at temperature 1 (Tian et al. 2023); which, depends on seed and row only. */
export async function sampleAnswers<Row extends BaselineRow>(
  rows: readonly Row[],
  tuner: Pick<Tuner, 'generate'>,
  adapter: Adapter | null,
  { count, maxNewTokens, seed }: SamplingOptions,
  signal?: AbortSignal,
): Promise<(Row & AnsweredRow)[]> {
  const answered: (Row & AnsweredRow)[] = [];
  for (const row of rows) {
    const prompts = new Array<string>(count).fill(row.question);
    const sampling = { temperature: 1, seed: keyedRandom(seed, row.id, 'answers').below(2 ** 31) };
    const drawn = await tuner.generate(prompts, adapter, {
      ...{ maxNewTokens, sampling },
      ...(signal ? { signal } : {}),
    });
    answered.push({ ...row, answers: drawn.map(({ text }) => text.trim()) });
  }
  return answered;
}

/** Makes preferences of every row, as many at a time as the author is worth. */
export async function eachRow(
  rows: readonly AnsweredRow[],
  author: Pick<Author, 'concurrency'>,
  prefer: (row: AnsweredRow) => Promise<PreferenceGroup[]>,
): Promise<PreferenceGroup[]> {
  const inTurn = pLimit(author.concurrency);
  const groups = await Promise.all(rows.map((row) => inTurn(() => prefer(row))));
  return groups.flat();
}

/** The answers that are worth comparing: no empty one, and none twice. */
export function distinctAnswers({ answers }: AnsweredRow): string[] {
  return [...new Set(answers)].filter((answer) => answer !== '');
}

/** Every two of some answers. */
export function pairsOf(answers: readonly string[]): [string, string][] {
  return answers.flatMap((a, i) => answers.slice(i + 1).map((b): [string, string] => [a, b]));
}

/** Pairs as groups: each better answer with those that it beat. */
export function groupsOf(prompt: string, won: readonly (readonly [string, string])[]): PreferenceGroup[] {
  return [...new Set(won.map(([better]) => better))].map((chosen) => ({
    prompt,
    chosen,
    rejected: won.filter(([better]) => better === chosen).map(([, worse]) => worse),
  }));
}
