/** @file What a question is about, as far as its form tells. */
import type { English } from './english.ts';
import type { NounNumber } from './nouns.ts';
import { isPluralNoun } from './plurals.ts';

export interface Focus {
  /** As it stands within a sentence: "eating disorders", "the Mile of Music". */
  readonly text: string;
  readonly number: NounNumber;
  /** Asked for with "who". */
  readonly person: boolean;
}

const FORMS: readonly RegExp[] = [
  /^(?<who>who) (?:is|was|are|were) (?<focus>.+)$/i,
  /^what(?: is| are|'s| was| were)(?: \((?:is|are)\))? (?:the (?:meaning|definition|history|purpose|function|point|origin) of )?(?<focus>.+)$/i,
  /^(?:do you have information about|tell me (?:more )?about|what do you know about|explain|describe|define|what causes|what are the (?:symptoms|causes|treatments) of) (?<focus>.+)$/i,
  /^how (?:does|do|did) (?<focus>.+?) (?:work|function|start|begin|happen|form|spread)$/i,
  /^(?:write|give me) (?:a |an )?(?:short |brief )?(?:paragraph|summary|description|overview) (?:about|of|on) (?<focus>.+)$/i,
];

/** Words that show that more is asked than what one thing is. */
const MORE =
  /\b(difference|differences|between|and|or|best|some|good|your|my|is|are|was|were|do|does|did|can|should|vs|when|if|that|who|which|first|most)\b|,/i;

/** The focus of a question, in the answer's spelling where the answer has it; null where the form does not tell. */
export function questionFocus(english: English, question: string, answer = ''): Focus | null {
  const plain = question
    .trim()
    .replace(/^(q:|question:|please)\s*/i, '')
    .replace(/\s*[?.!]+\s*$/, '')
    .replace(/\s+/g, ' ');
  for (const form of FORMS) {
    const groups = form.exec(plain)?.groups;
    const found = groups?.focus?.trim();
    if (!found) continue;
    if (MORE.test(found) || found.split(' ').length > 9) return null;
    const words = english.words(found);
    const nouns = words.filter((word) => /^(NOUN|PROPN)$/.test(word.pos));
    const last = nouns.at(-1);
    if (!last) return null;
    const text = spelling(found, answer);
    const of = words.findIndex((word) => word.pos === 'ADP');
    const head = of > 0 ? (nouns.filter((word) => word.start < words[of]!.start).at(-1) ?? last) : last;
    const person = groups?.who !== undefined;
    return { text, number: !person && isPluralNoun(head) ? 'many' : 'one', person };
  }
  return null;
}

/** The phrase as the answer writes it within a sentence, else as the question does, without the capital of a title. */
function spelling(phrase: string, answer: string): string {
  const bare = phrase.replace(/^(a|an|the) /i, '');
  const article = phrase.slice(0, phrase.length - bare.length).toLowerCase();
  const lowered = answer.toLowerCase();
  let first: string | null = null;
  for (
    let at = lowered.indexOf(bare.toLowerCase());
    at >= 0;
    at = lowered.indexOf(bare.toLowerCase(), at + 1)
  ) {
    const written = answer.slice(at, at + bare.length);
    if (/^\p{Ll}/u.test(written) || /\p{Lu}/u.test(written.slice(1))) return article + written;
    first ??= written;
  }
  // Seen at the start of a sentence only: its first letter tells nothing, the rest does.
  if (first !== null && /^\p{Lu}/u.test(bare) === false) return article + bare;
  return article + (first ?? bare);
}
