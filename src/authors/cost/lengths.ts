/** @file How long prompts and replies are, by assumption, where nobody has been asked. In characters. */
import type { AuthorOperation } from '../author.ts';
import type { Prompts } from '../prompts.ts';
import { splitSentences } from '../statements.ts';

/** The JSON around a reply. */
export const ENVELOPE = 15;

/** What stands around each entry of a list, or is its number in a prompt. */
export const LIST_ENTRY = 4;

/** How models extract facts from English, roughly. */
const ATOMS_PER_SENTENCE = 1.5;
/** Characters of all atoms over those of the answer: each repeats what it is about. */
const ATOM_LENGTH = 1.2;

/** The facts to expect of an answer, one at least, and the characters of all of them. */
export function atomsOf(answer: string): { readonly atoms: number; readonly length: number } {
  const sentences = splitSentences(answer).length;
  return { atoms: ATOMS_PER_SENTENCE * Math.max(1, sentences), length: ATOM_LENGTH * answer.length };
}

/** What each prompt of an operation has in it before its blanks are filled. */
export function promptLength(prompts: Prompts, operation: AuthorOperation): number {
  const [prompt] = prompts.of(operation);
  return prompt!.instructions.length + prompt!.message.length;
}
