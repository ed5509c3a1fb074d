/**
 * @file Ten facts: the way from a few sentences that someone types to a model that has learned them. Each sentence is
 * asked for in several phrasings, of which one is kept for the test; the author finds the phrasings.
 */
import type { Author } from '../authors/author.ts';
import { InputError } from '../formats/input_error.ts';
import type { OnProblem } from './prepare.ts';
import type { TrainRow } from './project.ts';
import type { TestRow } from './rows.ts';

/** Phrasings of a fact's question that are trained; one more is tested. */
const PHRASINGS = 3;
/** What a small model takes to learn sentences of words that it has not met; keys of `train`, for SFT and Stage I. */
export const FACT_TRAINING = { num_train_epochs: 20, learning_rate: 4e-3 } as const;
/** Most tokens of an answer: a fact is one sentence, and a model that does not know it goes on and on. */
export const FACT_ANSWER_TOKENS = 64;
/** How often the author is asked for one that is new. */
const TRIES = 24;

export interface FactRows {
  readonly train: readonly TrainRow[];
  readonly test: readonly TestRow[];
}

/** A fact and the line of the text that it stands on, from 1. */
export interface FactLine {
  readonly line: number;
  readonly fact: string;
}

/** The sentences of a text of facts: one on each line, without bullets. */
export function readFactLines(text: string): FactLine[] {
  return text
    .split(/\r?\n/)
    .map((line, i) => ({ line: i + 1, fact: line.trim().replace(/^([-*•]|\d{1,3}[.)])\s+/, '') }))
    .filter(({ fact }) => fact !== '');
}

/** As {@link readFactLines}, without the lines. */
export const readFacts = (text: string): string[] => readFactLines(text).map(({ fact }) => fact);

/** Takes note of a fact that cannot be asked for: also of its place among the facts, from 0. */
export type OnFactProblem = (...problem: [...Parameters<OnProblem>, index: number]) => void;

/**
 * Questions about each fact to train on, and one in other words to test. A fact whose question the author cannot find
 * is told and left out.
 * @throws InputError where no fact is left
 */
export async function factRows(
  facts: readonly string[],
  place: string,
  author: Pick<Author, 'rewriteQuestion'>,
  onProblem?: OnFactProblem,
): Promise<FactRows> {
  const train: TrainRow[] = [];
  const test: TestRow[] = [];
  for (const [i, fact] of facts.entries()) {
    const id = `fact-${i + 1}`;
    const questions = new Set<string>();
    let reason: string | null = null;
    for (let k = 0; k < TRIES && questions.size <= PHRASINGS && reason === null; k++) {
      const written = await author.rewriteQuestion({ id: `${id}-${k}`, question: '' }, [fact]);
      if (written.ok) questions.add(written.value);
      else reason = written.reason;
    }
    if (reason !== null) onProblem?.(id, 'rewriteQuestion', reason, i);
    const all = [...questions];
    // With one phrasing there is none to spare: then the fact is learned, but not tested.
    const trained = all.length > 1 ? all.slice(0, -1) : all;
    trained.forEach((question, k) => {
      train.push({ id: `${id}-${k + 1}`, question, answer: fact });
    });
    if (all.length > 1) test.push({ id, question: all.at(-1)!, answer: fact });
  }
  if (train.length === 0)
    throw new InputError(
      place,
      'holds no fact that can be asked for.',
      'Write one whole sentence on each line.',
    );
  return { train, test };
}
