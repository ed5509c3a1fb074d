/** @file One step of batched decoding: the cache of keys and values, attention over it, the greedy choice. */
import type { BufferSlice } from '../gpu/ledger.ts';
import { linearWorkgroups, type ProgramBuilder } from '../gpu/program.ts';
import { headDimensions } from './attention.ts';

export interface CacheShape {
  readonly sequences: number;
  /** Slots (tokens) per sequence. */
  readonly capacity: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
}

/** Elements of one layer's cache: keys, then values. */
export function cacheElements(s: CacheShape): number {
  return 2 * s.sequences * s.capacity * s.kvHeads * s.headDim;
}

/** Records the copy of keys and values of qkv [rows, ...] into the cache; slot [rows] = sequence * capacity + position. */
export function cacheWrite(
  program: ProgramBuilder,
  rows: number,
  s: CacheShape,
  bind: { slot: BufferSlice; qkv: BufferSlice; cache: BufferSlice },
): void {
  program.dispatch({
    shader: 'decode/cache_write',
    bind,
    params: {
      rows,
      slots: s.sequences * s.capacity,
      query_width: s.heads * s.headDim,
      width: s.kvHeads * s.headDim,
    },
    workgroups: linearWorkgroups(rows * s.kvHeads * s.headDim, 64),
  });
}

/** Records attended [sequences, heads headDim] of each sequence's newest token over its cache. */
export function decodeAttention(
  program: ProgramBuilder,
  s: CacheShape,
  bind: { positions: BufferSlice; qkv: BufferSlice; cache: BufferSlice; attended: BufferSlice },
): void {
  const { constants, params } = headDimensions(s.headDim, program.gpu.adapterClass);
  program.dispatch({
    shader: 'decode/attention',
    constants,
    bind,
    params: {
      sequences: s.sequences,
      capacity: s.capacity,
      heads: s.heads,
      kv_heads: s.kvHeads,
      ...params,
    },
    workgroups: [Math.ceil((s.sequences * s.heads) / 32)],
    flops: 2 * s.sequences * s.capacity * s.heads * s.headDim,
  });
}

/** u32s per sequence in the decoding state (token, length, done, unused): see greedy.wgsl. */
export const SEQUENCE_STATE_COUNT = 4;

/** Records the greedy choice from logits [sequences, vocabulary] and the set-up of the next step. */
export function greedy(
  program: ProgramBuilder,
  shape: {
    sequences: number;
    vocabulary: number;
    limit: number;
    capacity: number;
    eosTokenIds: readonly number[];
  },
  bind: {
    logits: BufferSlice;
    sequences: BufferSlice;
    ids: BufferSlice;
    positions: BufferSlice;
    slot: BufferSlice;
    output: BufferSlice;
  },
): void {
  if (shape.eosTokenIds.length > 4)
    throw new Error(`At most four end-of-sequence tokens, not ${shape.eosTokenIds.length}.`);
  const [e0 = 0, e1 = 0, e2 = 0, e3 = 0] = shape.eosTokenIds;
  program.dispatch({
    shader: 'decode/greedy',
    bind,
    params: {
      sequences: shape.sequences,
      vocabulary: shape.vocabulary,
      limit: shape.limit,
      capacity: shape.capacity,
      eos_count: shape.eosTokenIds.length,
      eos: [e0, e1, e2, e3],
    },
    workgroups: [shape.sequences],
  });
}
