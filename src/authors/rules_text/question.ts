/**
 * @file Rewrite(q, K*), the question: asks for what the atoms state by their subjects and verbs, and gives none of it
 * away ("how X is inherited and what X affects").
 */
import type { KeyedRandom } from '../keyed_random.ts';
import { smallStart, smallWords } from './capitals.ts';
import type { English, Word } from './english.ts';
import type { Focus } from './focus.ts';
import { findMainClause, isRelative } from './main_clause.ts';
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
  const seen = smallWords(english, atoms);
  for (const atom of atoms) {
    const topic = topicOf(english, atom, seen);
    if (topic === null) return null;
    if (!topics.includes(topic)) topics.push(topic);
  }
  const frame = random.pick(FRAMES);
  const list = joinTopics(topics);
  const isNamed = focus === null || list.toLowerCase().includes(focus.text.toLowerCase());
  const question = frame.replace('{topics}', () => list);
  return isNamed
    ? question
    : `About ${focus.text}: ${question.charAt(0).toLowerCase() === 'i' ? question : question.charAt(0).toLowerCase() + question.slice(1)}`;
}

/** What an atom answers, as a clause that a question can hold: "what the spleen does". */
export function topicOf(
  english: English,
  atom: string,
  seen: ReadonlySet<string> = new Set(),
): string | null {
  const words = english.words(atom);
  const main = findMainClause(words, 0, words.length);
  const text = (from: number, to: number): string =>
    to > from ? atom.slice(words[from]!.start, words[to - 1]!.end) : '';
  const about = (from: number): string | null => {
    const thing = existing(words, from) ?? existing(words, 0);
    return thing && text(thing.from, thing.to);
  };
  if (!main) {
    const thing = about(0);
    return thing && `what to know about ${thing}`;
  }
  if (main.subject.to <= main.subject.from) return instructionTopic(words, main.verb, text);

  const group = verbGroup(words, main.verb);
  const first = words[main.subject.from]!;
  const end = shortEnd(words, main.subject.from, main.subject.to);
  const whole = text(main.subject.from, end);
  const small = first.start === 0 ? smallStart(english, atom, seen) : null;
  const subject = small === null ? whole : small.slice(0, whole.length);
  const thing = about(group.end);
  if (first.lower === 'there') return thing && `what there is to say about ${thing}`;
  const isPronoun = /^(it|this|that|these|those|they|he|she|you|we|one|some|others|most|many)$/.test(
    first.lower,
  );
  if (end - main.subject.from > LONGEST_SUBJECT || (isPronoun && end - main.subject.from === 1)) {
    return thing && `what to know about ${thing}`;
  }
  if (/^(no|nobody|nothing|none)$/.test(first.lower)) return thing && `what is known about ${thing}`;
  const plain = text(main.verb, group.end)
    .replace(/\s*(not|n't)\b/g, '')
    .replace(/^ca$/, 'can')
    .replace(/^cannot/, 'can');
  return predicateTopic(words, group.last, group.end, subject, plain);
}

/** Verbs and the prepositions that belong to them: what follows is asked for with "what". */
const BOUND =
  /^(consist of|depend on|rely on|refer to|lead to|result in|result from|belong to|differ from|associate with|characterize by|cause by|know as|range from|contribute to|suffer from|focus on|stand for|base on|make of|derive from|relate to|deal with|consider as|look like|compose of|fill with|affect by|trigger by|use for|use as|specialize in|participate in|cover by|produce by|invent by|write by|create by|design by|find by|develop by|direct by|own by|name after|come from|grow from)$/;
const NAMING = /^(call|name|consider|define|term|deem)$/;
const THINKING = /^(think|believe|know|say|suppose|expect)$/;

/** "what X causes", "how X is inherited", "what X depends on", "what X is like". */
function predicateTopic(
  words: readonly Word[],
  last: number,
  end: number,
  subject: string,
  plain: string,
): string {
  let at = end;
  while (words[at]?.pos === 'ADV') at++;
  const verb = words[last]!;
  const next = words[at];
  if (!next || /^[.,;:]$/.test(next.text))
    return verb.lemma === 'be' ? `what ${subject} ${plain}` : `how ${subject} ${plain}`;
  if (BOUND.test(`${verb.lemma} ${next.lower}`)) return `what ${subject} ${plain} ${next.lower}`;
  if (verb.lemma === 'be') {
    if (next.pos === 'ADJ' && !isAttributive(words, at)) return `what ${subject} ${plain} like`;
    return next.pos === 'ADP' || next.pos === 'SCONJ'
      ? `how ${subject} ${plain}`
      : `what ${subject} ${plain}`;
  }
  const isPassive =
    words.slice(Math.max(0, last - 4), last).some((word) => word.lemma === 'be') && verb.lower !== verb.lemma;
  if (isPassive) {
    if (NAMING.test(verb.lemma) && next.pos !== 'ADP') return `what ${subject} ${plain}`;
    if (THINKING.test(verb.lemma) && next.lower === 'to') return `what ${subject} ${plain} to be`;
    return `how ${subject} ${plain}`;
  }
  return /^(ADP|SCONJ|PART)$/.test(next.pos) ? `how ${subject} ${plain}` : `what ${subject} ${plain}`;
}

/** "rare diseases", unlike "rare in men": the adjective has its noun after it. */
function isAttributive(words: readonly Word[], at: number): boolean {
  for (let i = at + 1; i < words.length; i++) {
    const { pos, text } = words[i]!;
    if (/^(NOUN|PROPN)$/.test(pos)) return true;
    if (!/^(ADJ|ADV)$/.test(pos) && text !== ',' && text !== '-') return false;
  }
  return false;
}

function instructionTopic(
  words: readonly Word[],
  verb: number,
  text: (from: number, to: number) => string,
): string {
  let end = verb + 1;
  if (words[verb]!.lower === 'do' && /^(not|n't)$/.test(words[verb + 1]?.lower ?? '')) {
    const at = verb + 2;
    let last = at + 1;
    while (last < words.length && !/^(ADP|SCONJ|PUNCT|CCONJ)$/.test(words[last]!.pos)) last++;
    return `whether to ${text(at, last)}`;
  }
  while (end < words.length && !/^(ADP|SCONJ|PUNCT|CCONJ)$/.test(words[end]!.pos) && !isRelative(words, end))
    end++;
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
