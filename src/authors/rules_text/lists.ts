/** @file Lists: a sentence that leads in ("Symptoms include"), and items that complete it one by one. */

import { uncapitalise } from './capitals.ts';
import type { English } from './english.ts';
import { findMainClause } from './main_clause.ts';
import { finiteForm, isVerb } from './verbs.ts';

/**
 * A lead-in that items complete, ready to be put before one, or null if the text is none. "The types are:" becomes
 * "The types include", since each item is but one of them.
 */
export function readLeadIn(english: English, text: string): string | null {
  const bare = text.replace(/\s*[:\u2013-]\s*$/, '').trim();
  if (/[.!?]$/.test(bare)) return null;
  const words = english.words(bare);
  const last = words.at(-1);
  if (!last || words.length < 2) return null;
  if (/\b(such as|including)$/i.test(bare)) {
    return findMainClause(words, 0, words.length) ? bare.replace(/,$/, '') : null;
  }
  const main = findMainClause(words, 0, words.length);
  if (!main) return null;
  if (/^(is|are|was|were)$/.test(last.lower) && main.verb === words.length - 1) {
    if (last.lower === 'is' || last.lower === 'was') return bare;
    return `${bare.slice(0, last.start)}${last.lower === 'are' ? 'include' : 'included'}`;
  }
  if (isVerb(last) || /^(include|includes|included)$/.test(last.lower)) return bare;
  if (last.pos === 'ADP' && last.lower !== 'below') return bare;
  return null;
}

/** The item as the end of its lead-in. */
export function completeLeadIn(english: English, leadIn: string, item: string): string {
  // Items start with a capital, which makes names of common nouns: the word is looked at without it.
  const first = english.words(item.charAt(0).toLowerCase() + item.slice(1))[0];
  const isTitle = /^\p{Lu}\S* (?:\p{Ll}{1,4} )*\p{Lu}/u.test(item);
  const isPlain = first !== undefined && !isTitle && /^[A-Z][a-z]+(?![A-Za-z'’])/.test(item);
  return `${leadIn} ${isPlain ? uncapitalise(item, first) : item}`;
}

/** Whether an item is a sentence of its own. */
export function isSentence(english: English, item: string): boolean {
  // A capital hides nouns: "Brown leaves" is a sentence only if "brown leaves" is one.
  const small = english.words(item.charAt(0).toLowerCase() + item.slice(1));
  const words = english.words(item);
  const main = findMainClause(words, 0, words.length);
  if (!main || !findMainClause(small, 0, small.length)) return false;
  // "Heartburn not relieved by antacids": describes, and states nothing.
  if (main.form === 'past' && words[main.verb]!.pos === 'VERB') return false;
  if (main.subject.to > main.subject.from) {
    const name = words.slice(0, main.verb).some((word) => word.text === '-' || word.text === ',');
    return !(name && main.lead.to === main.lead.from);
  }
  return finiteForm(words, main.verb) === 'plural' && words.length > 2;
}
