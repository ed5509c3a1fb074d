/** @file What the audit says: a finding has a kind, a place, and a sentence with its cure for a person. */
import type { Aspect } from '../project.ts';

/**
 * How much it matters. error: the pair or row teaches what it should not. warning: it may be won without what it is
 * meant to teach. note: worth knowing, nothing to be done.
 */
export type Severity = 'error' | 'warning' | 'note';

/** Every kind of finding, in the order in which they are counted. */
export const FINDING_KINDS = [
  'empty-side',
  'equal-sides',
  'unchanged-revision',
  'true-revision',
  'identity-permutation',
  'inaudible-permutation',
  'not-a-permutation',
  'nothing-missing',
  'better-incomplete',
  'better-invents',
  'length',
  'style-giveaway',
  'style-giveaway-set',
  'duplicate-row',
  'duplicate-question',
  'duplicate-atom',
  'duplicate-pair',
  'leak',
  'over-context',
  'unsupported-atom',
  'mostly-unknown',
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export interface Finding {
  readonly kind: FindingKind;
  readonly severity: Severity;
  /** Of the question; null where it concerns the whole set. */
  readonly id: string | null;
  /** Of the pair; null where it concerns the question or the set. */
  readonly aspect: Aspect | null;
  /** What is wrong, as a sentence. */
  readonly message: string;
  /** What to do about it, as a sentence. */
  readonly cure: string;
}

/** A text as it is quoted in a finding: one line, not too long. */
export function quote(text: string, length = 120): string {
  const line = text.replace(/\s+/g, ' ').trim();
  return `"${line.length > length ? `${line.slice(0, length - 1)}…` : line}"`;
}
