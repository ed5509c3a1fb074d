/** @file From the packed batch's mask integers to what the attention kernels walk over. */
import type { PackedBatch } from './packed_batch.ts';

export interface Visibility {
  /** [T, 4]: query i sees keys in [start1, end1) and in [start2, end2), which are disjoint. */
  readonly visible: Uint32Array<ArrayBuffer>;
  /** [T]: one past the last query that sees key j. */
  readonly queryEnd: Uint32Array<ArrayBuffer>;
  /**
   * [ceil(T / 64), 8]: of each block of 64 tokens, ranges that hold what any of its queries sees of its first and of its
   * second range, then one past the last query that sees one of its keys, and three zeros.
   */
  readonly spans: Uint32Array<ArrayBuffer>;
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
  return { visible, queryEnd, spans: blockSpans(visible, queryEnd), pairs };
}

/** Tokens of a block of `spans`, as the attention kernels' tiles have them. */
export const SPAN_ROWS = 64;

function blockSpans(visible: Uint32Array, queryEnd: Uint32Array): Uint32Array<ArrayBuffer> {
  const tokens = queryEnd.length;
  const spans = new Uint32Array(8 * Math.ceil(tokens / SPAN_ROWS));
  for (let block = 0; block * SPAN_ROWS < tokens; block++) {
    const span = spans.subarray(8 * block, 8 * block + 8);
    for (let i = block * SPAN_ROWS; i < Math.min(tokens, (block + 1) * SPAN_ROWS); i++) {
      for (const part of [0, 2]) {
        const [start, end] = visible.subarray(4 * i + part, 4 * i + part + 2);
        if (start! >= end!) continue;
        const empty = span[part]! >= span[part + 1]!;
        span[part] = empty ? start! : Math.min(span[part]!, start!);
        span[part + 1] = Math.max(span[part + 1]!, end!);
      }
      span[4] = Math.max(span[4]!, queryEnd[i]!);
    }
  }
  return spans;
}
