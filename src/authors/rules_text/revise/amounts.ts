/** @file Words of amount and frequency ("most", "always") as slots: their opposites make a statement false. */
import type { Word } from '../english.ts';
import { isPluralNoun } from '../plurals.ts';
import type { Swap } from './swap.ts';

const FREQUENCY: Readonly<Record<string, string>> = {
  always: 'never',
  never: 'always',
  usually: 'rarely',
  often: 'rarely',
  typically: 'rarely',
  generally: 'rarely',
  commonly: 'rarely',
  frequently: 'rarely',
  mostly: 'rarely',
  mainly: 'rarely',
  primarily: 'rarely',
  rarely: 'often',
  seldom: 'often',
  sometimes: 'never',
  occasionally: 'never',
};

/** A swap for every such word that can be exchanged in its place. */
export function amountSwaps(sentence: string, words: readonly Word[]): Swap[] {
  const swaps: Swap[] = [];
  const add = (from: number, to: number, text: string, doubt: string | null = null): void => {
    swaps.push({ start: words[from]!.start, end: words[to]!.end, text, kind: 'amount', doubt });
  };
  words.forEach((word, i) => {
    const { lower, pos } = word;
    const before = words[i - 1];
    const after = words[i + 1];
    if (!after || sentence[word.end] === '-' || sentence[word.start - 1] === '-') return;
    // At the start of a sentence "rarely" and "never" would turn subject and verb round.
    if (FREQUENCY[lower] && pos === 'ADV' && i > 0 && after.text !== ',' && before?.text !== ',') {
      if (/^(not|n't|more|most|less|as|so|how|very|than|the)$/.test(before?.lower ?? '')) return;
      add(i, i, FREQUENCY[lower]);
      return;
    }
    const noun = nextNoun(words, i + 1);
    const isMany = noun !== null && isPluralNoun(words[noun]!);
    switch (lower) {
      case 'most':
        if (
          /^(the|'s|its|their|is|are|was|were)$/.test(before?.lower ?? '') &&
          /^(ADJ|ADV|VERB)$/.test(after.pos)
        )
          add(i, i, 'least');
        else if (i === 0 && isMany && after.lower !== 'of') add(i, i, 'few');
        else if (i === 0 && after.lower === 'of') add(i, i, 'none', null);
        break;
      case 'all':
        if (after.lower === 'of') add(i, i, 'none');
        else if (
          isMany &&
          !/^(the|these|those|its|their|his|her|your|our|other|kinds|sorts|types)$/.test(after.lower) &&
          !/^(at|of|in|not|after|for|from)$/.test(before?.lower ?? '')
        )
          add(i, i, 'no');
        break;
      case 'some':
        if (i === 0 && after.lower === 'of') add(i, i, 'none');
        else if (i === 0 && isMany) add(i, i, 'no');
        else if (i === 0 && /^(AUX|VERB)$/.test(after.pos)) add(i, i, 'none');
        break;
      case 'many':
      case 'several':
        if (/^(as|how|so|too|not)$/.test(before?.lower ?? '') || !isMany) break;
        if (i === 0 || /^(is|are|was|were|has|have)$/.test(before?.lower ?? ''))
          add(i, i, lower === 'many' ? 'few' : 'no');
        break;
      case 'few':
        if (isMany && before?.lower !== 'a' && before?.lower !== 'or') add(i, i, 'many');
        break;
      case 'every':
        if (i === 0 && after.pos === 'NOUN') add(i, i, 'no');
        break;
      case 'everyone':
      case 'everybody':
        if (i === 0) add(i, i, 'nobody');
        break;
      case 'no':
        if (i === 0 && after.lower === 'one') add(i, i + 1, 'everyone');
        else if (noun !== null && pos === 'DET' && !/^(more|less|longer|one|matter)$/.test(after.lower))
          add(i, i, isMany ? 'many' : article(after));
        break;
      case 'nobody':
        add(i, i, 'everybody');
        break;
      case 'more':
        if (after.lower === 'than' && /^\d|^(one|two|three|four|five|half)/.test(words[i + 2]?.lower ?? ''))
          add(i, i, 'less');
        else if (
          /^(ADJ|ADV)$/.test(after.pos) &&
          !/^(or|and|much|no|any|even|once)$/.test(before?.lower ?? '')
        )
          add(i, i, 'less');
        break;
      case 'less':
        if (
          /^(ADJ|ADV)$/.test(after.pos) ||
          (after.lower === 'than' && /^\d/.test(words[i + 2]?.lower ?? ''))
        )
          add(i, i, 'more');
        break;
      case 'at':
        if (
          after.lower === 'least' &&
          /^\d|^(one|two|three|four|five|six|ten)/.test(words[i + 2]?.lower ?? '')
        ) {
          add(i + 1, i + 1, 'most', 'a bound may hold both ways');
        }
        break;
      default:
    }
  });
  return swaps;
}

/** Place of the noun that the words at i lead to, without a verb or comma between. */
function nextNoun(words: readonly Word[], i: number): number | null {
  let found: number | null = null;
  for (let at = i; at < words.length; at++) {
    const { pos } = words[at]!;
    if (pos === 'NOUN' || pos === 'PROPN') found = at;
    else if (found !== null || !/^(ADJ|ADV|NUM|CCONJ|VERB)$/.test(pos)) break;
  }
  return found;
}

function article(word: Word): string {
  return /^[aeiou]/.test(word.lower) ? 'an' : 'a';
}
