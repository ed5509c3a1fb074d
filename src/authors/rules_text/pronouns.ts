/**
 * @file Pronouns that point out of their sentence: replaced where the thing meant is clear (the subject of the sentence
 * before, or what the question is about), else left, and reported.
 */

import { capitalise, uncapitalise } from './capitals.ts';
import type { English, Word } from './english.ts';
import type { Focus } from './focus.ts';
import { findMainClause, type MainClause } from './main_clause.ts';
import { headNoun, type NounNumber, nounNumber, possessive } from './nouns.ts';
import { isPluralNoun } from './plurals.ts';
import { isVerb } from './verbs.ts';

/** What went before a sentence. */
export interface Context {
  /** Subject of the sentence before, where it is clear. */
  readonly subject: Referent | null;
  /** The sentence before as it stands in the answer, and as it was read last. */
  readonly source: string;
  readonly read: string;
}

/** Something that a pronoun may mean. */
export interface Referent {
  readonly text: string;
  readonly number: NounNumber | null;
  /** A name, of a person perhaps. */
  readonly name: boolean;
  /** A person for certain: never "it". */
  readonly alive?: boolean;
}

export interface Resolved {
  readonly text: string;
  /** Pronouns that were left although nothing in the sentence explains them. */
  readonly unresolved: readonly string[];
  /** What the sentence is about, for the next one; null where that is not clear. */
  readonly subject: Referent | null;
}

const POSSESSIVES = /^(its|his|her|their)$/;
const SUBJECTS = /^(it|they|he|she)$/;
/** The longest phrase that is put in the place of a pronoun, in words. */
const LONGEST = 9;
const MONTHS = /^(january|february|march|april|may|june|july|august|september|october|november|december)$/;
/** Nouns that stand for what a question is about. */
const GENERIC =
  /^(condition|disorder|disease|syndrome|species|illness|infection|festival|film|movie|book|game|breed|company|band|album|song|city|country)$/;

/** The sentence with its pronouns replaced, given what went before and the question's focus. */
export function resolvePronouns(
  english: English,
  sentence: string,
  before: Context,
  focus: Focus | null,
): Resolved {
  const words = english.words(sentence);
  const main = findMainClause(words, 0, words.length);
  const at = main ? main.subject.from : 0;
  const first = words[at];
  const fromFocus: Referent | null = focus && { ...focus, name: focus.person };
  if (main && first && main.subject.to > main.subject.from) {
    const referent = referentFor(english, words, at, main, before, fromFocus);
    if (referent) {
      const possesses = POSSESSIVES.test(first.lower);
      const until = /^(this|the|these)$/.test(first.lower) ? words[at + 1]! : first;
      const phrase = possesses ? possessive(referent.text, referent.number ?? 'one') : referent.text;
      const text = capitalise(sentence.slice(0, first.start) + phrase + sentence.slice(until.end));
      const rest = english.words(text);
      const again = findMainClause(rest, 0, rest.length);
      const subject = possesses ? describeSubject(text, rest, again) : referent;
      return { text, unresolved: unexplained(rest, again), subject };
    }
  }
  return {
    text: sentence,
    unresolved: unexplained(words, main),
    subject: describeSubject(sentence, words, main),
  };
}

/** What the pronoun at the start of the subject means, if that is safe to say. */
function referentFor(
  english: English,
  words: readonly Word[],
  at: number,
  main: MainClause,
  { subject: before, source: sentenceBefore, read }: Context,
  focus: Referent | null,
): Referent | null {
  const { lower } = words[at]!;
  const size = main.subject.to - at;
  if (lower === 'this' || lower === 'the' || lower === 'these') {
    const noun = words[at + 1];
    if (size !== 2 || !noun || !focus || focus.name || !GENERIC.test(noun.lower)) return null;
    // Another thing of this kind was spoken of just before: it may be the one that is meant.
    if (new RegExp(`\\b${noun.lower}`, 'i').test(sentenceBefore) && !sentenceBefore.includes(focus.text))
      return null;
    return focus.number === 'one' ? focus : null;
  }
  const possesses = POSSESSIVES.test(lower);
  if (!possesses && !(SUBJECTS.test(lower) && size === 1)) return null;
  if (lower === 'it' && isEmptyIt(words, at, main)) return null;
  // "When a dog is old, it ...": the lead itself holds what the pronoun means.
  if (hasNounOf(words, main.lead.from, main.lead.to, lower)) return null;
  const fits = (referent: Referent | null): boolean =>
    referent !== null &&
    referent.text.split(' ').length <= (possesses ? 5 : LONGEST) &&
    suits(lower, referent, focus);
  const isFocusNear =
    focus !== null && (sentenceBefore === '' || speaksOf(`${sentenceBefore} ${read}`, focus));
  if (before && fits(before)) {
    // Two that it may mean: "Women have varicose veins. They ...", "For some women, the pains are bad. They ...".
    const isFocus = focus !== null && before.text.toLowerCase() === focus.text.toLowerCase();
    if (focus && /^th/.test(lower) && fits(focus) && !isFocus && mentions(sentenceBefore, focus.text))
      return null;
    return /^th/.test(lower) && hasNounInLead(english, sentenceBefore, lower) ? null : before;
  }
  return fits(focus) && isFocusNear && before?.alive !== true ? focus : null;
}

function mentions(sentence: string, phrase: string): boolean {
  return sentence.toLowerCase().includes(phrase.toLowerCase());
}

/** Whether the sentence is about the focus, by its name or by what kind of thing it is. */
function speaksOf(sentence: string, focus: Referent): boolean {
  const last = focus.text.split(' ').at(-1)!;
  const kinds =
    /\b(?:the|this|its|their|his|her) (condition|disorder|disease|syndrome|species|illness|infection)\b/i;
  return mentions(sentence, focus.text) || mentions(sentence, last) || kinds.test(sentence);
}

function hasNounInLead(english: English, sentence: string, pronoun: string): boolean {
  const words = english.words(sentence);
  const main = findMainClause(words, 0, words.length);
  return main !== null && hasNounOf(words, main.lead.from, main.lead.to, pronoun);
}

function suits(pronoun: string, referent: Referent, focus: Referent | null): boolean {
  if (/^(they|their)$/.test(pronoun)) return referent.number === 'many';
  if (referent.number !== 'one') return false;
  if (/^(he|she|his|her)$/.test(pronoun)) return referent.name;
  return !referent.alive && !(referent.name && focus?.name);
}

/** "It is important to ...", "It seems that ...": means nothing by itself. */
function isEmptyIt(words: readonly Word[], at: number, { verb }: MainClause): boolean {
  if (/^(seem|appear|happen|rain|snow|take|turn)$/.test(words[verb]!.lemma) && words[at + 1] === words[verb])
    return true;
  if (words[verb]!.pos !== 'AUX' && words[verb]!.lemma !== 'be') return false;
  for (let i = verb + 1; i < Math.min(words.length, verb + 7); i++) {
    if (
      /^(that|to|if|whether|when)$/.test(words[i]!.lower) &&
      words.slice(verb + 1, i).some((w) => w.pos === 'ADJ' || w.pos === 'VERB')
    ) {
      return !words.slice(verb + 1, i).some((w) => /^(NOUN|PROPN|ADP)$/.test(w.pos));
    }
  }
  return /^(time|year|day|noon)s?$/.test(words[verb + 1]?.lower ?? '');
}

/** Pronouns for which nothing that stands before them in the sentence could be meant. */
function unexplained(words: readonly Word[], main: MainClause | null): string[] {
  const left: string[] = [];
  for (let i = 0; i < words.length; i++) {
    const { lower, text, pos } = words[i]!;
    const isDemonstrative =
      /^(this|these|those)$/.test(lower) &&
      (isVerb(words[i + 1]) || words[i + 1]?.pos === 'ADV') &&
      i === main?.subject.from;
    if (isDemonstrative) {
      left.push(text);
      continue;
    }
    if (!/^(it|its|they|them|their|theirs|he|him|his|she|her|hers)$/.test(lower) || pos === 'DET') continue;
    if (lower === 'it' && main && i === main.subject.from && isEmptyIt(words, i, main)) continue;
    if (lower === 'it' && isInnerEmptyIt(words, i)) continue;
    if (hasNounOf(words, 0, i, lower)) continue;
    // "If they rot, apples ..." points forward.
    if (main && i < main.lead.to && hasNounOf(words, main.subject.from, main.subject.to, lower)) continue;
    left.push(text);
  }
  return left;
}

function isInnerEmptyIt(words: readonly Word[], i: number): boolean {
  return (
    /^(make|makes|find|is|was|be|'s)$/.test(words[i - 1]?.lower ?? '') ||
    (/^(is|'s|was)$/.test(words[i + 1]?.lower ?? '') &&
      words[i + 2]?.pos === 'ADJ' &&
      /^(to|that)$/.test(words[i + 3]?.lower ?? ''))
  );
}

function hasNounOf(words: readonly Word[], from: number, to: number, pronoun: string): boolean {
  for (let i = from; i < to; i++) {
    const word = words[i]!;
    if (
      /^(someone|anyone|everyone|nobody|you|somebody|everybody|one|others|some|most|many)$/.test(
        word.lower,
      ) &&
      /^th/.test(pronoun)
    )
      return true;
    if (word.pos !== 'NOUN' && word.pos !== 'PROPN') continue;
    if (/^th/.test(pronoun) ? isPluralNoun(word) || isAnyone(word) || joinsAnd(words, i, to) : true) {
      if (/^(it|its)$/.test(pronoun) && isPluralNoun(word)) continue;
      if (
        /^(he|his|him|she|her|hers)$/.test(pronoun) &&
        !isPerson(word) &&
        (word.pos !== 'PROPN' || MONTHS.test(word.lower))
      )
        continue;
      return true;
    }
  }
  return false;
}

function isPerson(word: Word): boolean {
  return /^(person|child|baby|infant|patient|doctor|man|woman|boy|girl|mother|father|parent|teacher|student|author|writer|actor|actress|player|king|queen|president|founder|artist|singer|scientist)$/.test(
    word.lemma,
  );
}

function isAnyone(word: Word): boolean {
  return /^(person|child|patient|individual|parent|user|baby|team|group|company|student|family|audience|couple)$/.test(
    word.lemma,
  );
}

function joinsAnd(words: readonly Word[], i: number, to: number): boolean {
  return words[i + 1]?.lower === 'and' && i + 2 < to;
}

/** What the sentence is about: its subject without relative clauses, unless that is a pronoun or too vague. */
function describeSubject(sentence: string, words: readonly Word[], main: MainClause | null): Referent | null {
  if (!main || main.subject.to === main.subject.from) return null;
  const { from, to } = main.subject;
  const first = words[from]!;
  if (
    (first.pos === 'PRON' && !/^(your|our|my)$/.test(first.lower)) ||
    /^(there|it|no|none|one|nothing|each|some|others|many|most)$/.test(first.lower)
  ) {
    if (!/^(some|many|most|each|one)$/.test(first.lower) || headNoun(words, main.subject) === null)
      return null;
  }
  if (first.pos === 'VERB' || first.pos === 'ADP' || first.pos === 'SCONJ') return null;
  if (headNoun(words, main.subject) === null) return null;
  const isList = words.slice(from, to).some((word) => word.pos === 'CCONJ');
  const comma = words.findIndex(
    (word, i) => i > from && i < to && (isList ? word.text === '(' : /^[,(\u2013]$/.test(word.text)),
  );
  const end = comma > 0 ? comma : to;
  const number = nounNumber(
    words,
    { from, to: end },
    main.form === 'plural' || main.form === 'singular' ? main.form : undefined,
  );
  const last = words[end - 1]!;
  const until = last.pos === 'ADV' && end - 1 > from ? words[end - 2]! : last;
  const text = uncapitalise(sentence.slice(first.start, until.end), first);
  const name =
    last.pos === 'PROPN' &&
    words.slice(from, end).every((word) => /^(PROPN|NOUN)$/.test(word.pos) || word.text === '.');
  const head = headNoun(words, { from, to: end });
  return { text, number, name, alive: head !== null && isPerson(words[head]!) };
}
