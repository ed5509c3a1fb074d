/** @file Where the main clause of a sentence has its subject and its verb, by simple rules; null where they see none. */
import type { Word } from './english.ts';
import { isPluralNoun } from './plurals.ts';
import { type FiniteForm, finiteForm, isVerb } from './verbs.ts';

/** A run of words, end exclusive. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface MainClause {
  /** What stands before the subject, with its comma: "In 1990,", "If it rains,"; may be empty. */
  readonly lead: Span;
  /** Empty for an instruction ("Cook it"). */
  readonly subject: Span;
  /** Place of the finite verb. */
  readonly verb: number;
  readonly form: FiniteForm;
}

const SUBORDINATORS = new Set(
  'if when while because since as although though after before unless until once whereas where whenever'.split(
    ' ',
  ),
);
const RELATIVES = new Set(['who', 'which', 'that', 'whom', 'whose', 'where', 'what', 'how', 'why']);

/** Whether a clause that depends on another one starts with this word. */
export function isSubordinator(word: Word | undefined): boolean {
  return word !== undefined && SUBORDINATORS.has(word.lower) && word.pos !== 'NOUN' && word.pos !== 'VERB';
}

/** Whether a relative clause, or a clause that is an object, starts with the word at i. */
export function isRelative(words: readonly Word[], i: number): boolean {
  const word = words[i]!;
  if (!RELATIVES.has(word.lower) || (word.lower === 'how' && words[i + 1]?.lower === 'to')) return false;
  if (word.lower !== 'that' || word.pos !== 'DET' || isVerb(words[i + 1])) return true;
  // "that" before several is no "this": "the reason that children cry".
  return words[i + 1]?.pos === 'NOUN' && isPluralNoun(words[i + 1]!);
}

/** The main clause of words from..to. */
export function findMainClause(words: readonly Word[], from: number, to: number): MainClause | null {
  for (const start of leadEnds(words, from, to)) {
    const found = findVerb(words, start, to);
    if (!found) continue;
    let end = found.verb;
    while (end > start + 1 && words[end - 1]!.pos === 'ADV' && words[end - 1]!.lower !== 'there') end--;
    return { lead: { from, to: start }, subject: { from: start, to: end }, ...found };
  }
  return null;
}

/** Places where the subject may start, the likeliest first. */
function leadEnds(words: readonly Word[], from: number, to: number): number[] {
  const first = words[from];
  if (!first) return [];
  const commas: number[] = [];
  for (let i = from + 1; i < to - 1; i++) if (words[i]!.lower === ',') commas.push(i);
  if (isSubordinator(first) && !(first.lower === 'as' && /^(DET|ADP)$/.test(words[from + 1]?.pos ?? ''))) {
    // The first comma before which the dependent clause has got its verb.
    for (const comma of commas) {
      const next = words[comma + 1]!;
      if (next.pos === 'CCONJ' || isRelative(words, comma + 1)) continue;
      // "If it treats, cures, or prevents ..., ask": a list within the condition.
      if (next.pos === 'VERB' && words.slice(comma + 2, comma + 5).some((word) => word.pos === 'CCONJ'))
        continue;
      if (next.lower === 'to' && words[comma + 2]?.pos === 'VERB') continue;
      if ((hasVerb(words, from + 1, comma) || comma - from < 5) && findVerb(words, comma + 1, to))
        return [comma + 1];
    }
    const second = secondSubject(words, from, to);
    return second === null ? [] : [second];
  }
  const isPhrase =
    first.pos === 'ADP' ||
    first.pos === 'ADV' ||
    first.pos === 'INTJ' ||
    first.pos === 'CCONJ' ||
    (first.pos === 'PART' && first.lower === 'to') ||
    (first.pos === 'VERB' && /(ing|ed)$/.test(first.lower));
  const comma = commas[0];
  if (comma !== undefined && words[comma - 1]?.lower === 'ago') return [comma + 1];
  if (!isPhrase) return [from];
  if (first.pos === 'CCONJ') {
    return leadEnds(words, from + 1, to);
  }
  for (const at of commas) {
    const next = words[at + 1]!;
    if (
      next.pos === 'CCONJ' ||
      isRelative(words, at + 1) ||
      (next.pos === 'VERB' && !next.lower.endsWith('ed') && !(at === from + 1 && first.pos === 'ADV')) ||
      /^(like|such|including)$/.test(next.lower)
    )
      continue;
    if (/ing$/.test(first.lower) && isListGoingOn(words, at + 1, to)) break;
    if (firstFinite(words, from, at) !== null && !hasRelative(words, from, at) && first.pos !== 'PART') break;
    return [at + 1, from];
  }
  // "In 2006 the IAU ...": a year needs no comma.
  if (first.pos === 'ADP' && /^\d{4}s?$/.test(words[from + 1]?.text ?? '')) return [from + 2, from];
  if (first.pos === 'INTJ') return [from + 1];
  // "Also known as", "Often the organisms ...": a single adverb without a comma.
  return first.pos === 'ADV' && words[from + 1]?.pos !== 'ADP' ? [from + 1, from] : [from];
}

/** "If it rains they stay": where a subject follows the dependent clause without a comma. */
function secondSubject(words: readonly Word[], from: number, to: number): number | null {
  const verb = firstFinite(words, from + 1, to);
  if (verb === null) return null;
  for (let i = verb + 1; i < to - 1; i++) {
    const { lower, pos } = words[i]!;
    const before = words[i - 1]!;
    if (
      before.pos === 'CCONJ' ||
      before.pos === 'SCONJ' ||
      isSubordinator(before) ||
      isRelative(words, i - 1)
    )
      continue;
    const isPronoun = /^(it|they|he|she|you|we|there|this)$/.test(lower);
    const at = words[i + 1]?.pos === 'ADV' ? i + 2 : i + 1;
    if (isPronoun && before.pos !== 'ADP' && finiteForm(words, at) !== null) return i;
    if (pos === 'DET' && /^(NOUN|ADV|ADJ)$/.test(before.pos) && lower !== 'all' && findVerb(words, i, to))
      return i;
  }
  return null;
}

/** "Eating well, sleeping enough, and walking help": whether ", and" comes before the verb. */
function isListGoingOn(words: readonly Word[], from: number, to: number): boolean {
  for (let i = from; i < to - 1; i++) {
    if (finiteForm(words, i)) return false;
    if (words[i]!.lower === ',' && words[i + 1]!.pos === 'CCONJ') return true;
  }
  return false;
}

function hasRelative(words: readonly Word[], from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (isRelative(words, i)) return true;
  return false;
}

function hasVerb(words: readonly Word[], from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (isVerb(words[i])) return true;
  return false;
}

function firstFinite(words: readonly Word[], from: number, to: number): number | null {
  for (let i = from; i < to; i++) if (finiteForm(words, i)) return i;
  return null;
}

/** The main verb after a subject that starts at from; relative clauses within the subject are passed over. */
function findVerb(
  words: readonly Word[],
  from: number,
  to: number,
): { verb: number; form: FiniteForm } | null {
  let relative = false;
  let depth = 0;
  let hasNoun = false;
  let passed = false;
  for (let i = from; i < to; i++) {
    const word = words[i]!;
    if (word.text === '(' || word.text === '[') depth++;
    if (word.text === ')' || word.text === ']') depth--;
    if (depth > 0) continue;
    if (/^[;:]$/.test(word.lower) && i > from) return null;
    if (i > from && isRelative(words, i)) {
      relative = true;
      continue;
    }
    if (i > from && isSubordinator(word) && word.lower !== 'as' && isVerbAhead(words, i, to)) {
      relative = true;
      continue;
    }
    const form = i === from && word.lower === 'be' ? 'plural' : finiteForm(words, i);
    if (form === null) {
      if (/^(NOUN|PROPN|PRON|NUM|DET|X|SYM|ADJ)$/.test(word.pos) || /ing$/.test(word.lower)) hasNoun = true;
      continue;
    }
    if (relative) {
      relative = false;
      passed = true;
      continue;
    }
    // "The reason that children cry and shout is ...": still within the relative clause.
    if (passed && words[i - 1]?.pos === 'CCONJ') continue;
    if (i === from && word.lower === 'be') return { verb: i, form };
    if (i === from) {
      if (form === 'plural' && word.pos === 'VERB') return { verb: i, form };
      if (word.lower === 'have' && /^(DET|NOUN|ADJ)$/.test(words[i + 1]?.pos ?? '')) return { verb: i, form };
      if (word.pos === 'AUX') return word.lower === 'do' ? { verb: i, form } : null;
    }
    if (form === 'past' && word.pos === 'VERB' && (isSetApart(words, i) || isParticipleOf(words, i, to)))
      continue;
    if (!hasNoun) continue;
    return { verb: i, form };
  }
  return null;
}

function isVerbAhead(words: readonly Word[], from: number, to: number): boolean {
  for (let i = from + 1; i < to && words[i]!.pos !== 'PUNCT'; i++) if (finiteForm(words, i)) return true;
  return false;
}

/** "Trisomy 18, also called ...,": a participle after a comma. */
function isSetApart(words: readonly Word[], i: number): boolean {
  let at = i - 1;
  while (at > 0 && words[at]!.pos === 'ADV') at--;
  return /^[,(]$/.test(words[at]?.text ?? '');
}

/** "Changes caused by X are ...": whether a past form describes the noun before it, since another verb follows. */
function isParticipleOf(words: readonly Word[], i: number, to: number): boolean {
  for (let at = i + 1; at < to; at++) {
    const { lower, pos } = words[at]!;
    if (/^[,;:]$/.test(lower) || pos === 'CCONJ' || isRelative(words, at)) return false;
    if (isSubordinator(words[at]) && isVerbAhead(words, at, to)) return false;
    const form = finiteForm(words, at);
    if (form === 'singular' || form === 'modal' || form === 'plural') return true;
  }
  return false;
}
