/**
 * @file Rephrase: the atoms in their order and complete, in other words as far as rules can be sure that no fact
 * changes: set phrases of one meaning, short forms, dates and places moved, subjects that repeat made pronouns.
 */
import type { KeyedRandom } from '../keyed_random.ts';
import { capitalise, smallStart, smallWords, uncapitalise } from './capitals.ts';
import type { English, Word } from './english.ts';
import { findMainClause, type MainClause } from './main_clause.ts';
import { nounNumber } from './nouns.ts';
import { isPluralNoun } from './plurals.ts';
import { replacePhrases } from './set_phrases.ts';
import { isVerb } from './verbs.ts';

const ADDITIONS: readonly string[] = ['In addition, ', 'Moreover, ', 'Furthermore, ', 'Besides, '];

/** The atoms as one text in other words. */
export function rephraseAtoms(english: English, atoms: readonly string[], random: KeyedRandom): string {
  const sentences: string[] = [];
  let before: { subject: string; main: MainClause } | null = null;
  let added = 0;
  const seen = smallWords(english, atoms);
  for (const [i, atom] of joinLists(english, atoms).entries()) {
    const words = english.words(atom);
    const main = findMainClause(words, 0, words.length);
    const subject = main ? subjectText(atom, words, main) : null;
    const isSame: boolean = before !== null && subject !== null && before.subject === subject;
    let sentence = atom;
    if (main && isSame && canJoin(sentences.at(-1)!, atom, main)) {
      const rest = atom.slice(words[main.subject.to]!.start);
      sentences[sentences.length - 1] = `${sentences.at(-1)!.replace(/\.$/, '')} and ${rest}`;
      // One joining at a time: the next sentence starts anew.
      before = null;
      continue;
    }
    const pronoun = main && isSame ? pronounFor(words, main) : null;
    if (pronoun !== null && main) {
      const { start } = words[main.subject.from]!;
      sentence = capitalise(atom.slice(0, start) + pronoun + atom.slice(words[main.subject.to - 1]!.end));
    } else if (main) {
      sentence = moveTime(atom, words, main);
    }
    sentence = replacePhrases(sentence, random);
    sentence = changeShortForms(sentence);
    if (
      i > 0 &&
      !isSame &&
      main &&
      isPlainStatement(english, sentence) &&
      added < 2 &&
      atoms.length > 2 &&
      random.below(3) === 0
    ) {
      const small = smallStart(english, sentence, seen);
      if (small !== null) {
        sentence = random.pick(ADDITIONS) + small;
        added++;
      }
    }
    sentences.push(sentence);
    before = subject === null || main === null ? null : { subject, main };
  }
  const text = sentences.join(' ');
  return text === atoms.join(' ') ? restate(english, atoms) : text;
}

/** "Symptoms include pain." and "Symptoms include fever." become "Symptoms include pain and fever." */
function joinLists(english: English, atoms: readonly string[]): string[] {
  const joined: string[] = [];
  let stem: string | null = null;
  let rests: string[] = [];
  const flush = (): void => {
    if (stem === null) return;
    const series = rests.length < 2 ? rests.join('') : `${rests.slice(0, -1).join(', ')} and ${rests.at(-1)}`;
    joined.push(`${stem} ${series}.`);
    stem = null;
    rests = [];
  };
  for (const atom of atoms) {
    const words = english.words(atom);
    const main = findMainClause(words, 0, words.length);
    const verb = main ? words[main.verb] : undefined;
    const rest = verb ? atom.slice(verb.end).trim() : '';
    const isPlain =
      main !== null &&
      verb?.lemma === 'include' &&
      /^[^,;:.()-]+\.$/.test(rest) &&
      !/ (and|or|which|who|that) /.test(rest);
    const start = verb ? atom.slice(0, verb.end) : null;
    if (isPlain && stem !== null && stem === start) {
      rests.push(rest.slice(0, -1));
      continue;
    }
    flush();
    if (isPlain && start !== null) {
      stem = start;
      rests = [rest.slice(0, -1)];
    } else joined.push(atom);
  }
  flush();
  return joined;
}

/** Where nothing could be changed, a link between the first two sentences, or a frame round the only one. */
function restate(english: English, atoms: readonly string[]): string {
  const [first, ...rest] = atoms as [string, ...string[]];
  const at = rest.findIndex((atom) => isPlainStatement(english, atom));
  if (at >= 0) {
    const small = smallStart(english, rest[at]!, smallWords(english, atoms));
    const linked = small === null ? rest[at]! : `In addition, ${small}`;
    return [first, ...rest.slice(0, at), linked, ...rest.slice(at + 1)].join(' ');
  }
  if (!isPlainStatement(english, first)) return atoms.join(' ');
  const small = smallStart(english, first, smallWords(english, atoms)) ?? first;
  return [`In short, ${small}`, ...rest].join(' ');
}

function isPlainStatement(english: English, atom: string): boolean {
  const words = english.words(atom);
  const main = findMainClause(words, 0, words.length);
  return main !== null && main.lead.to === main.lead.from && main.subject.to > main.subject.from;
}

function subjectText(atom: string, words: readonly Word[], main: MainClause): string | null {
  if (main.subject.to <= main.subject.from) return null;
  const text = atom.slice(words[main.subject.from]!.start, words[main.subject.to - 1]!.end);
  return uncapitalise(text, words[main.subject.from]);
}

/** "It" or "They" for a subject that was named in the sentence before; null for persons and where it is unclear. */
function pronounFor(words: readonly Word[], main: MainClause): string | null {
  const { from, to } = main.subject;
  const subject = words.slice(from, to);
  if (
    subject.some(({ pos }) => pos === 'PRON') ||
    /^(there|you|no|some|many|most|each|every|one|both|others)$/.test(subject[0]!.lower)
  )
    return null;
  if (
    subject.some(({ lower }) =>
      /^(person|child|man|woman|boy|girl|patient|mother|father|player|actor)$/.test(lower),
    )
  )
    return null;
  const number = nounNumber(
    words,
    main.subject,
    main.form === 'past' || main.form === 'modal' ? undefined : main.form,
  );
  const last = subject.at(-1)!;
  if (number === null || (last.pos === 'PROPN' && number === 'one')) return null;
  // The verb does not tell: the last noun must not speak against it.
  if (
    (main.form === 'past' || main.form === 'modal') &&
    isPluralNoun(last) !== (number === 'many') &&
    !subject.some(({ pos }) => pos === 'ADP' || pos === 'CCONJ')
  )
    return null;
  const hasLead = main.lead.to > main.lead.from;
  const pronoun = number === 'many' ? 'they' : 'it';
  return hasLead ? pronoun : capitalise(pronoun);
}

/** Two short sentences with one subject may be joined with "and". */
function canJoin(left: string, right: string, main: MainClause): boolean {
  return (
    main.lead.to === main.lead.from &&
    !/\binclude\b/.test(right) &&
    left.length + right.length < 220 &&
    !/ (and|or|but|while|which|who|that|if|because) /.test(left) &&
    !/[;:"]/.test(left)
  );
}

/** "In 1990, X ..." to "X ... in 1990." and back. */
function moveTime(atom: string, words: readonly Word[], main: MainClause): string {
  if (main.lead.to > main.lead.from) {
    const lead = atom.slice(words[main.lead.from]!.start, words[main.lead.to - 1]!.end).replace(/,$/, '');
    const rest = atom.slice(words[main.lead.to]!.start).replace(/\.$/, '');
    const isPlain =
      /^(In|On|At|During|Since) /.test(lead) &&
      !words.slice(main.lead.from, main.lead.to).some(isVerb) &&
      lead.length < 40;
    if (!isPlain || /[,;:()"]| (and|or|but|which|who|that|if|because|when|while) /.test(rest)) return atom;
    return `${capitalise(rest)} ${lead.charAt(0).toLowerCase()}${lead.slice(1)}.`;
  }
  const end =
    / ((?:in|on|during|since) (?:the )?(?:(?:early|late|mid)[- ])?(?:\w+ )?(?:\d{1,2} )?(?:\w+ )?\d{4}s?)\.$/.exec(
      atom,
    );
  if (
    !end ||
    main.subject.to <= main.subject.from ||
    /[,;:]/.test(atom) ||
    /\b(ever|born|between|from|until|since|that|which|who|and)\b/.test(atom.slice(0, end.index))
  )
    return atom;
  if (
    !/^(in|on|during|since) (the )?(early |late |mid-?)?((January|February|March|April|May|June|July|August|September|October|November|December) )?(\d{1,2} )?((January|February|March|April|May|June|July|August|September|October|November|December) )?\d{4}s?$/.test(
      end[1]!,
    )
  )
    return atom;
  return `${capitalise(end[1]!)}, ${uncapitalise(atom.slice(0, end.index), words[0])}.`;
}

const SHORT: readonly (readonly [RegExp, string])[] = [
  [/\b(is|are|was|were|does|do|did|has|have|could|would|should) not\b(?! only)/, "$1n't"],
  [/\bcannot\b/, "can't"],
];
const LONG: readonly (readonly [RegExp, string])[] = [
  [/\b(is|are|was|were|does|do|did|has|have|could|would|should)n['\u2019]t\b/, '$1 not'],
  [/\bcan['\u2019]t\b/, 'cannot'],
  [/\bwon['\u2019]t\b/, 'will not'],
  [/\b([Ii]t|[Tt]here|[Tt]hat)['\u2019]s (?=(a|an|the|not|also|no|very)\b)/, '$1 is '],
  [/\b([Tt]hey|[Yy]ou|[Ww]e)['\u2019]re\b/, '$1 are'],
];

/** Short forms written out, or else written-out ones shortened. */
function changeShortForms(sentence: string): string {
  for (const [pattern, to] of LONG) if (pattern.test(sentence)) return sentence.replace(pattern, to);
  for (const [pattern, to] of SHORT) if (pattern.test(sentence)) return sentence.replace(pattern, to);
  return sentence;
}
