/**
 * @file Style: how a text says what it says, in a few figures. Where better and worse answers differ in style, a model
 * can prefer the better one without knowing anything.
 */
import { splitSentences } from '../../authors/statements.ts';
import { wordsOf } from '../../text/claim_words.ts';
import { CONNECTIVES, isFunctionWord, NEGATIONS, PRONOUNS } from '../../text/function_words.ts';
import type { ComparisonPair } from '../project.ts';
import { type Finding, quote } from './finding.ts';

export interface Style {
  readonly words: number;
  readonly sentences: number;
  /** Words per sentence. */
  readonly sentenceLength: number;
  /** Different words as a share of all, of the first `typeWindow` words. */
  readonly typeShare: number;
  /** Shares of all words. */
  readonly pronouns: number;
  readonly connectives: number;
  readonly negations: number;
  readonly functionWords: number;
  readonly capitals: number;
  /** Marks per word, without those that end sentences. */
  readonly marks: number;
}

/** @param typeWindow words of which different ones are counted, the same for texts that are compared */
export function readStyle(text: string, typeWindow = Number.POSITIVE_INFINITY): Style {
  const words = wordsOf(text);
  const n = Math.max(1, words.length);
  const share = (test: (plain: string) => boolean) => words.filter(({ plain }) => test(plain)).length / n;
  const sentences = Math.max(1, splitSentences(text).length);
  const first = words.slice(0, typeWindow);
  return {
    words: words.length,
    sentences,
    sentenceLength: words.length / sentences,
    typeShare: new Set(first.map(({ plain }) => plain)).size / Math.max(1, first.length),
    pronouns: share((plain) => PRONOUNS.has(plain)),
    connectives: share((plain) => CONNECTIVES.has(plain)),
    negations: share((plain) => NEGATIONS.has(plain)),
    functionWords: share(isFunctionWord),
    capitals: words.filter(({ text: word }) => /^\p{Lu}/u.test(word)).length / n,
    marks: (text.match(/[,;:()–—"“”]/gu)?.length ?? 0) / n,
  };
}

/** Styles that were read: pair, set and giveaways look at the same ones. */
const known = new WeakMap<object, readonly [Style, Style]>();

/** The styles of both sides of a pair, comparable. */
export function pairStyles(
  pair: Readonly<Pick<ComparisonPair, 'better' | 'worse'>>,
): readonly [Style, Style] {
  const styles = known.get(pair);
  if (styles) return styles;
  const { better, worse } = pair;
  const window = Math.min(wordsOf(better).length, wordsOf(worse).length);
  const read = [readStyle(better, window), readStyle(worse, window)] as const;
  known.set(pair, read);
  return read;
}

/** Words of the worse answer per word of the better one, and how many words at least must lie between them. */
const LENGTH_RANGE = {
  incomplete: [0.2, 1.25],
  nonfactual: [0.5, 2],
  illogical: [0.5, 2],
} as const;
const LENGTH_WORDS = 8;
/** Words per sentence on one side over those on the other, from which on it is a matter of style. */
const SENTENCE_RATIO = 2.5;

const OPENING =
  /^\W*(?:sure|certainly|of course|absolutely|great question|here(?:'s| is| are)|as an ai|i(?:'d| would) be happy|thank you for)\b/i;
const CLOSING = /(?:hope (?:this|that) helps|let me know if|feel free to ask)[^.!?]*[.!?]*\s*$/i;

/** What anyone can see or hear of a text, whatever it says; each by the words that describe it. */
const MARKS: readonly (readonly [string, (text: string) => boolean])[] = [
  [
    'is a list, or in several lines',
    (text) => /\n/.test(text.trim()) || /^\s*(?:[-*•]|\d+[.)])\s/.test(text),
  ],
  ['has markup', (text) => /\*\*|__|`|^#+\s/m.test(text)],
  ['opens with a phrase of politeness', (text) => OPENING.test(text)],
  ['closes with a phrase of politeness', (text) => CLOSING.test(text)],
  ['has no capital letter', (text) => /\p{Ll}/u.test(text) && !/\p{Lu}/u.test(text)],
  ['is in capitals', (text) => capitalShare(text) > 0.5],
  ['ends without a full stop', (text) => !/[.!?:…]["'”’)\]*_]*\s*$/u.test(text)],
  ['exclaims', (text) => /!/.test(text)],
  ['has emoji', (text) => /\p{Extended_Pictographic}/u.test(text)],
];

function capitalShare(text: string): number {
  const letters = text.match(/\p{Lu}|\p{Ll}/gu) ?? [];
  return letters.length < 8 ? 0 : letters.filter((letter) => /\p{Lu}/u.test(letter)).length / letters.length;
}

const CURE = 'Write both sides in one style (--style-pairs matched), or correct the pair by hand.';

/** Differences in length and style between the sides of one pair that are there for all to see. */
export function checkStyle(id: string, pair: ComparisonPair): Finding[] {
  const { aspect, better, worse } = pair;
  const [a, b] = pairStyles(pair);
  if (a.words === 0 || b.words === 0) return [];
  const findings: Finding[] = [];
  const ratio = b.words / a.words;
  const [least, most] = LENGTH_RANGE[aspect];
  if (Math.abs(b.words - a.words) >= LENGTH_WORDS && (ratio < least || ratio > most))
    findings.push({
      ...{ kind: 'length', severity: 'warning', id, aspect, cure: CURE },
      message: `The worse answer has ${b.words} words, the better one ${a.words}: length alone tells them apart.`,
    });
  const differences = MARKS.flatMap(([what, has]) => {
    const [left, right] = [has(better), has(worse)];
    return left === right ? [] : [`only the ${left ? 'better' : 'worse'} answer ${what}`];
  });
  // What an incomplete answer lacks, it lacks of everything.
  if (aspect !== 'incomplete') differences.push(...proportions(a, b));
  if (differences.length > 0)
    findings.push({
      ...{ kind: 'style-giveaway', severity: 'warning', id, aspect, cure: CURE },
      message: `Style tells ${quote(better, 40)} from ${quote(worse, 40)}: ${differences.join('; ')}.`,
    });
  return findings;
}

function proportions(better: Style, worse: Style): string[] {
  const differences: string[] = [];
  const [long, short] = [better.sentenceLength, worse.sentenceLength].sort((x, y) => y - x) as [
    number,
    number,
  ];
  if (long > SENTENCE_RATIO * short && Math.max(better.words, worse.words) >= 20)
    differences.push(
      `sentences have ${better.sentenceLength.toFixed(0)} words in the better answer, ${worse.sentenceLength.toFixed(0)} in the worse`,
    );
  const [ties, others] = [better, worse].map(({ connectives, words }) => Math.round(connectives * words)) as [
    number,
    number,
  ];
  if (Math.abs(ties - others) >= 3 && Math.min(ties, others) <= 1)
    differences.push(`the better answer ties its sentences ${ties} times, the worse ${others} times`);
  return differences;
}
