/**
 * @file What the Hub says a file's bytes are, and a hash that takes them piece by piece. Files in large file storage
 * have their SHA-256 there; the others have the id of their git blob, which is a SHA-1 over a header and the bytes.
 */
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';

export interface ContentHash {
  /** `git-sha1` is SHA-1 of "blob <length>\0" and the bytes: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects */
  readonly algorithm: 'sha256' | 'git-sha1';
  /** Lower-case hex. */
  readonly value: string;
}

export interface Hasher {
  update(bytes: Uint8Array): void;
  /** Lower-case hex; the hasher cannot be used afterwards. */
  digest(): string;
}

/** @param bytes length of the file, which a git blob's hash begins with */
export function createHasher(algorithm: ContentHash['algorithm'], bytes: number): Hasher {
  const hash = algorithm === 'sha256' ? sha256.create() : sha1.create();
  if (algorithm === 'git-sha1') hash.update(new TextEncoder().encode(`blob ${bytes}\0`));
  return { update: (piece) => void hash.update(piece), digest: () => bytesToHex(hash.digest()) };
}
