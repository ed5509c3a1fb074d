/** @file Tokens as pieces of text that can be shown one after another: together they are the text, none is half a character. */
import type { Tokenizer } from './tokenizer.ts';

export interface TokenPiece {
  readonly text: string;
  /** A special token, whose text is its name. */
  readonly special: boolean;
  /** Index of the first of its tokens, and how many they are: a character may take several. */
  readonly first: number;
  readonly count: number;
}

/**
 * Tokens of a piece at most. A character has four bytes, but a token may hold the end of one and the beginning of the
 * next, so that several characters hang together.
 */
const MAX_TOKENS_OF_A_PIECE = 24;

/** @param ids of one row */
export function tokenPieces(tokenizer: Tokenizer, ids: Uint32Array): TokenPiece[] {
  const pieces: TokenPiece[] = [];
  /** Tokens before the next piece: decoders join the space before a word to what precedes it. */
  let before: Uint32Array = ids.subarray(0, 0);
  const textOf = (from: number, to: number): string => {
    const context = tokenizer.decode(before);
    const whole = tokenizer.decode(Uint32Array.of(...before, ...ids.subarray(from, to)));
    return whole.startsWith(context) ? whole.slice(context.length) : tokenizer.decode(ids.subarray(from, to));
  };
  for (let first = 0; first < ids.length; ) {
    let end = first + 1;
    const special = tokenizer.isSpecial(ids[first]!);
    let text = textOf(first, end);
    while (
      !special &&
      text.endsWith('\ufffd') &&
      end < ids.length &&
      end - first < MAX_TOKENS_OF_A_PIECE &&
      !tokenizer.isSpecial(ids[end]!)
    )
      text = textOf(first, ++end);
    pieces.push({ text, special, first, count: end - first });
    before = ids.subarray(first, end);
    first = end;
  }
  return pieces;
}
