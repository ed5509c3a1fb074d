/** @file Checked answers as the page shows them: a verdict and a few words for every sentence, then what is missing. */
import type { CheckedFact, Verdict } from '../../evaluate/facts.ts';
import type { AnswerRecord } from '../../knowtuning/report.ts';
import type { TestView } from '../../workers/run_view.ts';
import { formatShare } from '../format.ts';

/** A sentence of an answer, or something that was asked for and is not there. */
export interface FactView {
  readonly verdict: Verdict | 'missing';
  /** The sentence; for something missing, what it is. */
  readonly text: string;
  /** What is wrong with it, or what would be right; null where there is nothing to add. */
  readonly note: string | null;
}

/** The sentences of an answer in order, then what is missing. Without a check, the text as it is. */
export function factViews(answer: AnswerRecord, test: TestView | undefined): FactView[] {
  const truths = test?.truths ?? {};
  if (answer.check === null)
    return answer.text.trim() === '' ? [] : [{ verdict: 'unverifiable', text: answer.text, note: null }];
  const stated = answer.check.facts.map((fact) => ({
    verdict: fact.verdict,
    text: fact.sentence,
    note: noteOn(fact, truths, test?.entity ?? null),
  }));
  const missing = answer.check.missingSlots.map((slot) => ({
    verdict: 'missing' as const,
    text: slotName(slot),
    note: truths[slot] === undefined ? null : `right is ${truths[slot]}`,
  }));
  return [...stated, ...missing];
}

function noteOn(fact: CheckedFact, truths: TestView['truths'], asked: string | null): string | null {
  if (fact.repeated && fact.verdict === 'correct') return 'said before';
  const truth = fact.slot === null ? undefined : truths[fact.slot];
  switch (fact.fault) {
    case null:
      return null;
    case 'value':
      return truth === undefined ? null : `right is ${truth}`;
    case 'entity':
      return asked === null ? 'about something else' : `this is not about ${asked}`;
    case 'kind':
      return 'there is no such thing of it';
    case 'contradiction':
      return truth === undefined
        ? 'it says two things at once'
        : `it says two things at once; right is ${truth}`;
    case 'no-fact':
      return 'the data do not say';
    case 'no-template':
      return 'no sentence that can be checked';
  }
}

/** How much of a reference answer there is, by sign and words. */
export interface RecallView {
  readonly sign: FactView['verdict'];
  readonly words: string;
}

export function recallView({ recall }: AnswerRecord): RecallView {
  if (recall === undefined) return { sign: 'unverifiable', words: 'No key words to look for' };
  if (recall === 1) return { sign: 'correct', words: 'All key words' };
  if (recall === 0) return { sign: 'incorrect', words: 'None of the key words' };
  return { sign: 'missing', words: `${formatShare(recall)} of the key words` };
}

/** "phone_code" and "phoneCode" as words, the first with a capital. */
export function slotName(slot: string): string {
  const words = slot
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .replace(/[_-]/g, ' ')
    .toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
