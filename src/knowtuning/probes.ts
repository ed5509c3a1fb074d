/**
 * @file How a model is asked whether it knows a fact: the beginning of the atom, for it to go on with, and the words by
 * which an answer is told to be right: the numbers and names that the prompt does not give away, else the rarest words.
 */
import { isName, numberOf, readClaim, stemOf, type Word, wordsOf } from '../text/claim_words.ts';
import { isFunctionWord } from '../text/function_words.ts';

/** Words of a whole data set, by which names that begin a sentence and rare words are told. */
export class Vocabulary {
  readonly #names = new Set<string>();
  readonly #counts = new Map<string, number>();

  constructor(texts: Iterable<string>) {
    for (const text of texts) {
      const { names, content } = readClaim(text);
      for (const name of names) this.#names.add(name);
      for (const stem of content) this.#counts.set(stem, (this.#counts.get(stem) ?? 0) + 1);
    }
  }

  /** In how many of the texts a stem occurs. */
  count(stem: string): number {
    return this.#counts.get(stem) ?? 0;
  }

  /** Whether a word is a number or a name, as far as can be told. */
  isHard(word: Word): boolean {
    if (numberOf(word) !== null || isName(word)) return true;
    return word.capital && word.initial && !isFunctionWord(word.plain) && this.#names.has(word.plain);
  }
}

/** Rarest words that are asked for where there are neither numbers nor names, at most. */
const RAREST = 3;

/** Stems that an answer to the prompt must have to state the atom; null where the prompt leaves nothing to say. */
export function keyWords(atom: string, prompt: string, vocabulary: Vocabulary): string[] | null {
  const given = readClaim(prompt);
  const plain = new Set(given.words.map((word) => word.plain));
  const open = wordsOf(atom).filter((word) => {
    const stem = stemOf(word);
    return stem !== null && !given.content.has(stem) && !plain.has(word.plain);
  });
  const stems = (words: readonly Word[]) => [...new Set(words.map((word) => stemOf(word)!))];
  const hard = open.filter((word) => vocabulary.isHard(word));
  if (hard.length > 0) return stems(hard);
  if (open.length === 0) return null;
  const least = Math.min(...stems(open).map((stem) => vocabulary.count(stem)));
  return stems(open)
    .filter((stem) => vocabulary.count(stem) === least)
    .slice(-RAREST);
}

/** Whether an answer has all key words. */
export function hasKeyWords(answer: string, key: readonly string[]): boolean {
  const { content } = readClaim(answer);
  return key.every((stem) => content.has(stem));
}

/** Words that the beginning of an atom must have to be a prompt. */
const LEAST_PROMPT = 3;

/**
 * The beginning of an atom up to its last run of names and numbers; null where that is too little, or where what comes
 * after is named by the question (the fact would be asked backwards, and many answers could be right).
 */
export function clozePrompt(atom: string, question: string, vocabulary: Vocabulary): string | null {
  const words = wordsOf(atom);
  const last = words.findLastIndex((word) => vocabulary.isHard(word));
  if (last < 0) return null;
  let first = last;
  while (first > 0 && vocabulary.isHard(words[first - 1]!)) first--;
  const prompt = atom.slice(0, words[first]!.start).trimEnd();
  const asked = readClaim(question).content;
  const isOpen = words.slice(first, last + 1).some((word) => !asked.has(stemOf(word) ?? ''));
  return first >= LEAST_PROMPT && isOpen && readClaim(prompt).content.size > 0 ? prompt : null;
}
