/**
 * @file Byte-level BPE: the alphabet in which GPT-2 writes bytes, and the rules by which text is cut into words.
 * Rules are regular expressions that JavaScript and Python's tokenizers (Oniguruma) read alike: white space is spelled
 * out, since \s has U+FEFF in one and U+0085 in the other.
 */

/** White_Space of Unicode. */
const SPACE = '\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';

/** White space that ends before a word, so that its last character can go with the word; then any. */
const SPACES = `[${SPACE}]+(?![^${SPACE}])|[${SPACE}]+`;

/** Contractions in any case, without inline flags. */
const CONTRACTIONS = "'(?:[sS]|[tT]|[rR][eE]|[vV][eE]|[mM]|[lL][lL]|[dD])";

/** GPT-2's rule (Radford et al. 2019). */
export const GPT2_SPLIT = `'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^${SPACE}\\p{L}\\p{N}]+|${SPACES}`;

/** Llama 3's rule: tokenizer.json of meta-llama/Llama-3.2-1B. */
export const LLAMA3_SPLIT = `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^${SPACE}\\p{L}\\p{N}]+[\\r\\n]*|[${SPACE}]*[\\r\\n]+|${SPACES}`;

const UPPER = '\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}';
const LOWER = '\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}';

/** Mistral's Tekken: words end where upper case follows lower case; single digits. */
export const TEKKEN_SPLIT = `[^\\r\\n\\p{L}\\p{N}]?[${UPPER}]*[${LOWER}]+|[^\\r\\n\\p{L}\\p{N}]?[${UPPER}]+[${LOWER}]*|\\p{N}| ?[^${SPACE}\\p{L}\\p{N}]+[\\r\\n/]*|[${SPACE}]*[\\r\\n]+|${SPACES}`;

/** Bytes that are printable characters of Latin-1 stand for themselves, others for characters from U+0100 on. */
function alphabet(): string[] {
  const isPrintable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}

const CHARACTERS = alphabet();
const SPELLED = new Set(CHARACTERS);

export const byteAlphabet = {
  /** Whether a token is written in the alphabet, as all but special ones are. */
  isSpelled: (token: string): boolean => Array.from(token).every((character) => SPELLED.has(character)),
  /** A text's bytes in the alphabet. */
  spell: (text: string): string =>
    Array.from(new TextEncoder().encode(text), (byte) => CHARACTERS[byte]!).join(''),
};
