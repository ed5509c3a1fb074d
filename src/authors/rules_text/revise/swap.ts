/** @file One change to a sentence, and how it is carried out so that the sentence stays grammatical. */

export interface Swap {
  /** What is replaced, as offsets in the sentence; end is exclusive. Equal offsets insert. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly kind: 'number' | 'unit' | 'name' | 'opposite' | 'amount' | 'negation';
  /** Why the result may be true after all or read badly; null where there is no such reason. */
  readonly doubt: string | null;
}

/** Carries out a swap; "a" and "an" before it, and a capital at its start, are put right. */
export function applySwap(sentence: string, { start, end, text }: Swap): string {
  const old = sentence.slice(start, end);
  const first = old.charAt(0);
  const isUpper =
    first !== '' && first !== first.toLowerCase() && text.charAt(0) === text.charAt(0).toLowerCase();
  const cased = isUpper ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  const before = sentence
    .slice(0, start)
    .replace(/\b(a|an)(\s+["'\u201c(]?)$/i, (_, article: string, gap: string) => {
      const right = startsWithVowelSound(cased) ? 'an' : 'a';
      return (article.charAt(0) === 'A' ? right.charAt(0).toUpperCase() + right.slice(1) : right) + gap;
    });
  return before + cased + sentence.slice(end);
}

/** Whether "an" stands before this text. */
export function startsWithVowelSound(text: string): boolean {
  const word = /^["'\u201c(]*([\p{L}\d]+)/u.exec(text)?.[1] ?? '';
  if (/^(8|11|18)(\D|$|\d{3}\b)|^8\d*$/.test(word)) return true;
  if (/^\d/.test(word)) return false;
  if (/^[A-Z]{2,}$/.test(word)) return /^[AEFHILMNORSX]/.test(word);
  if (/^(hour|honest|honou?r|heir)/i.test(word)) return true;
  if (
    /^(uni([^mn]|n[^a-z])|union|unit|unique|universal|universe|use|usual|usu|eu|ewe|one\b|once|ubiq|uran|utensil|u[bt]il)/i.test(
      word,
    )
  )
    return false;
  return /^[aeiou]/i.test(word);
}
