/** @file Whether a noun is plural, by its form. */
import type { Word } from './english.ts';

const IRREGULAR_PLURALS = new Set(
  'people children men women mice teeth feet geese bacteria criteria phenomena data media vertebrae fungi nuclei stimuli police cattle'.split(
    ' ',
  ),
);
const SINGULAR_IN_S =
  /(ss|us|is|itis|osis|asis|ics)$|^(species|series|diabetes|news|means|rabies|measles|herpes|gas|lens|texas|paris|netherlands|physics|chess)$/;

/** Whether a noun by its form is plural. */
export function isPluralNoun(word: Word): boolean {
  if (IRREGULAR_PLURALS.has(word.lower)) return true;
  return word.lower.endsWith('s') && word.lower.length > 3 && !SINGULAR_IN_S.test(word.lower);
}
