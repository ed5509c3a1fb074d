/**
 * @file Whether an atom is supported by the answer it was taken from, judged by words alone, so that it holds any author
 * to account: an atom that brings in a number, a name, a negation or mostly other words was invented.
 */
import { splitSentences } from '../authors/statements.ts';
import { type ClaimWords, isName, NEGATED, numberOf, readClaim, stemOf } from '../text/claim_words.ts';

/** Share of an atom's content words that its source must have. */
const CONTENT_SHARE = 0.7;
/** From this share of a sentence's content words on an atom says the same sentence. */
const SAME_SENTENCE = 0.9;

/** Small models repeat the question among the facts, all of whose words it has. */
const QUESTION = /\?["'”’)\s]*$/;

export interface AtomSource {
  readonly question: string;
  readonly answer: string;
}

/** A source, read once for all its atoms. */
export class SupportCheck {
  readonly #whole: ClaimWords;
  readonly #plain: ReadonlySet<string>;
  readonly #sentences: readonly ClaimWords[];

  constructor({ question, answer }: AtomSource) {
    this.#whole = readClaim(`${question}\n${answer}`);
    this.#plain = new Set(this.#whole.words.map(({ plain }) => plain));
    this.#sentences = [question, ...splitSentences(answer).map(({ text }) => text)].map(readClaim);
  }

  /** Why the source does not support an atom, as a sentence; null where it does. */
  whyNot(atom: string): string | null {
    if (QUESTION.test(atom)) return 'It is a question.';
    const claim = readClaim(atom);
    if (claim.words.length < 2) return 'It is one word.';
    const { content, numbers } = this.#whole;
    for (const word of claim.words) {
      const number = numberOf(word);
      if (number !== null && !numbers.has(number)) return `The answer has no "${word.text}".`;
      if (number === null && isName(word) && !this.#plain.has(word.plain) && !content.has(stemOf(word)!))
        return `The answer does not name "${word.text}".`;
    }
    const missing = [...claim.content].filter((stem) => !content.has(stem));
    if (missing.length > (1 - CONTENT_SHARE) * claim.content.size + 1e-9) {
      const words = claim.words
        .filter((word) => missing.includes(stemOf(word) ?? ''))
        .map(({ text }) => text);
      return `The answer has few of its words: ${[...new Set(words)].join(', ')} are missing.`;
    }
    return this.#negation(claim);
  }

  /** A negation must stand where the claim is made: in the sentences that share most with it, or before the same word. */
  #negation(claim: ClaimWords): string | null {
    const shared = this.#sentences.map(({ content }) => overlap(content, claim.content));
    const most = Math.max(...shared);
    if (most === 0) return null;
    const nearest = this.#sentences.filter((_, i) => shared[i] === most);
    const denied = (stems: readonly string[]) => stems.filter((stem) => stem.startsWith(NEGATED));
    if (claim.negated) {
      const own = denied(claim.stems);
      const denies = (sentence: ClaimWords) => sentence.stems.some((stem) => own.includes(stem));
      const isSaid = nearest.some(({ negated }) => negated) || this.#sentences.some(denies);
      return isSaid ? null : 'The answer says it without the negation.';
    }
    const isOpposite = nearest.every(
      ({ stems, content, negated }) =>
        negated &&
        most >= SAME_SENTENCE * content.size &&
        denied(stems).some((stem) => claim.content.has(stem.slice(NEGATED.length))),
    );
    return isOpposite ? 'The answer says the opposite: the negation was lost.' : null;
  }
}

function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let count = 0;
  for (const item of b) if (a.has(item)) count++;
  return count;
}
