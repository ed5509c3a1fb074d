/** @file Revise: an atom in the same frame with exactly one slot made false, or the reason why none is safe. */
import type { Authored } from '../../author.ts';
import type { KeyedRandom } from '../../keyed_random.ts';
import type { English, Word } from '../english.ts';
import { findMainClause } from '../main_clause.ts';
import { amountSwaps } from './amounts.ts';
import { negationSwap } from './negation.ts';
import { numberSwaps } from './numbers.ts';
import { FIXED_PHRASES, oppositeOf, VERBS_ONLY } from './opposites.ts';
import { applySwap, type Swap } from './swap.ts';
import { FIRST_NAMES, NAME_SETS, UNIT_SETS, WHOLE_NAMES, WORD_SETS } from './word_sets.ts';

/** The false version of a sentence; doubts about it are given as problems. */
export function reviseSentence(
  english: English,
  sentence: string,
  question: string,
  random: KeyedRandom,
): Authored<string> {
  const words = english.words(sentence);
  const main = findMainClause(words, 0, words.length);
  const leadEnd = main && main.lead.to > 0 ? words[main.lead.to - 1]!.end : 0;
  const isPossibility = main !== null && /^(may|might|can|could)$/.test(words[main.verb]!.lower);
  const swaps = [
    ...numberSwaps(sentence, words, random),
    ...unitSwaps(words, random),
    ...nameSwaps(sentence, words, question, random),
    ...amountSwaps(sentence, words),
    ...oppositeSwaps(sentence, words),
  ].map((swap) => {
    if (swap.doubt !== null) return swap;
    const isWord = swap.kind === 'opposite' || swap.kind === 'amount';
    if (isWord && swap.end <= leadEnd) {
      return { ...swap, doubt: 'the word stands in what only introduces the statement' };
    }
    // What may be so may be otherwise as well; that it cannot be is false.
    const isOther = swap.kind === 'name' || swap.kind === 'opposite';
    return isOther && isPossibility
      ? { ...swap, doubt: 'the statement is about what may be, and so may this be' }
      : swap;
  });
  const negation = negationSwap(sentence, words);
  const chosen =
    choose(
      swaps.filter(({ doubt }) => doubt === null),
      random,
    ) ??
    (negation?.doubt === null ? negation : null) ??
    choose(swaps, random) ??
    negation;
  if (!chosen)
    return { ok: false, reason: `"${sentence}" has no word that the rules can safely make false.` };
  const value = applySwap(sentence, chosen);
  const problems = chosen.doubt === null ? [] : [`"${value}" may not be false: ${chosen.doubt}.`];
  return { ok: true, value, problems };
}

/** Numbers, names and amounts state more than single adjectives do: they go first. */
function choose(swaps: readonly Swap[], random: KeyedRandom): Swap | null {
  if (swaps.length === 0) return null;
  const strong = swaps.filter(({ kind }) => kind !== 'opposite');
  return random.pick(strong.length > 0 ? strong : swaps);
}

/** "3 hours" to "3 days". */
function unitSwaps(words: readonly Word[], random: KeyedRandom): Swap[] {
  const swaps: Swap[] = [];
  words.forEach((word, i) => {
    const before = words[i - 1];
    if (before?.pos !== 'NUM' || !/\d|^(two|three|four|five|six|seven|eight|nine|ten)$/.test(before.lower))
      return;
    const units = UNIT_SETS.find((set) => set.includes(word.text));
    if (!units) return;
    if (/^\d{4}$/.test(before.text)) return;
    swaps.push({
      start: word.start,
      end: word.end,
      text: random.pick(units.filter((unit) => unit !== word.text)),
      kind: 'unit',
      doubt: null,
    });
  });
  return swaps;
}

/** Countries, months, colours and the like, and names of persons. */
function nameSwaps(sentence: string, words: readonly Word[], question: string, random: KeyedRandom): Swap[] {
  const swaps: Swap[] = [];
  const isListed = (start: number): boolean =>
    /\b(include[sd]?|including|such as|like|e\.g\.)\b/i.test(sentence.slice(0, start));
  const addFrom = (set: readonly string[], member: string, pattern: RegExp): void => {
    for (const match of sentence.matchAll(pattern)) {
      const start = match.index;
      const end = start + member.length;
      const isPartOfName =
        /^(\s\p{Lu}|-|'s \p{Lu})/u.test(sentence.slice(end)) ||
        /(\p{Lu}[\p{L}]*\s|-)$/u.test(sentence.slice(Math.max(0, start - 20), start));
      const at = words.findIndex((word) => word.start === start);
      if (at < 0 || isPartOfName) continue;
      const others = set.filter((other) => !sentence.includes(other) && !question.includes(other));
      if (others.length === 0) continue;
      const others1 = others.filter((other) => other.endsWith('s') === member.endsWith('s'));
      swaps.push({
        start,
        end,
        text: random.pick(others1.length > 0 ? others1 : others),
        kind: 'name',
        doubt: isListed(start) ? 'another member of the list may be as true' : null,
      });
    }
  };
  for (const set of NAME_SETS)
    for (const member of set)
      if (sentence.includes(member) && !question.includes(member))
        addFrom(set, member, new RegExp(`\\b${member}\\b`, 'g'));
  for (const set of WORD_SETS) {
    for (const member of set) {
      if (!sentence.includes(member)) continue;
      const word = words.find(({ text }) => text === member);
      if (!word || !/^(NOUN|ADJ)$/.test(word.pos)) continue;
      if (words[words.indexOf(word) + 1]?.pos === 'NOUN' && word.pos === 'NOUN' && !set.includes('brain'))
        continue;
      if (member === 'lead' || question.toLowerCase().includes(member)) continue;
      addFrom(set, member, new RegExp(`(?<![-\\p{L}])${member}(?![-\\p{L}])`, 'gu'));
    }
  }
  for (const match of sentence.matchAll(/\b(\p{Lu}\p{Ll}+) (?:\p{Lu}\. |\p{Lu}\p{Ll}+ )?\p{Lu}\p{Ll}+\b/gu)) {
    const before = sentence.slice(0, match.index);
    if (
      !FIRST_NAMES.has(match[1]!) ||
      /\p{Lu}[\p{L}]*[ ]$/u.test(before) ||
      /^ (\p{Lu}|of\b|University|College|Award)/u.test(sentence.slice(match.index + match[0].length))
    )
      continue;
    if (question.includes(match[0])) continue;
    swaps.push({
      start: match.index,
      end: match.index + match[0].length,
      text: random.pick(WHOLE_NAMES),
      kind: 'name',
      doubt: isListed(match.index) ? 'another member of the list may be as true' : null,
    });
  }
  return swaps;
}

function oppositeSwaps(sentence: string, words: readonly Word[]): Swap[] {
  const fixed = [...sentence.matchAll(FIXED_PHRASES)].map(
    (match) => [match.index, match.index + match[0].length] as const,
  );
  const swaps: Swap[] = [];
  words.forEach((word, i) => {
    const text = oppositeOf(word.lower);
    if (text === null || words.some((other) => other.lower === text)) return;
    if (/^\p{Lu}/u.test(word.text) && i > 0) return;
    if (sentence[word.start - 1] === '-' || sentence[word.end] === '-') return;
    if (fixed.some(([start, end]) => start < word.end && word.start < end)) return;
    if (VERBS_ONLY.test(word.lower) && (word.pos !== 'VERB' || words[i - 1]?.pos === 'DET')) return;
    const before = words[i - 1]?.lower ?? '';
    // "an hour long", "hard to see".
    if (
      /^(long|short|hard|soft)$/.test(word.lower) &&
      (words[i - 1]?.pos === 'NOUN' || words[i + 1]?.pos !== 'NOUN')
    )
      return;
    // "not large": denied already. "as common as": both sides matter.
    const denied = /^(not|n't|no|never|too|so|as|without)$/.test(before);
    const isAlternative = /^(or|and)$/.test(before) || /^(or|and|to)$/.test(words[i + 1]?.lower ?? '');
    swaps.push({
      start: word.start,
      end: word.end,
      text,
      kind: 'opposite',
      doubt: denied
        ? 'the word is denied where it stands'
        : isAlternative
          ? 'the word is one of several that stand together'
          : /\b(if|when|while|although|though|unless|because)\b/i.test(sentence.slice(0, word.start))
            ? 'the word stands in or after a condition'
            : null,
    });
  });
  return swaps;
}
