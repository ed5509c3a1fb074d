/**
 * @file Rewrite(q, K*), the question: asks for what the atoms state by their subjects and verbs, and gives none of it
 * away ("how X is inherited and what X affects").
 */
import type { KeyedRandom } from '../keyed_random.ts';
import type { English, Word } from './english.ts';
import type { Focus } from './focus.ts';
import { findMainClause, isRelative } from './main_clause.ts';
import { uncapitalise } from './nouns.ts';
import { verbGroup } from './verbs.ts';

const FRAMES: readonly string[] = [
  'Can you explain {topics}?',
  'Can you tell me {topics}?',
  'Could you describe {topics}?',
  'Please explain {topics}.',
  'I would like to know {topics}.',
  'Please tell me {topics}.',
];

/** Longest subject that is repeated in a question, in words. */
const LONGEST_SUBJECT = 16;

/** The fine-grained question, or null if no atom shows what it is about. */
export function askFor(
  english: English,
  atoms: readonly string[],
  focus: Focus | null,
  random: KeyedRandom,
): string | null {
  const topics: string[] = [];
  for (const atom of atoms) {
    const topic = topicOf(english, atom);
    if (topic === null) return null;
    if (!topics.includes(topic)) topics.push(topic);
  }
  const frame = random.pick(FRAMES);
  const list = joinTopics(topics);
  const isNamed = focus === null || list.toLowerCase().includes(focus.text.toLowerCase());
  const question = frame.replace('{topics}', () => list);
  return isNamed ? question : `About ${focus.text}: ${question.charAt(0).toLowerCase() === 'i' ? question : question.charAt(0).toLowerCase() + question.slice(1)}`;
}

/** What an atom answers, as a clause that a question can hold: "what the spleen does". */
export function topicOf(english: English, atom: string): string | null {
  const words = english.words(atom);
  const main = findMainClause(words, 0, words.length);
  if (!main) return null;
  const verb = words[main.verb]!;
  const text = (from: number, to: number): string => (to > from ? atom.slice(words[from]!.start, words[to - 1]!.end) : '');
  if (main.subject.to <= main.subject.from) return instructionTopic(words, main.verb, text);

  const group = verbGroup(words, main.verb);
  const first = words[main.subject.from]!;
  const end = shortEnd(words, main.subject.from, main.subject.to);
  if (end - main.subject.from > LONGEST_SUBJECT) return null;
  const subject = uncapitalise(text(main.subject.from, end), first);
  if (first.lower === 'there') {
    const thing = existing(words, group.end);
    return thing === null ? null : `what there ${verb.lower === "'s" ? 'is' : text(main.verb, group.end)} to say about ${text(thing.from, thing.to)}`;
  }
  if (/^(it|this|that|these|those|they|he|she|you|we|one)$/.test(first.lower) && end - main.subject.from === 1) {
    const about = existing(words, group.end);
    if (about === null) return null;
    if (first.lower === 'you' || first.lower === 'one') return `what to know about ${text(about.from, about.to)}`;
    return `what can be said about ${text(about.from, about.to)}`;
  }
  if (/^(no|nobody|nothing|none)$/.test(first.lower)) {
    const about = existing(words, group.end);
    return about === null ? null : `what is known about ${text(about.from, about.to)}`;
  }
  const plain = text(main.verb, group.end).replace(/\s*(not|n't)\b/g, '').replace(/^ca$/, 'can');
  const next = words[group.end];
  const asks = questionWord(words, group.last, next);
  return `${asks} ${subject} ${plain}`;
}

/** "what" where an object or complement follows, "how" where only circumstances do. */
function questionWord(words: readonly Word[], last: number, next: Word | undefined): string {
  if (!next || /^[.,;:]$/.test(next.text)) return 'how';
  if (words[last]!.pos === 'VERB' && /(ed|en|wn|ne|ght|ld|pt|ut)$/.test(words[last]!.lower) && last > 0 && words[last]!.lower !== words[last]!.lemma && words.slice(0, last).some((word) => word.lemma === 'be')) return 'how';
  if (/^(ADP|ADV|SCONJ|PART)$/.test(next.pos)) return 'how';
  return 'what';
}

function instructionTopic(words: readonly Word[], verb: number, text: (from: number, to: number) => string): string {
  let end = verb + 1;
  if (words[verb]!.lower === 'do' && /^(not|n't)$/.test(words[verb + 1]?.lower ?? '')) {
    const at = verb + 2;
    let last = at + 1;
    while (last < words.length && !/^(ADP|SCONJ|PUNCT|CCONJ)$/.test(words[last]!.pos)) last++;
    return `whether to ${text(at, last)}`;
  }
  while (end < words.length && !/^(ADP|SCONJ|PUNCT|CCONJ)$/.test(words[end]!.pos) && !isRelative(words, end)) end++;
  return `how to ${text(verb, end).charAt(0).toLowerCase()}${text(verb, end).slice(1)}`;
}

/** The noun phrase from i on, without amounts, which would give the answer away. */
function existing(words: readonly Word[], i: number): { from: number; to: number } | null {
  let from = i;
  while (from < words.length && !/^(NOUN|PROPN|ADJ)$/.test(words[from]!.pos)) {
    if (words[from]!.pos === 'PUNCT') return null;
    from++;
  }
  let to = from;
  while (to < words.length && /^(NOUN|PROPN|ADJ)$/.test(words[to]!.pos)) to++;
  while (to > from && words[to - 1]!.pos === 'ADJ') to--;
  return to > from ? { from, to } : null;
}

/** The subject without what a comma or bracket sets apart. */
function shortEnd(words: readonly Word[], from: number, to: number): number {
  const isList = words.slice(from, to).some((word) => word.pos === 'CCONJ');
  for (let i = from + 1; i < to; i++) {
    if (words[i]!.text === '(' && words[to - 1]!.text === ')') return i;
    if (!isList && words[i]!.text === ',') return i;
  }
  return to;
}

function joinTopics(topics: readonly string[]): string {
  if (topics.length < 2) return topics.join('');
  return `${topics.slice(0, -1).join(', ')}${topics.length > 2 ? ',' : ''} and ${topics.at(-1)}`;
}
