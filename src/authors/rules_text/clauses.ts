/**
 * @file Coordinated clauses of a sentence, each with a verb of its own. Where the words leave a doubt about what
 * belongs together, the sentence stays whole.
 */
import type { Word } from './english.ts';
import { findMainClause, isRelative, isSubordinator, type MainClause, type Span } from './main_clause.ts';
import { type FiniteForm, finiteForm, isUnchanged, isVerb } from './verbs.ts';

/** A clause that can stand alone once what it shares with the first one is put before it. */
export interface Clause extends Span {
  /** Its main clause, where it has a subject of its own. */
  readonly main: MainClause | null;
  /** Subject of an earlier clause that is also this one's. */
  readonly subject: Span | null;
  /** "If it rains,": a condition of an earlier clause that holds for this one too. */
  readonly lead: Span | null;
}

/** The longest subject that a second clause may have, in words. */
const LONGEST_SUBJECT = 14;

/** The clauses of words from..to, in order; one if the sentence cannot be split safely. */
export function splitClauses(words: readonly Word[], from: number, to: number): Clause[] {
  const main = findMainClause(words, from, to);
  const whole: Clause = { from, to, main, subject: null, lead: null };
  if (!main) return [whole];
  return splitAfter(words, whole, main, main.subject, main.verb);
}

function splitAfter(
  words: readonly Word[],
  clause: Clause,
  main: MainClause,
  subject: Span,
  verb: number,
): Clause[] {
  const { to } = clause;
  let depth = 0;
  for (let k = verb + 1; k < to - 1; k++) {
    const { text } = words[k]!;
    if (text === '(' || text === '[') depth++;
    if (text === ')' || text === ']') depth--;
    if (depth > 0 || isInsideQuotes(words, clause.from, k)) continue;
    const joint = readJoint(words, k, to);
    if (!joint) continue;
    const own = ownClause(words, main, joint, to);
    const left = { ...clause, to: k };
    if (own) {
      const lead = isCondition(words, main.lead) && joint.word !== ';' ? main.lead : null;
      const right: Clause = { from: joint.next, to, main: own, subject: null, lead };
      return [left, ...splitAfter(words, right, { ...own, lead: lead ?? own.lead }, own.subject, own.verb)];
    }
    const shared = sharedVerb(words, main, verb, joint, k, to);
    if (shared !== null && subject.to > subject.from) {
      const lead = main.lead.to > main.lead.from && !isConnective(words, main.lead) ? main.lead : null;
      const right: Clause = { from: joint.next, to, main: null, subject, lead };
      const form = finiteForm(words, shared) ?? main.form;
      return [left, ...splitAfter(words, right, { ...main, verb: shared, form }, subject, shared)];
    }
    if (main.subject.from === main.subject.to && isNextInstruction(words, main, joint, k)) {
      const right: Clause = { from: joint.next, to, main: null, subject: null, lead: null };
      return [left, ...splitAfter(words, right, { ...main, verb: joint.next }, subject, joint.next)];
    }
  }
  return [clause];
}

interface Joint {
  readonly word: string;
  /** Where the next clause starts. */
  readonly next: number;
  readonly comma: boolean;
}

/** What may join two clauses at k: "and", ", but", ";", ", while", or a comma alone. */
function readJoint(words: readonly Word[], k: number, to: number): Joint | null {
  const word = words[k]!.lower;
  const second = words[k + 1]?.lower ?? '';
  if (word === ';') {
    const skip = /^(and|but|so)$/.test(second) ? 2 : 1;
    return { word, next: k + skip, comma: true };
  }
  if (word === ',') {
    if (/^(and|but|so|yet|while|whereas|or)$/.test(second)) {
      const skip = words[k + 2]?.lower === 'then' ? 3 : 2;
      return { word: second, next: k + skip, comma: true };
    }
    return { word, next: k + 1, comma: true };
  }
  if (/^(and|but)$/.test(word) && words[k]!.pos === 'CCONJ' && k + 2 < to) {
    const skip = /^(then|also|thus|therefore)$/.test(second) ? 2 : 1;
    return { word, next: k + skip, comma: false };
  }
  return null;
}

/** The main clause after a joint, where it is a whole one beyond doubt. */
function ownClause(words: readonly Word[], main: MainClause, joint: Joint, to: number): MainClause | null {
  const first = words[joint.next];
  if (!first || isRelative(words, joint.next) || first.pos === 'CCONJ') return null;
  if (isSubordinator(first) && !(joint.comma && /^(but|and|;)$/.test(joint.word))) return null;
  const own = findMainClause(words, joint.next, to);
  if (!own || own.subject.to <= own.subject.from) return null;
  const size = own.subject.to - own.subject.from;
  if (size > LONGEST_SUBJECT) return null;
  const head = words[own.subject.from]!;
  // A comma within the subject means a list that goes on from before.
  for (let i = own.subject.from; i < own.verb; i++) if (words[i]!.lower === ',') return null;
  if (!/^(DET|PRON|NOUN|PROPN|ADJ|NUM)$/.test(head.pos) || isRelative(words, own.subject.from)) return null;
  if (!agrees(words, own)) return null;
  // Of two possibilities each may be stated; of two facts joined with "or" only one is true.
  if (joint.word === 'or' && !/^(may|might|can|could)$/.test(words[main.verb]!.lower)) return null;
  const isPronoun = head.pos === 'PRON' && size === 1;
  if (joint.word === ',') {
    // A comma splice: only where a whole clause without conditions stands before it.
    return (isPronoun || (head.pos === 'DET' && head.lower === 'the')) &&
      own.lead.to === own.lead.from &&
      !isCondition(words, main.lead) &&
      !hasOpenClause(words, main.verb, joint.next)
      ? own
      : null;
  }
  if (joint.comma) return own;
  if (hasOpenClause(words, main.verb, joint.next)) return null;
  return isPronoun || head.pos === 'DET' || head.lower === 'there' ? own : null;
}

/** Whether subject and verb agree in number, as far as the last noun tells. */
function agrees(words: readonly Word[], { subject, verb, form }: MainClause): boolean {
  if (words[verb]!.pos === 'AUX' || form !== 'plural') return true;
  const head = words[subject.from]!;
  return !(subject.to - subject.from === 1 && /^(it|he|she|this)$/.test(head.lower));
}

/** The verb after a joint that shares the subject, or null. */
function sharedVerb(
  words: readonly Word[],
  main: MainClause,
  verb: number,
  joint: Joint,
  k: number,
  to: number,
): number | null {
  if (joint.word === ',' || /^(;|while|whereas|so|or)$/.test(joint.word)) return null;
  let at = joint.next;
  while (at < to && words[at]!.pos === 'ADV') at++;
  const form = finiteForm(words, at);
  if (!form) return null;
  const isAux = words[at]!.pos === 'AUX';
  if (
    !isAux &&
    words[at + 1]?.pos === 'NOUN' &&
    words[at]!.lower.endsWith('s') &&
    words[at + 1]?.lower === 'of'
  )
    return null;
  if (!fits(words, verb, main.form, at, form)) return null;
  const nearest = nearestFinite(words, k, verb);
  if (nearest === verb || nearest === null)
    return hasInfinitive(words, verb, k) && form === 'plural' && !isAux ? null : at;
  // Another clause is open between: the verb is the main one's only if it cannot be that one's.
  const between = finiteForm(words, nearest)!;
  if (isAux && form === 'modal') return null;
  return between === 'modal' || between === form || between === 'past' || form === 'past' ? null : at;
}

/** Whether a verb of this form may go on after the main verb with the same subject. */
function fits(
  words: readonly Word[],
  verb: number,
  mainForm: FiniteForm,
  at: number,
  form: FiniteForm,
): boolean {
  const isAux = words[at]!.pos === 'AUX';
  const mainIsAux = words[verb]!.pos === 'AUX';
  if (isAux)
    return (
      form === 'modal' || form === 'past' || form === mainForm || mainForm === 'modal' || mainForm === 'past'
    );
  if (form === 'past') return mainForm === 'past' && !(mainIsAux && words[verb]!.lower === 'had');
  if (form === 'plural') {
    if (mainForm === 'past' && isUnchanged(words[at]!)) return true;
    return mainForm === 'plural' && words[verb]!.lower !== 'do';
  }
  return form === mainForm && words[verb]!.lower !== 'does';
}

function nearestFinite(words: readonly Word[], before: number, main: number): number | null {
  for (let i = before - 1; i >= 0; i--) {
    if (!finiteForm(words, i)) continue;
    if (i === main || !isDescribing(words, i)) return i;
  }
  return null;
}

/** "a fighter born in India", "the most used plug": a past form that describes a noun. */
function isDescribing(words: readonly Word[], i: number): boolean {
  if (words[i]!.pos !== 'VERB' || finiteForm(words, i) !== 'past') return false;
  const before = words[i - 1];
  if (!before || !/^(NOUN|PROPN|DET|ADJ|ADV|ADP|NUM|PUNCT)$/.test(before.pos)) return false;
  for (let at = i - 1; at >= 0 && !isVerb(words[at]); at--) if (isRelative(words, at)) return false;
  return true;
}

function hasInfinitive(words: readonly Word[], from: number, to: number): boolean {
  for (let i = from; i < to - 1; i++) {
    if (words[i]!.lower === 'to' && isVerb(words[i + 1]) && words[i + 1]!.lower === words[i + 1]!.lemma)
      return true;
  }
  return /^(help|make|let|have)$/.test(words[from]!.lemma);
}

/** Whether a dependent clause has begun since the verb: what follows may belong to it. */
function hasOpenClause(words: readonly Word[], from: number, to: number): boolean {
  for (let i = from + 1; i < to; i++) {
    if (isRelative(words, i) || (isSubordinator(words[i]) && words[i]!.lower !== 'as')) return true;
  }
  return false;
}

/** "Mix the eggs and fry them": a second instruction, where the first has its object before it. */
function isNextInstruction(words: readonly Word[], main: MainClause, joint: Joint, k: number): boolean {
  if (k - main.verb < 3 || !/^(and|,|;)$/.test(joint.word)) return false;
  const at = words[joint.next]?.pos === 'ADV' ? joint.next + 1 : joint.next;
  const word = words[at];
  if (word?.pos !== 'VERB' || word.lower !== word.lemma) return false;
  return nearestFinite(words, k, main.verb) === main.verb && !hasInfinitive(words, main.verb, k);
}

function isCondition(words: readonly Word[], lead: Span): boolean {
  return lead.to > lead.from && isSubordinator(words[lead.from]);
}

const CONNECTIVES =
  /^(also|however|therefore|thus|moreover|furthermore|additionally|first|firstly|second|secondly|third|finally|instead|but|and|so|yes|no|similarly|likewise|overall|still|then|next|lastly)$/;
const CONNECTIVE_PHRASES =
  /^(in addition|as a result|for example|for instance|in short|on the other hand|in fact|of course|in other words|in conclusion|in summary),?$/;

/** Whether a lead only ties the sentence to the one before: "However,", "For example,". */
export function isConnective(words: readonly Word[], lead: Span): boolean {
  const parts = words.slice(lead.from, lead.to).filter((word) => word.lower !== ',');
  if (parts.length === 1) return CONNECTIVES.test(parts[0]!.lower);
  return CONNECTIVE_PHRASES.test(parts.map((word) => word.lower).join(' '));
}

function isInsideQuotes(words: readonly Word[], from: number, k: number): boolean {
  let open = false;
  for (let i = from; i < k; i++) {
    const { text } = words[i]!;
    if (text === '"') open = !open;
    if (text === '\u201c') open = true;
    if (text === '\u201d') open = false;
  }
  return open;
}
