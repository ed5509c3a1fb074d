/** @file Numbers as slots: another plausible number stands where the true one stood. */
import type { KeyedRandom } from '../../keyed_random.ts';
import type { Word } from '../english.ts';
import { isPluralNoun } from '../plurals.ts';
import type { Swap } from './swap.ts';

const MONTH =
  /^(january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)$/;
const WORDS = 'two three four five six seven eight nine ten eleven twelve'.split(' ');
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const ORDINALS = 'first second third fourth fifth sixth seventh eighth ninth tenth'.split(' ');
/** Words before a number that make it part of a name, or a place in a text. */
const NAMING =
  /^(type|chapter|version|vitamin|chromosome|grade|phase|class|level|step|figure|table|part|number|no|trisomy|highway|route|section|volume|covid|group|stage|title|psalm|article)$/;

/** A swap for every number that states something. */
export function numberSwaps(sentence: string, words: readonly Word[], random: KeyedRandom): Swap[] {
  const swaps: Swap[] = [];
  for (const match of sentence.matchAll(
    /(?<![\w.,/-])\d[\d,]*(?:\.\d+)?(?:st|nd|rd|th|s)?(?![\w]|[.,/]\d|-\d|-[A-Z])/g,
  )) {
    const raw = match[0].replace(/,$/, '');
    const start = match.index;
    const at = words.findIndex((word) => word.start <= start && start < word.end);
    if (at < 0 || isNaming(sentence, words, at)) continue;
    const text = otherNumeral(raw, words, at, random);
    if (text !== null && text !== raw) {
      swaps.push({ start, end: start + raw.length, text, kind: 'number', doubt: null });
    }
  }
  words.forEach((word, i) => {
    const text = otherWord(words, i, random);
    if (text === null || sentence[word.start - 1] === '-' || sentence[word.end] === '-') return;
    swaps.push({ start: word.start, end: word.end, text, kind: 'number', doubt: null });
  });
  return swaps;
}

function isNaming(sentence: string, words: readonly Word[], at: number): boolean {
  const before = words[at - 1];
  if (!before) return false;
  if (NAMING.test(before.lower)) return true;
  if (before.text === '.' && at > 1) return true;
  const isNoun = before.pos === 'NOUN' || before.pos === 'PROPN';
  if (!isNoun || MONTH.test(before.lower) || /^(ages?|aged|years?|around)$/.test(before.lower)) return false;
  return sentence.slice(before.end, words[at]!.start).trim() === '';
}

/** Which way a bound must move to become false: "at least 3" grows, "at most 3" shrinks. */
function direction(words: readonly Word[], at: number): 1 | -1 | 0 {
  const phrase = words
    .slice(Math.max(0, at - 3), at)
    .map((word) => word.lower)
    .join(' ');
  if (/(at least|more than|over|above|minimum of|as many as|older than|greater than)$/.test(phrase)) return 1;
  if (
    /(at most|less than|fewer than|under|below|up to|within|maximum of|no more than|younger than|as few as|by age|the first)$/.test(
      phrase,
    )
  )
    return -1;
  // The upper end of a range stays the upper end.
  if (/(\d|\w) (to|and|or|-|\u2013)$/.test(phrase) && /\d (to|and|or|-|\u2013)$/.test(phrase)) return 1;
  if (/^(to|and|or|-|\u2013)$/.test(words[at + 1]?.lower ?? '') && /^\d/.test(words[at + 2]?.lower ?? ''))
    return -1;
  return 0;
}

function otherNumeral(raw: string, words: readonly Word[], at: number, random: KeyedRandom): string | null {
  const way = direction(words, at);
  const ordinal = /^(\d+)(st|nd|rd|th)$/.exec(raw);
  if (ordinal) {
    const n = Number(ordinal[1]);
    const next = n <= 28 ? 1 + ((n - 1 + 2 + random.below(20)) % 28) : n + 1 + random.below(9);
    return `${next}${suffix(next)}`;
  }
  const decade = /^(\d{4})s$/.exec(raw);
  if (decade) return `${Number(decade[1]) + (random.below(2) === 0 ? -1 : -2) * 10 * (1 + random.below(3))}s`;
  if (raw.endsWith('s') || !/^[\d,]+(\.\d+)?$/.test(raw)) return null;
  const value = Number(raw.replace(/,/g, ''));
  if (!Number.isFinite(value)) return null;
  const before = words[at - 1]?.lower ?? '';
  const isCounting = words[at + 1]?.pos === 'NOUN';
  if (
    /^(1[0-9]|20)\d\d$/.test(raw) &&
    (!isCounting ||
      /^(in|since|by|until|of|from|during|after|before|to|and|,|\(|-|year|early|late|mid)$/.test(before) ||
      MONTH.test(before))
  ) {
    const shift = 3 + random.below(37);
    return String(way === 1 ? Math.min(value + shift, 2099) : value - shift);
  }
  if (MONTH.test(before) || MONTH.test(words[at + 1]?.lower ?? '')) {
    if (value <= 31) return String(1 + ((value - 1 + 2 + random.below(20)) % 28));
  }
  return likeNumber(raw, value, way, random);
}

/** A number of the same size and with as many digits after the point. */
function likeNumber(raw: string, value: number, way: 1 | -1 | 0, random: KeyedRandom): string | null {
  const decimals = raw.split('.')[1]?.length ?? 0;
  const up = way === 0 ? random.below(2) === 0 : way === 1;
  let next: number;
  if (decimals === 0 && value <= 10) {
    const step = 2 + random.below(3);
    next = up || value - step < 2 ? value + step : value - step;
    if (way === -1) next = value > 2 ? Math.max(2, value - step) : value;
    if (value <= 1) return null;
  } else {
    const factor =
      up && value <= 100 && decimals === 0
        ? 1.2 + random.below(5) / 10
        : up
          ? 1.4 + random.below(12) / 10
          : 0.25 + random.below(5) / 10;
    next = value * factor;
    // Round numbers stay round.
    const zeros = decimals === 0 ? (/0*$/.exec(String(Math.trunc(value)))?.[0].length ?? 0) : 0;
    const grain = 10 ** Math.min(zeros, Math.max(0, String(Math.trunc(next)).length - 1));
    next = Math.round(next / grain) * grain;
    if (decimals > 0) next = value * factor;
    // An age or a percentage stays one.
    if (value <= 100 && next > 100)
      next = way === 1 ? Math.min(99, Math.max(value + 1, 95)) : Math.round(value * 0.6);
  }
  if (/^\d{1,2}$/.test(raw) === false && next === value) return null;
  const text = next.toFixed(decimals);
  if (Number(text) === value || Number(text) <= 0) return null;
  return raw.includes(',') ? Number(text).toLocaleString('en-US', { minimumFractionDigits: decimals }) : text;
}

function otherWord(words: readonly Word[], i: number, random: KeyedRandom): string | null {
  const { lower, pos } = words[i]!;
  const after = words[i + 1];
  const way = direction(words, i);
  const of = (list: readonly string[]): string | null => {
    const at = list.indexOf(lower);
    if (at < 0 || isNamed(words, i)) return null;
    const others = list.filter((_, j) =>
      way === 1 ? j > at : way === -1 ? j < at : j !== at && Math.abs(j - at) < 5,
    );
    return others.length === 0 ? null : random.pick(others);
  };
  if (pos === 'NUM' || pos === 'ADJ') {
    if (/^(or|to|and)$/.test(after?.lower ?? '') || /^(or|to)$/.test(words[i - 1]?.lower ?? '')) return null;
    const found = of(WORDS) ?? of(TENS);
    if (found) return found;
  }
  if (
    ORDINALS.includes(lower) &&
    after?.pos === 'NOUN' &&
    !isPluralNoun(after) &&
    words[i - 1]?.lower === 'the'
  )
    return of(ORDINALS);
  return null;
}

function isNamed(words: readonly Word[], i: number): boolean {
  return /^\p{Lu}/u.test(words[i]!.text) && i > 0;
}

function suffix(n: number): string {
  if (n % 100 >= 11 && n % 100 <= 13) return 'th';
  return ['th', 'st', 'nd', 'rd'][n % 10] ?? 'th';
}
