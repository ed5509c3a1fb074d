/**
 * @file The words on which the truth of a text hangs: numbers, names, negations, and content words by their stems
 * (Porter). Two texts can be compared by them whatever their grammar.
 */
import { stemmer } from 'stemmer';
import { isFunctionWord, NEGATIONS, QUALIFIERS } from './function_words.ts';

export interface Word {
  /** As it stands in the text. */
  readonly text: string;
  /** In lower case, without accents and possessive ending. */
  readonly plain: string;
  /** Offset in the text, in UTF-16 code units. */
  readonly start: number;
  /** Whether a sentence begins with it. */
  readonly initial: boolean;
  /** Whether it begins with a capital letter, in a text that has small ones too. */
  readonly capital: boolean;
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
  /** The same stems in order, with qualifiers ("few", "before") among them; NEGATED stands before one that is denied. */
  readonly stems: readonly string[];
}

/** Put before the stem of the word that follows a negation. */
export const NEGATED = '¬';

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
  const decomposed = /^[\0-\x7f]*$/.test(text) ? text : text.normalize('NFKD').replace(/\p{M}/gu, '');
  return decomposed.toLowerCase();
}

/** Texts that were read lately: the same sentence is compared many times. */
const recent = new Map<string, readonly Word[]>();
const MOST_RECENT = 4096;

/** The words of a text in order; a hyphen parts words, "isn't" is "is" and "not". */
export function wordsOf(text: string): readonly Word[] {
  const known = recent.get(text);
  if (known) return known;
  if (recent.size >= MOST_RECENT) recent.clear();
  const words = splitWords(text);
  recent.set(text, words);
  return words;
}

function splitWords(text: string): Word[] {
  const words: Word[] = [];
  const hasSmall = /\p{Ll}/u.test(text);
  let end = 0;
  for (const { index: start, 0: whole } of text.matchAll(WORD)) {
    const initial = end === 0 || SENTENCE_BREAK.test(text.slice(end, start));
    const capital = hasSmall && /^\p{Lu}/u.test(whole);
    end = start + whole.length;
    const folded = foldText(whole).replaceAll('’', "'");
    if (folded.endsWith("n't") && folded.length > 3) {
      words.push({ text: whole.slice(0, -3), plain: folded.slice(0, -3), start, initial, capital });
      words.push({ text: whole.slice(-3), plain: 'not', start: end - 3, initial: false, capital: false });
    } else {
      const plain = folded.replace(/'(?:s|re|ve|ll|d|m)?$/, '');
      words.push({ text: whole, plain, start, initial, capital });
    }
  }
  return words;
}

/** The form in which a number is compared, or null for a word that is none. */
export function numberOf({ plain }: Word): string | null {
  if (/\p{N}/u.test(plain)) return plain.replace(/(?<=\p{N}),(?=\p{N}{3})/gu, '');
  return NUMBER_WORDS.get(plain) ?? null;
}

/** Whether a word is written as a name where no sentence begins; "Be" may be one there, "I" is a pronoun anywhere. */
export function isName({ plain, initial, capital }: Word): boolean {
  return capital && !initial && plain !== 'i';
}

/** The stem by which a word is compared, or null for a function word that is no name. */
export function stemOf(word: Word): string | null {
  const number = numberOf(word);
  if (number !== null) return number;
  return isFunctionWord(word.plain) && !isName(word) ? null : stemKnown(word.plain);
}

/** Stems that were taken lately: a text has few different words. */
const stems = new Map<string, string>();
const MOST_STEMS = 65_536;

function stemKnown(plain: string): string {
  const known = stems.get(plain);
  if (known !== undefined) return known;
  if (stems.size >= MOST_STEMS) stems.clear();
  const stem = stemmer(plain);
  stems.set(plain, stem);
  return stem;
}

export function readClaim(text: string): ClaimWords {
  const words = wordsOf(text);
  const set = (values: readonly (string | null)[]) => new Set(values.filter((value) => value !== null));
  return {
    words,
    numbers: set(words.map(numberOf)),
    names: set(words.map((word) => (isName(word) && numberOf(word) === null ? word.plain : null))),
    content: set(words.map(stemOf)),
    ...readStems(text),
  };
}

function readStems(text: string): Pick<ClaimWords, 'negated' | 'stems'> {
  const isNegation = (word: Word): boolean => NEGATIONS.has(word.plain) && !isName(word);
  const stems: string[] = [];
  let pending = '';
  for (const word of wordsOf(text)) {
    const stem = stemOf(word);
    if (isNegation(word)) pending += NEGATED;
    else if (stem !== null) {
      stems.push(pending + stem);
      pending = '';
    } else if (QUALIFIERS.has(word.plain)) stems.push(word.plain);
  }
  // "You are not done" denies a word without content.
  if (pending !== '') stems.push(pending);
  return { negated: wordsOf(text.replace(NOT_A_NEGATION, ' ')).some(isNegation), stems };
}

/** Letters and digits of a text as words, single-spaced: two texts with the same key read aloud alike. */
export function spokenKey(text: string): string {
  return wordsOf(text)
    .map(({ plain }) => plain)
    .join(' ');
}
