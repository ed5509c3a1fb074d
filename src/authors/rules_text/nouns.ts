/** @file Noun phrases: which noun they are about, and whether one or several are meant. */
import type { Word } from './english.ts';
import { isRelative, type Span } from './main_clause.ts';
import { isPluralNoun } from './plurals.ts';
import type { FiniteForm } from './verbs.ts';

export type NounNumber = 'one' | 'many';

/** Place of the noun that a phrase is about: the last one before "of", a comma, a bracket or a relative clause. */
export function headNoun(words: readonly Word[], { from, to }: Span): number | null {
  let head: number | null = null;
  for (let i = from; i < to; i++) {
    const { pos, text } = words[i]!;
    if (/^(NOUN|PROPN)$/.test(pos)) head = i;
    else if (
      head !== null &&
      (pos === 'ADP' || pos === 'VERB' || /^[,(;:]$/.test(text) || isRelative(words, i))
    )
      break;
  }
  return head;
}

/** Whether the phrase means one thing or several: by its verb where that tells, else by its nouns. */
export function nounNumber(
  words: readonly Word[],
  span: Span,
  form?: FiniteForm,
  verb?: Word,
): NounNumber | null {
  if (form === 'singular') return 'one';
  if (form === 'plural' && verb?.lower !== 'have') return 'many';
  if (form === 'plural') return 'many';
  const head = headNoun(words, span);
  if (head === null) return null;
  for (let i = span.from; i < Math.min(span.to, head + 3); i++) {
    if (words[i]!.lower === 'and' && i < head) return 'many';
    if (words[i]!.lower === 'and' && words[i + 1] && /^(NOUN|PROPN|ADJ|DET)$/.test(words[i + 1]!.pos))
      return 'many';
  }
  const determiner = words[span.from]!.lower;
  if (/^(a|an|this|each|every|another|one)$/.test(determiner)) return 'one';
  if (/^(these|those|many|several|few|both|most|some)$/.test(determiner) && isPluralNoun(words[head]!))
    return 'many';
  return isPluralNoun(words[head]!) ? 'many' : 'one';
}

/** "the dog" to "the dog's", "dogs" to "dogs'". */
export function possessive(phrase: string, number: NounNumber): string {
  return number === 'many' && phrase.endsWith('s') ? `${phrase}'` : `${phrase}'s`;
}
