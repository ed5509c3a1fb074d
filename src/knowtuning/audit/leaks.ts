/**
 * @file Test questions that training has seen: the same or nearly the same question, or an answer copied in long runs
 * of words. What leaks makes a model look better than it is.
 */
import { readClaim, spokenKey, wordsOf } from '../../text/claim_words.ts';
import { type Finding, quote } from './finding.ts';

/** A row of the test; rows without an answer are compared by their question. */
export interface TestText {
  readonly id: string;
  readonly question: string;
  readonly answer?: string;
}

export interface TrainText {
  readonly id: string;
  readonly question: string;
  readonly answer: string;
}

/** Content words that two questions share, out of those that either has, from which on they are nearly the same. */
const SAME_WORDS = 0.8;
/** Words in a row that count as copied, and the share of a test answer's runs from which on it is one. */
const RUN = 8;
const COPIED = 0.5;

const CURE = 'Take it out of the training data or out of the test.';

/** One finding for each test row that leaks, at the training row that it is found in. */
export function findLeaks(train: readonly TrainText[], test: readonly TestText[]): Finding[] {
  const questions = new QuestionIndex(train);
  const runs = new Map<string, string>();
  const answers = new Map<string, string>();
  for (const { id, answer } of test.length > 0 ? train : []) {
    answers.set(spokenKey(answer), id);
    for (const run of runsOf(answer)) runs.set(run, id);
  }
  const findings: Finding[] = [];
  for (const row of test) {
    const leak = (id: string, severity: 'error' | 'warning', message: string) =>
      findings.push({ kind: 'leak', severity, id, aspect: null, message, cure: CURE });
    const asked = questions.find(row.question);
    if (asked) {
      const how = asked.same ? 'the same as' : 'nearly the same as';
      const message = `The question is ${how} ${quote(row.question)} of the test (${row.id}).`;
      leak(asked.id, asked.same ? 'error' : 'warning', message);
      continue;
    }
    if (row.answer === undefined || spokenKey(row.answer) === '') continue;
    const own = runsOf(row.answer);
    const copied = own.flatMap((run) => runs.get(run) ?? []);
    // A short answer such as "Yes." is no copy of another one.
    const whole = wordsOf(row.answer).length > 3 ? answers.get(spokenKey(row.answer)) : undefined;
    if (whole !== undefined) leak(whole, 'warning', `The answer is that of ${row.id} of the test.`);
    else if (own.length >= RUN && copied.length >= COPIED * own.length)
      leak(
        mostFrequent(copied),
        'warning',
        `The answer shares long passages with that of ${row.id} of the test: ${Math.round((100 * copied.length) / own.length)} % of its runs of ${RUN} words.`,
      );
  }
  return findings;
}

function runsOf(text: string): string[] {
  const words = wordsOf(text).map(({ plain }) => plain);
  return Array.from({ length: Math.max(0, words.length - RUN + 1) }, (_, i) =>
    words.slice(i, i + RUN).join(' '),
  );
}

function mostFrequent(items: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return [...counts].reduce((best, entry) => (entry[1] > best[1] ? entry : best))[0];
}

/** Training questions by their words, so that a test question is compared only with those that share some. */
class QuestionIndex {
  readonly #same = new Map<string, string>();
  readonly #stems: { readonly id: string; readonly stems: ReadonlySet<string>; readonly hard: string }[] = [];
  readonly #byStem = new Map<string, number[]>();

  constructor(rows: readonly TrainText[]) {
    for (const { id, question } of rows) {
      const key = spokenKey(question);
      if (!this.#same.has(key)) this.#same.set(key, id);
      const { stems, hard } = readQuestion(question);
      for (const stem of stems) {
        const list = this.#byStem.get(stem);
        if (list) list.push(this.#stems.length);
        else this.#byStem.set(stem, [this.#stems.length]);
      }
      this.#stems.push({ id, stems, hard });
    }
  }

  find(question: string): { readonly id: string; readonly same: boolean } | null {
    const same = this.#same.get(spokenKey(question));
    if (same !== undefined) return { id: same, same: true };
    const { stems, hard } = readQuestion(question);
    if (stems.size < 2) return null;
    // Two sets that share four fifths share one of the rarest fifth of the words, and one more.
    const rare = [...stems]
      .sort((a, b) => (this.#byStem.get(a)?.length ?? 0) - (this.#byStem.get(b)?.length ?? 0))
      .slice(0, Math.floor((1 - SAME_WORDS) * stems.size) + 1);
    for (const i of new Set(rare.flatMap((stem) => this.#byStem.get(stem) ?? []))) {
      const other = this.#stems[i]!;
      if (other.hard !== hard) continue;
      const shared = [...stems].filter((stem) => other.stems.has(stem)).length;
      if (shared >= SAME_WORDS * (stems.size + other.stems.size - shared))
        return { id: other.id, same: false };
    }
    return null;
  }
}

/** Content words; numbers and names apart, since questions about different things may differ in nothing else. */
function readQuestion(text: string): { stems: ReadonlySet<string>; hard: string } {
  const { content, numbers, names } = readClaim(text);
  return { stems: content, hard: JSON.stringify([...new Set([...numbers, ...names])].sort()) };
}
