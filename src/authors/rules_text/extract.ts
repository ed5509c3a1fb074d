/** @file Extract: the atomic facts of any English answer, each with its place, and what could not be read. */
import { capitalise } from './capitals.ts';
import { splitClauses } from './clauses.ts';
import type { English, Word } from './english.ts';
import { type Focus, questionFocus } from './focus.ts';
import { type Block, readLayout } from './layout.ts';
import { completeLeadIn, isSentence, readLeadIn } from './lists.ts';
import { findMainClause, type Span } from './main_clause.ts';
import { readNamedList } from './named_list.ts';
import { type Context, resolvePronouns } from './pronouns.ts';
import { type Stretch, sentencesOf, trimStretch } from './sentences.ts';
import { reasonNotToState } from './statements_only.ts';

export interface Fact {
  readonly text: string;
  /** Where its own words stand in the answer; what it shares with an earlier clause is not in it. */
  readonly start: number;
  readonly end: number;
  /** Pronouns that point out of the sentence and were left. */
  readonly unresolved: readonly string[];
}

export interface Extracted {
  readonly facts: readonly Fact[];
  /** What was left out and why, and pronouns that were left. */
  readonly problems: readonly string[];
}

/** Finds the facts of an answer. */
export function extractFacts(english: English, question: string, answer: string): Extracted {
  const extracted = new Extraction(english, questionFocus(english, question, answer), answer).run();
  if (extracted.facts.length > 0) return extracted;
  const named = readNamedList(english, question, answer);
  if (named === null) return extracted;
  return { facts: named.map((item) => ({ ...item, unresolved: [] })), problems: [] };
}

class Extraction {
  readonly #facts: Fact[] = [];
  readonly #problems: string[] = [];
  readonly #seen = new Set<string>();
  #before: Context = { subject: null, source: '', read: '' };
  #leadIn: string | null = null;

  constructor(
    private readonly english: English,
    private readonly focus: Focus | null,
    private readonly answer: string,
  ) {}

  run(): Extracted {
    for (const block of readLayout(this.answer)) {
      if (block.kind === 'code') this.#leaveOut(this.answer.slice(block.start, block.end), 'is program text');
      else if (block.kind === 'item') this.#readItem(block);
      else this.#readParagraph(block);
    }
    return { facts: this.#facts, problems: this.#problems };
  }

  #readParagraph(block: Block): void {
    this.#leadIn = null;
    for (const sentence of sentencesOf(this.answer, block)) this.#readSentence(sentence);
  }

  #readItem(block: Block): void {
    const text = this.answer.slice(block.start, block.end);
    if (this.#leadIn !== null && !isSentence(this.english, text)) {
      const whole = completeLeadIn(this.english, this.#leadIn, text.replace(/[;,]$/, ''));
      const reason = reasonNotToState(whole, this.english.words(whole));
      if (reason) this.#leaveOut(text, reason);
      else this.#add(whole, block, whole);
      return;
    }
    const leadIn = this.#leadIn;
    for (const sentence of sentencesOf(this.answer, block)) this.#readSentence(sentence);
    this.#leadIn = leadIn;
  }

  #readSentence(sentence: Stretch): void {
    const stretch = this.#withoutHeading(sentence);
    const text = this.answer.slice(stretch.start, stretch.end);
    if (text === '') return;
    const leadIn = readLeadIn(this.english, text);
    if (leadIn !== null && (/:$/.test(text) || this.#isBeforeList(stretch.end))) {
      this.#leadIn = leadIn;
      return;
    }
    const words = this.english.words(text);
    const reason = reasonNotToState(withoutConnective(text), words);
    if (reason !== null) {
      this.#leaveOut(text, reason);
      this.#before = { ...this.#before, subject: null };
      return;
    }
    for (const { whole, own } of this.#clauses(text, words, stretch.start)) this.#add(whole, own, text);
  }

  /** The clauses of a sentence, or the sentence as it is where one of them would not read as a sentence. */
  #clauses(text: string, words: readonly Word[], offset: number): { whole: string; own: Stretch }[] {
    const found = splitClauses(words, 0, words.length).map((clause) => {
      const parts = [clause.lead, clause.subject, clause].map((span) =>
        span ? slice(text, words, span) : '',
      );
      return {
        whole: withoutConnective(parts.filter((part) => part !== '').join(' ')),
        own: stretchOf(words, clause, offset),
      };
    });
    const isRead = found.every(({ whole }) => {
      const again = this.english.words(finish(whole));
      return findMainClause(again, 0, again.length) !== null;
    });
    return isRead
      ? found
      : [{ whole: withoutConnective(text), own: stretchOf(words, { from: 0, to: words.length }, offset) }];
  }

  /** Keeps a fact unless it is there already; pronouns are replaced where that is safe. */
  #add(sentence: string, { start, end }: Stretch, source: string): void {
    const resolved = resolvePronouns(this.english, finish(sentence), this.#before, this.focus);
    this.#before = { subject: resolved.subject, source, read: resolved.text };
    const key = resolved.text.toLowerCase();
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#facts.push({ text: resolved.text, start, end, unresolved: resolved.unresolved });
    for (const pronoun of resolved.unresolved) {
      this.#problems.push(
        `"${pronoun}" in "${resolved.text}" points to something that the rules cannot tell.`,
      );
    }
  }

  /** Whether a list follows at once. */
  #isBeforeList(end: number): boolean {
    return /^\s*:?\s*([-*\u2022]|\d+[.)])\s/.test(this.answer.slice(end, end + 60));
  }

  /** "Summary : Millions of ...", "A: The FDA ...", "Food: Most flights ...": the heading is no part of the sentence. */
  #withoutHeading(stretch: Stretch): Stretch {
    const text = this.answer.slice(stretch.start, stretch.end);
    const heading = /^["(]?[\p{L}\d][^:.!?,;()]{0,40}\s?:\s+(?=\S)/u.exec(text);
    if (!heading || heading[0].trim().split(/\s+/).length > 5) return stretch;
    const head = this.english.words(heading[0]);
    if (findMainClause(head, 0, head.length)) return stretch;
    const rest = this.english.words(text.slice(heading[0].length));
    if (!findMainClause(rest, 0, rest.length)) return stretch;
    return { start: stretch.start + heading[0].length, end: stretch.end };
  }

  #leaveOut(text: string, reason: string): void {
    this.#problems.push(`"${text}" ${reason}.`);
  }
}

function stretchOf(words: readonly Word[], { from, to }: Span, offset: number): Stretch {
  return { start: offset + words[from]!.start, end: offset + words[to - 1]!.end };
}

function slice(text: string, words: readonly Word[], { from, to }: Span): string {
  if (to <= from) return '';
  const { start, end } = trimStretch(text, { start: words[from]!.start, end: words[to - 1]!.end });
  return text.slice(start, end);
}

const CONNECTIVE =
  /^(?:(?:but|and|so|or|yet|however)\s+|(?:however|also|therefore|thus|moreover|furthermore|additionally|first(?:ly)?|second(?:ly)?|third(?:ly)?|finally|lastly|next|then|instead|overall|in addition|for example|for instance|as a result|in short|of course|in fact|yes|no|well|in conclusion|in summary|in other words|on the other hand|that being said|similarly|conversely|likewise|to sum up)\s*,\s*)+/i;

/** Without words that only tie the sentence to the one before. */
function withoutConnective(sentence: string): string {
  return sentence.replace(CONNECTIVE, '');
}

/** With a capital, single spaces and a mark at its end. */
function finish(sentence: string): string {
  const line = capitalise(
    sentence
      .replace(/\s+/g, ' ')
      .replace(/[\s,;:\u2013-]+(?:(?:and|or|but)[\s,]*)?$/, '')
      .trim(),
  );
  return /[.!]["'\u201d)]*$/.test(line) ? line.replace(/!$/, '.') : `${line}.`;
}
