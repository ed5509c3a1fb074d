/** @file Set phrases that may stand for each other, and where: "due to" and "because of". */
import type { KeyedRandom } from '../keyed_random.ts';
import { capitalise } from './capitals.ts';

/** Phrases with the same meaning, of which each may stand for the other. */
const SYNONYMS: readonly (readonly string[])[] = [
  ['also known as', 'also called'],
  ['such as', 'for example'],
  ['due to', 'because of'],
  ['approximately', 'about'],
  ['in order to', 'so as to'],
  ['a number of', 'several'],
  ['located in', 'situated in'],
  ['usually', 'as a rule'],
  ['typically', 'usually'],
  ['frequently', 'often'],
  ['however', 'yet'],
  ['although', 'even though'],
  ['because', 'since'],
  ['many', 'a great many'],
  ['for instance', 'for example'],
  ['in addition to', 'besides'],
  ['prior to', 'before'],
  ['previously', 'earlier'],
  ['is able to', 'can'],
  ['are able to', 'can'],
  ['primarily', 'mainly'],
  ['mostly', 'for the most part'],
  ['rarely', 'seldom'],
  ['especially', 'particularly'],
  ['commonly', 'often'],
  ['consists of', 'is made up of'],
  ['consist of', 'are made up of'],
  ['requires', 'calls for'],
  ['throughout', 'all through'],
  ['while', 'whereas'],
];
/** Only from left to right: the other way the meaning could change. */
const ONE_WAY: ReadonlySet<string> = new Set([
  'because',
  'many',
  'however',
  'while',
  'typically',
  'such as',
  'usually',
  'commonly',
  'previously',
  'approximately',
  'a number of',
  'is able to',
  'are able to',
  'throughout',
  'requires',
]);

/** At most two set phrases in a sentence, never within quotes. */
export function replacePhrases(sentence: string, random: KeyedRandom): string {
  if (/["\u201c]/.test(sentence)) return sentence;
  let text = sentence;
  let count = 0;
  for (const pair of random.shuffled(SYNONYMS)) {
    if (count === 2) break;
    for (const [from, to] of [pair, [...pair].reverse()] as [string, string][]) {
      if (from === pair[1] && ONE_WAY.has(pair[0]!)) continue;
      const match = new RegExp(`(?<![\\p{L}-])${from}(?![\\p{L}-])`, 'iu').exec(text);
      if (!match || !fits(text, match.index, from, to)) continue;
      const word = /^\p{Lu}/u.test(match[0]) ? capitalise(to) : to;
      text = text.slice(0, match.index) + word + text.slice(match.index + from.length);
      count++;
      break;
    }
  }
  return text;
}

/** Whether the phrase may be exchanged where it stands. */
function fits(text: string, at: number, from: string, to: string): boolean {
  const before = text.slice(0, at).trim().split(/\s+/).at(-1)?.toLowerCase() ?? '';
  const after = text.slice(at + from.length).trimStart();
  switch (from) {
    case 'due to':
      return !/^(is|are|was|were|be|been|caused|partly|largely)$/.test(before)
        ? before !== '' || !/\bfact\b/.test(after)
        : false;
    case 'such as':
      return before.endsWith(',');
    case 'because':
      return !/^of\b/.test(after) && at > 0 && before.endsWith(',');
    case 'many':
      return at === 0 && !/^(of|a)\b/.test(after);
    case 'usually':
    case 'mostly':
      return to === 'as a rule' ? false : /^(in|on|at)\b/.test(after);
    case 'while':
      return before.endsWith(',');
    case 'about':
      return /^\d/.test(after);
    case 'however':
      return at === 0 && after.startsWith(',') === false;
    case 'commonly':
    case 'typically':
    case 'frequently':
    case 'primarily':
    case 'rarely':
    case 'often':
    case 'seldom':
      return !/^(most|more|less|least|very|how|so|as)$/.test(before) && at > 0;
    case 'a number of':
      return before !== 'of' && !/^(the|an?)$/.test(before);
    case 'several':
      return !/^(the|these|those|of)$/.test(before);
    case 'before':
      return /^(the|his|her|its|their|\d)/.test(after) && at > 0;
    case 'earlier':
      return false;
    case 'particularly':
    case 'especially':
      return at > 0 && before.endsWith(',');
    case 'besides':
    case 'for example':
    case 'mainly':
    case 'can':
    case 'called':
      return from === 'mainly' && at > 0;
    default:
      return true;
  }
}
