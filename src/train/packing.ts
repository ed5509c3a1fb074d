/** @file Rows of tokens into packed batches: sequences end to end, or answers as branches of one shared question. */
import type { PackedBatch } from '../llama/packed_batch.ts';

/** A prompt and the completions that continue it; one completion per training row, several where they share it. */
export interface PackedGroup {
  readonly prompt: Uint32Array;
  readonly completions: readonly Uint32Array[];
  /** For each completion, 1 where its token is a target (one at least); null, or nothing said: all are. */
  readonly trained?: readonly (Uint8Array | null)[];
}

/** How many tokens of a completion are targets. */
export function targetCount(completion: Uint32Array, trained: Uint8Array | null): number {
  return trained ? trained.reduce((sum, t) => sum + t, 0) : completion.length;
}

/** The part of a completion that the model reads: nothing follows its last token, which is a target only. */
const readPart = (completion: Uint32Array) => completion.subarray(0, -1);

/** What a group adds to a packed batch, with its prompt shared (tree) or repeated before each completion (plain). */
export function groupSize(
  group: PackedGroup,
  tree: boolean,
): { tokens: number; targets: number; sequences: number } {
  const { prompt, completions, trained } = group;
  const completion = completions.reduce((sum, c) => sum + readPart(c).length, 0);
  const prompts = tree ? 1 : completions.length;
  return {
    tokens: prompts * prompt.length + completion,
    targets: completions.reduce((sum, c, i) => sum + targetCount(c, trained?.[i] ?? null), 0),
    sequences: completions.length,
  };
}

/**
 * Packs groups into one batch without padding. Sequences are numbered in order: the completions of the first group,
 * then those of the second, and so on. With `tree`, a group's completions branch off one shared prompt.
 */
export function pack(groups: readonly PackedGroup[], tree: boolean): PackedBatch {
  const total = groups
    .map((g) => groupSize(g, tree))
    .reduce((a, b) => ({
      tokens: a.tokens + b.tokens,
      targets: a.targets + b.targets,
      sequences: a.sequences + b.sequences,
    }));
  const T = total.tokens;
  const ids = new Uint32Array(T);
  const positions = new Uint32Array(T);
  const groupStart = new Uint32Array(T);
  const prefixEnd = new Uint32Array(T);
  const segmentStart = new Uint32Array(T);
  const targets: { row: number; token: number; sequence: number }[] = [];
  let at = 0;
  let sequence = 0;
  const append = (
    tokens: Uint32Array,
    firstPosition: number,
    start: number,
    prefix: number,
    segment: number,
  ) => {
    tokens.forEach((token, k) => {
      ids[at] = token;
      positions[at] = firstPosition + k;
      groupStart[at] = start;
      prefixEnd[at] = prefix;
      segmentStart[at] = segment;
      at++;
    });
  };
  for (const { prompt, completions, trained } of groups) {
    if (prompt.length === 0) throw new Error('A prompt of no tokens predicts nothing.');
    const start = at;
    if (tree) append(prompt, 0, start, start, start);
    const prefix = at;
    for (const [c, completion] of completions.entries()) {
      let segment = at;
      if (!tree) {
        append(prompt, 0, segment, segment, segment);
      }
      // A shared prefix is seen beside the segment; a repeated one is part of it.
      const first = at;
      if (tree) {
        segment = first;
        append(readPart(completion), prompt.length, start, prefix, segment);
      } else append(readPart(completion), prompt.length, segment, segment, segment);
      completion.forEach((token, k) => {
        if (trained?.[c]?.[k] === 0) return;
        const row = k > 0 ? first + k - 1 : tree ? prefix - 1 : first - 1;
        targets.push({ row, token, sequence });
      });
      sequence++;
    }
  }
  targets.sort((a, b) => a.row - b.row || a.sequence - b.sequence);
  return {
    tokens: T,
    liveTokens: T,
    ids,
    positions,
    groupStart,
    prefixEnd,
    segmentStart,
    targetRow: Uint32Array.from(targets, (t) => t.row),
    targetToken: Uint32Array.from(targets, (t) => t.token),
    targetSequence: Uint32Array.from(targets, (t) => t.sequence),
    sequences: sequence,
  };
}
