/**
 * @file The words on which the truth of a text hangs: numbers, names, negations, and content words by their stems
 * (Porter). Two texts can be compared by them whatever their grammar.
 */
import { stemmer } from 'stemmer';
import { isFunctionWord, NEGATIONS } from './function_words.ts';

export interface Word {
  /** As it stands in the text. */
  readonly text: string;
  /** In lower case, without accents and possessive ending. */
  readonly plain: string;
  /** Offset in the text, in UTF-16 code units. */
  readonly start: number;
  /** Whether a sentence begins with it. */
  readonly initial: boolean;
}

/** What a text claims, as sets. */
export interface ClaimWords {
  readonly words: readonly Word[];
  /** Numbers in digits ("1,000" is "1000", "two" is "2"), and whatever else holds a digit. */
  readonly numbers: ReadonlySet<string>;
  /** Capitalised words that do not begin a sentence, in plain form. */
  readonly names: ReadonlySet<string>;
  /** Stems of words that are not function words; numbers are among them. */
  readonly content: ReadonlySet<string>;
  readonly negated: boolean;
}

const WORD = /[\p{L}\p{N}\p{M}]+(?:(?:['’](?=\p{L})|(?<=\p{N})[.,](?=\p{N}))[\p{L}\p{N}\p{M}]+)*/gu;
/** What stands between the end of a sentence (or line, or list mark) and the next word. */
const SENTENCE_BREAK = /[.!?:]["'”’)\]]*\s|\n|•/;
const NOT_A_NEGATION = /\b(?:not|no) (?:only|just|merely|longer|doubt)\b/gi;

const NUMBER_WORDS: ReadonlyMap<string, string> = new Map(
  `zero 0 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9 ten 10 eleven 11 twelve 12 thirteen 13 fourteen 14
  fifteen 15 sixteen 16 seventeen 17 eighteen 18 nineteen 19 twenty 20 thirty 30 forty 40 fifty 50 sixty 60 seventy 70
  eighty 80 ninety 90 hundred 100 thousand 1000`
    .trim()
    .split(/\s+/)
    .flatMap((word, i, all) => (i % 2 === 0 ? [[word, all[i + 1]!] as const] : [])),
);

/** Lower case, without accents. */
export function foldText(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** The words of a text in order; a hyphen parts words, "isn't" is "is" and "not". */
export function wordsOf(text: string): Word[] {
  const words: Word[] = [];
  let end = 0;
  for (const match of text.matchAll(WORD)) {
    const between = text.slice(end, match.index);
    const initial = end === 0 || SENTENCE_BREAK.test(between);
    end = match.index + match[0].length;
    const word = (part: string, plain: string, start: number) =>
      words.push({ text: part, plain, start, initial: initial && start === match.index });
    const folded = foldText(match[0]).replaceAll('’', "'");
    const contracted = /^(.+)n't$/.exec(folded);
    if (contracted) {
      word(match[0].slice(0, -3), contracted[1]!, match.index);
      word(match[0].slice(-3), 'not', end - 3);
    } else word(match[0], folded.replace(/'(?:s|re|ve|ll|d|m)?$/, ''), match.index);
  }
  return words;
}

/** The form in which a number is compared, or null for a word that is none. */
export function numberOf({ plain }: Word): string | null {
  if (/\p{N}/u.test(plain)) return plain.replace(/(?<=\p{N}),(?=\p{N}{3})/gu, '');
  return NUMBER_WORDS.get(plain) ?? null;
}

/** Whether a word is written as a name where no sentence begins. */
export function isName({ text, plain, initial }: Word): boolean {
  return !initial && /^\p{Lu}/u.test(text) && !isFunctionWord(plain);
}

/** The stem by which a word is compared, or null for a function word. */
export function stemOf(word: Word): string | null {
  return numberOf(word) ?? (isFunctionWord(word.plain) ? null : stemmer(word.plain));
}

export function readClaim(text: string): ClaimWords {
  const words = wordsOf(text);
  const set = (values: readonly (string | null)[]) => new Set(values.filter((value) => value !== null));
  return {
    words,
    numbers: set(words.map(numberOf)),
    names: set(words.map((word) => (isName(word) && numberOf(word) === null ? word.plain : null))),
    content: set(words.map(stemOf)),
    negated: wordsOf(text.replace(NOT_A_NEGATION, '')).some(({ plain }) => NEGATIONS.has(plain)),
  };
}

/** Letters and digits of a text as words, single-spaced: two texts with the same key read aloud alike. */
export function spokenKey(text: string): string {
  return wordsOf(text)
    .map(({ plain }) => plain)
    .join(' ');
}
