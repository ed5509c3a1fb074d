/** @file Packed batches built by hand from rows of token ids: the definitions of src/llama/packed_batch.ts, plainly. */
import type { PackedBatch } from '../../src/llama/packed_batch.ts';

/** A prompt and its answers; an answer is one sequence. One answer: a plain row. */
export interface TokenTree {
  /** At least one token. */
  readonly prompt: readonly number[];
  readonly answers: readonly (readonly number[])[];
}

/** Every tree's prompt once as a shared prefix, its answers as segments; `dead` tokens at the end. */
export function packTrees(trees: readonly TokenTree[], dead = 0): PackedBatch {
  const ids: number[] = [];
  const positions: number[] = [];
  const mask: { groupStart: number; prefixEnd: number; segmentStart: number }[] = [];
  const targets: { row: number; token: number; sequence: number }[] = [];
  let sequences = 0;
  for (const { prompt, answers } of trees) {
    const start = ids.length;
    const prefixEnd = start + prompt.length;
    prompt.forEach((id, i) => {
      ids.push(id);
      positions.push(i);
      mask.push({ groupStart: start, prefixEnd: start, segmentStart: start });
    });
    for (const answer of answers) {
      const segmentStart = ids.length;
      answer.forEach((id, i) => {
        targets.push({
          row: i === 0 ? prefixEnd - 1 : segmentStart + i - 1,
          token: id,
          sequence: sequences,
        });
        ids.push(id);
        positions.push(prompt.length + i);
        mask.push({ groupStart: start, prefixEnd, segmentStart });
      });
      sequences++;
    }
  }
  const live = ids.length;
  for (let i = live; i < live + dead; i++) {
    ids.push(0);
    positions.push(0);
    mask.push({ groupStart: i, prefixEnd: i, segmentStart: i });
  }
  targets.sort((a, b) => a.row - b.row || a.sequence - b.sequence);
  return {
    tokens: ids.length,
    liveTokens: live,
    ids: Uint32Array.from(ids),
    positions: Uint32Array.from(positions),
    groupStart: Uint32Array.from(mask, (m) => m.groupStart),
    prefixEnd: Uint32Array.from(mask, (m) => m.prefixEnd),
    segmentStart: Uint32Array.from(mask, (m) => m.segmentStart),
    targetRow: Uint32Array.from(targets, (t) => t.row),
    targetToken: Uint32Array.from(targets, (t) => t.token),
    targetSequence: Uint32Array.from(targets, (t) => t.sequence),
    sequences,
  };
}

/** Whole sequences end to end, prompt and all: every answer of every tree becomes a group of its own. */
export function packRows(trees: readonly TokenTree[], dead = 0): PackedBatch {
  const ids: number[] = [];
  const positions: number[] = [];
  const start: number[] = [];
  const targetRow: number[] = [];
  const targetToken: number[] = [];
  const targetSequence: number[] = [];
  let sequences = 0;
  for (const { prompt, answers } of trees)
    for (const answer of answers) {
      const first = ids.length;
      [...prompt, ...answer].forEach((id, i) => {
        if (i >= prompt.length) {
          targetRow.push(first + i - 1);
          targetToken.push(id);
          targetSequence.push(sequences);
        }
        ids.push(id);
        positions.push(i);
        start.push(first);
      });
      sequences++;
    }
  const live = ids.length;
  for (let i = live; i < live + dead; i++) {
    ids.push(0);
    positions.push(0);
    start.push(i);
  }
  return {
    tokens: ids.length,
    liveTokens: live,
    ids: Uint32Array.from(ids),
    positions: Uint32Array.from(positions),
    groupStart: Uint32Array.from(start),
    prefixEnd: Uint32Array.from(start),
    segmentStart: Uint32Array.from(start),
    targetRow: Uint32Array.from(targetRow),
    targetToken: Uint32Array.from(targetToken),
    targetSequence: Uint32Array.from(targetSequence),
    sequences,
  };
}

/** Log-probabilities by sequence, in the order of its tokens: what is comparable between two ways of packing. */
export function bySequence(batch: PackedBatch, logprobs: ArrayLike<number>): number[][] {
  const lists: number[][] = Array.from({ length: batch.sequences }, () => []);
  for (let m = 0; m < batch.targetSequence.length; m++) lists[batch.targetSequence[m]!]!.push(logprobs[m]!);
  return lists;
}
