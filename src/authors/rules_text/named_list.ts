/**
 * @file Answers that are a bare list of names ("Oak, ash and elm"): each name is a fact once it is said of what the
 * question asks to be named ("Oak is among the trees of this wood"). Other questions give no such sentence.
 */
import { capitalise } from './capitals.ts';
import type { English, Word } from './english.ts';
import { readLayout } from './layout.ts';
import { findMainClause } from './main_clause.ts';
import { headNoun } from './nouns.ts';
import { isPluralNoun } from './plurals.ts';
import { type Stretch, trimStretch } from './sentences.ts';

export interface NamedItem extends Stretch {
  /** The fact, as a sentence. */
  readonly text: string;
}

const ASKS =
  /^(?:please |can you |could you )*(?:name|list|give me|tell me|provide|what are|which are|who are|what were|who were)(?: me)?(?: a list of| the names of| examples of)?(?: (?:all|some|a few|several|the|of|at least|\d+|two|three|four|five|six|seven|eight|nine|ten))* (?<kind>[^?.:;]+?)(?: for me)?\s*[?.:]?$/i;
/** What is asked for with these is advice or an explanation, and no name. */
const NO_NAMES =
  /\b(ways?|things|reasons|steps|ideas|tips|differences?|pros|cons|uses|rules|questions|you|your|me|my|i|should|can|could|if|that|who|which|between)\b/i;
const LONGEST_NAME = 8;
const FEWEST_NAMES = 2;

/** The names of a list as facts, or null where answer or question is of another kind. */
export function readNamedList(english: English, question: string, answer: string): NamedItem[] | null {
  // In which order, or a remark in brackets, is no part of the kind.
  const plain = question
    .trim()
    .replace(/\s+/g, ' ')
    .replace(/\s*\([^)]*\)|,? in (?:\w+ ){0,2}order\b/gi, '');
  const kind = ASKS.exec(plain)?.groups?.kind?.trim();
  if (!kind || NO_NAMES.test(kind)) return null;
  const kindWords = english.words(kind);
  const head = headNoun(kindWords, { from: 0, to: kindWords.length });
  if (head === null || !isPluralNoun(kindWords[head]!)) return null;
  const names = splitNames(answer);
  if (names === null || names.length < FEWEST_NAMES) return null;
  const hasThe = /\bthe (?:\w+ )?$/i.test(plain.slice(0, plain.indexOf(kind)));
  const isPast = /\bwere\b/i.test(plain);
  const items: NamedItem[] = [];
  for (const stretch of names) {
    const name = answer.slice(stretch.start, stretch.end);
    const words = english.words(name);
    if (!isName(name, words)) return null;
    const last = headNoun(words, { from: 0, to: words.length });
    const isMany = last !== null && words[last]!.pos === 'NOUN' && isPluralNoun(words[last]!);
    const verb = isPast ? (isMany ? 'were' : 'was') : isMany ? 'are' : 'is';
    const article = hasThe || !hasOwner(kindWords, head) ? 'the ' : '';
    items.push({ ...stretch, text: `${capitalise(name)} ${verb} among ${article}${kind}.` });
  }
  return items;
}

/** "Shakespeare's plays", "its moons": what is asked for is somebody's already. */
function hasOwner(words: readonly Word[], head: number): boolean {
  return words.slice(0, head).some(({ lower }) => /^('s|'|his|her|its|their|our)$/.test(lower));
}

/** A phrase without a verb, bracket or explanation. */
function isName(name: string, words: readonly Word[]): boolean {
  if (words.length === 0 || words.length > LONGEST_NAME) return false;
  if (/[:()&"\u201c\u2013\u2014]|\s-/.test(name)) return false;
  return (
    words.some(({ pos }) => /^(NOUN|PROPN|X)$/.test(pos)) && findMainClause(words, 0, words.length) === null
  );
}

/** The pieces of an answer that is a list, or null if it is none. */
function splitNames(answer: string): Stretch[] | null {
  const blocks = readLayout(answer);
  if (blocks.some(({ kind }) => kind === 'code')) return null;
  if (blocks.length > 1) {
    const pieces = blocks.map((block) => withoutEnd(answer, block));
    // "War and Peace, Leo Tolstoy": more than a name.
    return pieces.some(({ start, end }) => /[,;]/.test(answer.slice(start, end))) ? null : pieces;
  }
  const only = blocks[0];
  if (!only || !answer.slice(only.start, only.end).includes(',')) return null;
  const pieces: Stretch[] = [];
  let from = only.start;
  const text = answer.slice(only.start, only.end);
  for (const match of text.matchAll(/[,;]\s*(?:and\s+)?|\s+and\s+/g)) {
    pieces.push({ start: from, end: only.start + match.index });
    from = only.start + match.index + match[0].length;
  }
  pieces.push({ start: from, end: only.end });
  return pieces.map((piece) => withoutEnd(answer, piece)).filter(({ start, end }) => end > start);
}

function withoutEnd(answer: string, stretch: Stretch): Stretch {
  const { start, end } = trimStretch(answer, stretch);
  return { start, end: start + answer.slice(start, end).replace(/[.,;]+$/, '').length };
}
