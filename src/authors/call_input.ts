/**
 * @file What an author's call depends on besides author and version, as plain data: the part of its key that differs
 * from call to call. Kept in one place, since what is remembered and what is written for a batch must agree.
 */
import type { Author, AuthorOperation, AuthorRow, JudgedAspect } from './author.ts';

type Input = readonly unknown[];
type Atoms = readonly string[];

/** Of each operation: from its arguments, without the signal, to the input that the key is a hash of. */
export const CALL_INPUT = {
  extract: (row: AuthorRow & { readonly answer: string }): Input => [row.id, row.question, row.answer],
  rewriteQuestion: (row: AuthorRow, atoms: Atoms): Input => [row.id, row.question, atoms],
  rewriteAnswer: (row: AuthorRow, atoms: Atoms): Input => [row.id, row.question, atoms],
  rephrase: (row: AuthorRow, atoms: Atoms): Input => [row.id, row.question, atoms],
  revise: (row: AuthorRow, atom: string, index: number): Input => [row.id, row.question, atom, index],
  judge: (row: AuthorRow, first: string, second: string, aspect: JudgedAspect): Input => [
    ...[row.id, row.question],
    ...[first, second, aspect],
  ],
  check: (row: AuthorRow & { readonly answer: string }, fact: string): Input => [
    ...[row.id, row.question],
    ...[row.answer, fact],
  ],
  answer: (row: AuthorRow): Input => [row.id, row.question],
} satisfies Record<AuthorOperation, unknown>;

/** SHA-256 of the call's operation, author, version and input, in hexadecimal. */
export async function authorCallKey(
  author: Pick<Author, 'name' | 'versions'>,
  operation: AuthorOperation,
  input: readonly unknown[],
): Promise<string> {
  const call = JSON.stringify([operation, author.name, author.versions[operation], ...input]);
  return sha256Hex(call);
}

/** SHA-256 of a text's UTF-8 bytes, in hexadecimal. */
export async function sha256Hex(text: string): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
