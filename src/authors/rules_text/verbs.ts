/** @file Forms of English verbs: which of them can carry a sentence, and which of them agree with each other. */
import type { Word } from './english.ts';

/**
 * 'singular': is, has, causes; 'plural': are, have, and base forms, which are plural unless something before makes
 * them infinitives; 'past': had, caused; 'modal': can, will. null: not finite (being, to be, causing).
 */
export type FiniteForm = 'singular' | 'plural' | 'past' | 'modal';

const AUXILIARIES: Readonly<Record<string, FiniteForm>> = {
  is: 'singular',
  was: 'singular',
  has: 'singular',
  does: 'singular',
  "'s": 'singular',
  am: 'singular',
  are: 'plural',
  were: 'plural',
  have: 'plural',
  do: 'plural',
  "'re": 'plural',
  "'ve": 'plural',
  did: 'past',
  had: 'past',
  can: 'modal',
  ca: 'modal',
  could: 'modal',
  may: 'modal',
  might: 'modal',
  will: 'modal',
  wo: 'modal',
  "'ll": 'modal',
  would: 'modal',
  "'d": 'modal',
  shall: 'modal',
  should: 'modal',
  must: 'modal',
};

/** Base and past form are the same word. */
const UNCHANGED = new Set(
  'put set cut hit let read cost hurt shut spread split burst cast quit shed'.split(' '),
);

/** Prepositions that may belong to a verb before them, so that another verb may follow. */
const PARTICLES = /^(up|down|out|off|away)$/;
const LOOSE_PARTICLES = /^(up|down|out|off|away|over|through|around|along|on|in|by)$/;

export function isVerb(word: Word | undefined): boolean {
  return word?.pos === 'VERB' || word?.pos === 'AUX';
}

/** The form of the verb at i, or null if it cannot be finite there. */
export function finiteForm(words: readonly Word[], i: number): FiniteForm | null {
  const word = words[i];
  if (!word || !isVerb(word)) return null;
  const auxiliary = AUXILIARIES[word.lower];
  if (auxiliary && auxiliary !== 'modal' && isInfinitiveAt(words, i)) return null;
  if (auxiliary) return auxiliary;
  if (word.pos === 'AUX') return null;
  // "the length of cries", "such as reduced weight": no verb whatever the model says.
  const particles = word.lower.endsWith('ed') ? LOOSE_PARTICLES : PARTICLES;
  if (words[i - 1]?.pos === 'ADP' && !particles.test(words[i - 1]!.lower)) return null;
  if (word.lower === word.lemma) return isInfinitiveAt(words, i) ? null : 'plural';
  if (word.lower.endsWith('ing')) return null;
  if (word.lower.endsWith('s') && !word.lower.endsWith('ss')) return 'singular';
  return followsAuxiliary(words, i) ? null : 'past';
}

/** Whether the past form at i may as well be a base form. */
export function isUnchanged(word: Word): boolean {
  return UNCHANGED.has(word.lower);
}

/** Whether "to" or an auxiliary stands before, with nothing but adverbs between: "to slowly grow", "can grow". */
function isInfinitiveAt(words: readonly Word[], i: number): boolean {
  const before = beforeAdverbs(words, i);
  if (before?.lower === 'to' && before.pos === 'PART') return true;
  return followsAuxiliary(words, i);
}

function followsAuxiliary(words: readonly Word[], i: number): boolean {
  const before = beforeAdverbs(words, i);
  return before?.pos === 'AUX' || (before !== undefined && before.lower in AUXILIARIES && isVerb(before));
}

function beforeAdverbs(words: readonly Word[], i: number): Word | undefined {
  let at = i - 1;
  while (at >= 0 && (words[at]!.pos === 'ADV' || /^(not|n't)$/.test(words[at]!.lower))) at--;
  return words[at];
}

/** From a finite verb to the end of what belongs to it: "may not have been caused". */
export interface VerbGroup {
  readonly end: number;
  readonly negated: boolean;
  /** Place of the last verb in it, which names the action. */
  readonly last: number;
}

export function verbGroup(words: readonly Word[], verb: number): VerbGroup {
  let end = verb + 1;
  let last = verb;
  let negated = false;
  const carries = words[verb]!.pos === 'AUX' || words[verb]!.lower in AUXILIARIES;
  for (let i = verb + 1; carries && i < words.length; i++) {
    const { pos, lower } = words[i]!;
    // "may cause choking": the group ends with the verb that names the action.
    if (isVerb(words[i]) && words[last]!.pos === 'VERB' && last > verb) break;
    if (/^(not|n't|never)$/.test(lower)) negated = true;
    else if (isVerb(words[i])) last = i;
    else if (pos !== 'ADV') break;
    if (isVerb(words[i]) || /^(not|n't|never)$/.test(lower)) end = i + 1;
  }
  if (words[verb]!.lower === 'cannot') negated = true;
  return { end, negated, last };
}
