/** @file Negation: "not" put into the main clause, or taken out of it, with the auxiliary that it needs. */
import type { Word } from '../english.ts';
import { findMainClause, type MainClause } from '../main_clause.ts';
import { isPluralNoun } from '../plurals.ts';
import { verbGroup } from '../verbs.ts';
import type { Swap } from './swap.ts';

/** The sentence's negation, or null where the rules see no main verb that they can negate. */
export function negationSwap(sentence: string, words: readonly Word[]): Swap | null {
  const main = findMainClause(words, 0, words.length);
  if (!main) return null;
  const doubt = doubtOf(sentence, words, main);
  const swap = (start: number, end: number, text: string, more: string | null = null): Swap => ({
    start,
    end,
    text,
    kind: 'negation',
    doubt: doubt ?? more,
  });
  const verb = words[main.verb]!;
  const after = words[main.verb + 1];
  if (main.subject.to <= main.subject.from) return negateInstruction(words, main, swap);
  const { negated } = verbGroup(words, main.verb);
  if (negated) return withoutNot(words, main, swap);

  const { lower, lemma } = verb;
  if (lower === 'may' || lower === 'might' || lower === 'can') return swap(verb.start, verb.end, 'cannot');
  if (/^(will|would|should|must|could|shall)$/.test(lower)) return swap(verb.end, verb.end, ' not');
  if (lower === "'s" && verb.pos === 'AUX')
    return lemma === 'be' ? swap(verb.start, verb.end, ' is not') : null;
  if (lower === "'ve" && isPerfect(words, main.verb)) return swap(verb.start, verb.end, ' have not');
  if (lower.startsWith("'")) return lower === "'re" ? swap(verb.start, verb.end, ' are not') : null;
  if (/^(is|are|was|were|am)$/.test(lower)) {
    const next = words[main.verb + 1];
    if (next?.lower === 'no') return null;
    const thing = next?.pos === 'ADV' ? words[main.verb + 2] : next;
    if (
      words[main.subject.from]!.lower === 'there' &&
      thing &&
      /^(NOUN|ADJ)$/.test(thing.pos) &&
      !AMOUNT.test(thing.lower)
    ) {
      return swap(thing.start, thing.start, 'no ');
    }
    return swap(verb.end, verb.end, ' not');
  }
  if (/^(has|have|had)$/.test(lower) && isPerfect(words, main.verb)) return swap(verb.end, verb.end, ' not');
  if (after?.lower === 'no') return null;
  const base = baseForm(verb);
  if (main.form === 'singular') return swap(verb.start, verb.end, `does not ${base}`);
  if (main.form === 'plural') return swap(verb.start, verb.start, 'do not ');
  if (main.form === 'past') return swap(verb.start, verb.end, `did not ${base}`);
  return null;
}

const AMOUNT = /^(many|several|some|few|various|numerous|more|most|all|both|enough|much|different)$/;

type Make = (start: number, end: number, text: string, doubt?: string | null) => Swap;

function negateInstruction(words: readonly Word[], main: MainClause, swap: Make): Swap | null {
  const verb = words[main.verb]!;
  if (verb.lower === 'do' && /^(not|n't)$/.test(words[main.verb + 1]?.lower ?? '')) {
    const end = words[main.verb + 2];
    return end ? swap(verb.start, end.end, end.text) : null;
  }
  if (main.verb === 0) return swap(verb.start, verb.end, `do not ${verb.lower}`);
  return swap(verb.start, verb.start, 'do not ');
}

/** "is not" to "is", "does not have" to "has". */
function withoutNot(words: readonly Word[], main: MainClause, swap: Make): Swap | null {
  const verb = words[main.verb]!;
  if (verb.lower === 'cannot') return swap(verb.start, verb.end, 'can');
  for (let i = main.verb + 1; i < Math.min(words.length, main.verb + 4); i++) {
    const { lower, end } = words[i]!;
    if (lower !== 'not' && lower !== "n't" && lower !== 'never') continue;
    if (lower === 'never') return swap(words[i]!.start, end, 'always');
    const next = words[i + 1];
    if (!next || next.lower === 'only') return null;
    if (verb.lower === 'do') return swap(verb.start, next.start, '');
    if (verb.lower === 'does') {
      const last = words.findIndex((word, at) => at > i && word.pos !== 'ADV');
      const acting = words[last];
      if (last !== i + 1 || !acting || (acting.pos !== 'VERB' && acting.pos !== 'AUX')) return null;
      return swap(verb.start, acting.end, thirdPerson(acting.lower));
    }
    if (verb.lower === 'did') return null;
    const whole: Readonly<Record<string, string>> = { ca: 'can', wo: 'will' };
    const isPossibility = /^(may|might|could)$/.test(verb.lower);
    return swap(
      verb.start,
      end,
      whole[verb.lower] ?? verb.text,
      isPossibility ? 'what may not be may be as well' : null,
    );
  }
  return null;
}

/** Why the negation may be true as well. */
function doubtOf(sentence: string, words: readonly Word[], main: MainClause): string | null {
  const subject = words.slice(main.subject.from, main.subject.to).map((word) => word.lower);
  if (
    /^(some|many|several|few|others|certain|other|numerous|various|half|one|another)$/.test(
      subject[0] ?? '',
    ) ||
    (subject[0] === 'a' && subject[1] === 'few')
  ) {
    return 'what holds for some may well not hold for others';
  }
  if (/^(no|nobody|none|neither|nothing|never|few|rarely|seldom)$/.test(subject[0] ?? ''))
    return 'it is negative already';
  const lead = sentence.slice(0, words[main.subject.from]?.start ?? 0);
  if (/\b(some|sometimes|many|often|occasionally|rarely|certain|most)\b/i.test(lead))
    return 'it holds in some cases only';
  const next = words[main.verb - 1]?.lower ?? '';
  if (/^(sometimes|occasionally|rarely|seldom|never|hardly|often|only|also)$/.test(next))
    return 'the adverb before the verb changes what is denied';
  return null;
}

/** "have been", "has often shown": an auxiliary, rather than "have a dog". */
function isPerfect(words: readonly Word[], at: number): boolean {
  let i = at + 1;
  while (words[i]?.pos === 'ADV') i++;
  const word = words[i];
  if (!word) return false;
  if (/^(been|had)$/.test(word.lower)) return true;
  return (
    word.pos === 'VERB' && word.lower !== word.lemma && !/(ing|s)$/.test(word.lower) && !isNounAhead(words, i)
  );
}

/** "have limited options": the participle describes a noun. */
function isNounAhead(words: readonly Word[], i: number): boolean {
  const after = words[i + 1];
  return after?.pos === 'NOUN' && isPluralNoun(after) && words[i]!.lower.endsWith('ed');
}

function baseForm({ lower, lemma }: Word): string {
  if (lower === 'has' || lower === 'had') return 'have';
  return lemma;
}

/** "carry" to "carries". */
export function thirdPerson(base: string): string {
  if (base === 'have') return 'has';
  if (base === 'be') return 'is';
  if (/(s|x|z|ch|sh|o)$/.test(base)) return `${base}es`;
  if (/[^aeiou]y$/.test(base)) return `${base.slice(0, -1)}ies`;
  return `${base}s`;
}
