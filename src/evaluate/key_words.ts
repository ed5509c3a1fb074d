/**
 * @file How much of a reference answer another one gives, where no world knows what is true: by the words on which the
 * reference hangs (numbers, names, content words by their stems). Wording costs something, and order is not looked at.
 */
import { readClaim } from '../text/claim_words.ts';

/**
 * Share of the reference's key words that the answer has; words of the question do not count, since repeating it is
 * no answer. null where nothing is left to count.
 */
export function keyWordRecall(question: string, reference: string, answer: string): number | null {
  const asked = readClaim(question).content;
  const wanted = [...readClaim(reference).content].filter((stem) => !asked.has(stem));
  if (wanted.length === 0) return null;
  const given = readClaim(answer).content;
  return wanted.filter((stem) => given.has(stem)).length / wanted.length;
}
