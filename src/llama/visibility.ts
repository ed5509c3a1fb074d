/** @file From the packed batch's mask integers to what the attention kernels walk over. */
import type { PackedBatch } from './packed_batch.ts';

export interface Visibility {
  /** [T, 4]: query i sees keys in [start1, end1) and in [start2, end2), which are disjoint. */
  readonly visible: Uint32Array<ArrayBuffer>;
  /** [T]: one past the last query that sees key j. */
  readonly queryEnd: Uint32Array<ArrayBuffer>;
  /** Number of (query, key) pairs that the mask lets through. */
  readonly pairs: number;
}

/** The keys that token i sees, groupStart <= j < prefixEnd or segmentStart <= j <= i, as two disjoint ranges. */
export function visibility(
  batch: Pick<PackedBatch, 'tokens' | 'groupStart' | 'prefixEnd' | 'segmentStart'>,
  tokens = batch.tokens,
): Visibility {
  const visible = new Uint32Array(tokens * 4);
  const queryEnd = new Uint32Array(tokens);
  let pairs = 0;
  for (let i = 0; i < tokens; i++) {
    const dead = i >= batch.tokens;
    const start1 = dead ? i : batch.groupStart[i]!;
    const start2 = dead ? i : batch.segmentStart[i]!;
    let end1 = dead ? i : Math.max(start1, Math.min(batch.prefixEnd[i]!, i + 1));
    if (start2 < end1) end1 = Math.max(start1, start2);
    // A segment that starts before the group covers the prefix range wholly.
    if (start2 <= start1) end1 = start1;
    visible.set([start1, end1, start2, i + 1], i * 4);
    pairs += end1 - start1 + (i + 1 - start2);
    for (let j = start1; j < end1; j++) queryEnd[j] = i + 1;
    for (let j = start2; j <= i; j++) queryEnd[j] = i + 1;
  }
  return { visible, queryEnd, pairs };
}
