/**
 * @file Capitals: a sentence starts with one, which hides whether its first word is a name. The word is written small
 * within a sentence only where that is sure.
 */
import type { English, Word } from './english.ts';
import { findMainClause } from './main_clause.ts';
import { isPluralNoun } from './plurals.ts';

/** Whether a word keeps its capital anywhere in a sentence, for all that is known. */
export function keepsCapital(word: Word): boolean {
  return word.pos === 'PROPN' || word.text === 'I' || /[A-Z\d]/.test(word.text.slice(1));
}

export function capitalise(text: string): string {
  return text.replace(
    /^(["'\u201c\u2018(]*)(\p{Ll})/u,
    (_, marks: string, letter: string) => marks + letter.toUpperCase(),
  );
}

/** The text with a small letter at its start, unless its first word may be a name. */
export function uncapitalise(text: string, first: Word | undefined): string {
  if (!first || keepsCapital(first)) return text;
  return text.charAt(0).toLowerCase() + text.slice(1);
}

const COMMON_ENDING =
  /(tion|sion|ness|ment|ity|ism|ance|ence|ency|ancy|ology|itis|osis|ing|hood|ship|ure|ery|ics)$/;

/**
 * The sentence with a small letter at its start, or null where its first word may be a name.
 * @param seen words that stand in small letters elsewhere in the same row
 */
export function smallStart(english: English, sentence: string, seen: ReadonlySet<string>): string | null {
  const words = english.words(sentence);
  const first = words[0];
  if (!first) return null;
  const small = sentence.charAt(0).toLowerCase() + sentence.slice(1);
  if (!/^\p{Lu}/u.test(first.text)) return sentence;
  if (!keepsCapital(first)) return small;
  if (!/^[A-Z][a-z]+$/.test(first.text) || /^\p{Lu}/u.test(words[1]?.text ?? '')) return null;
  if (seen.has(first.lower) || COMMON_ENDING.test(first.lower)) return small;
  const main = findMainClause(words, 0, words.length);
  const isPlural = isPluralNoun(first) && (main?.form === 'plural' || first.lower.length > 7);
  return isPlural ? small : null;
}

/** Words that stand in small letters within any of the texts. */
export function smallWords(english: English, texts: readonly string[]): ReadonlySet<string> {
  return new Set(
    texts.flatMap((text) =>
      english
        .words(text)
        .filter((word) => /^\p{Ll}/u.test(word.text))
        .map((word) => word.text),
    ),
  );
}
