/**
 * @file When two sentences claim the same. By words: the same content words and qualifiers as often, the same of them
 * denied. In a closed world: the same fact, whatever the words; and there it can be told whether a claim is true.
 */
import { parseStatement, splitSentences } from '../../authors/statements.ts';
import { overlappingValue, valueText, type World } from '../../authors/world.ts';
import { readClaim } from '../../text/claim_words.ts';
import { PRONOUNS } from '../../text/function_words.ts';

/** A sentence, read for comparison. */
export interface Claim {
  readonly text: string;
  /** Stems of content words and qualifiers, as often as they occur; denied ones are others. */
  readonly stems: ReadonlyMap<string, number>;
  /** Whether it stands alone: it has three content words at least, a name or number, and no pronoun. */
  readonly standsAlone: boolean;
  /** By words, and by fact where a world reads it, the most telling last. Sentences that share one claim the same. */
  readonly keys: readonly string[];
}

/** Whether two sentences claim the same. */
export function sameClaim(a: Claim, b: Claim): boolean {
  return a.keys.some((key) => b.keys.includes(key));
}

export function readSentence(text: string, world: World | null = null): Claim {
  const { words, names, numbers, content, stems: inOrder } = readClaim(text);
  const stems = new Map<string, number>();
  for (const stem of inOrder) stems.set(stem, (stems.get(stem) ?? 0) + 1);
  const fact = world && parseStatement(world, text);
  return {
    text,
    stems,
    standsAlone:
      content.size >= 3 && names.size + numbers.size > 0 && !words.some(({ plain }) => PRONOUNS.has(plain)),
    keys: [
      JSON.stringify([...stems].sort(([a], [b]) => (a < b ? -1 : 1))),
      ...(fact?.subject === 'known'
        ? [JSON.stringify([fact.entity, fact.slot, fact.value.split(' and ').sort()])]
        : []),
    ],
  };
}

export function readSentences(text: string, world: World | null = null): Claim[] {
  return splitSentences(text).map((sentence) => readSentence(sentence.text, world));
}

/** Whether a sentence says at least what another does: it has all its stems as often, and denies the same. */
export function contains(sentence: Claim, part: Claim): boolean {
  if (part.stems.size === 0) return false;
  return [...part.stems].every(([stem, count]) => (sentence.stems.get(stem) ?? 0) >= count);
}

/** Whether the world says that a sentence is true, at least in part; null where it does not say. */
export function truthOf(world: World, sentence: string): boolean | null {
  const fact = parseStatement(world, sentence);
  if (fact?.subject !== 'known') return null;
  const truth = world.entities.get(fact.entity)?.facts.get(fact.slot);
  return truth ? overlappingValue(world.slots.get(fact.slot)!, fact.value, valueText(truth)) : null;
}
