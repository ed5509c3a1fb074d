/** @file SHA-256 of texts and bytes, in hexadecimal, for manifests. */
import { createHash } from 'node:crypto';

export function sha256(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
