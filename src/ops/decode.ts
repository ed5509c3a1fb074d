/** @file One step of batched decoding: the cache of keys and values, attention over it, the greedy choice. */
import type { BufferSlice } from '../gpu/ledger.ts';
import { linearWorkgroups, type ProgramBuilder } from '../gpu/program.ts';
import { wordTraffic } from './traffic.ts';

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
    traffic: wordTraffic(rows * (2 * s.kvHeads * s.headDim + 1), 2 * rows * s.kvHeads * s.headDim),
  });
}

/** Constants and parameters by which decoding's attention walks over the dimensions of a head, four at a time. */
function headDimensions(headDim: number) {
  const chunks = Math.ceil(headDim / 4);
  return {
    constants: { HEAD_DIM: headDim, CHUNKS: chunks },
    params: { scale: 1 / Math.sqrt(headDim), chunks },
  };
}

/** Records attended [sequences, heads headDim] of each sequence's newest token over its cache. */
export function decodeAttention(
  program: ProgramBuilder,
  s: CacheShape,
  bind: { positions: BufferSlice; qkv: BufferSlice; cache: BufferSlice; attended: BufferSlice },
): void {
  const { constants, params } = headDimensions(s.headDim);
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
    // The cache is taken to be half full, as in the FLOPs.
    traffic: wordTraffic(
      s.sequences * s.headDim * (s.heads + s.capacity * s.kvHeads),
      s.sequences * s.heads * s.headDim,
    ),
  });
}

/** u32s per sequence in the decoding state (token, length, done, unused): see advance.wgsl. */
export const SEQUENCE_STATE_COUNT = 4;

/** Sequences and their vocabulary. */
export interface ChoiceShape {
  readonly sequences: number;
  readonly vocabulary: number;
}

/** Records the greedy choice from logits [sequences, vocabulary]. */
export function greedy(
  program: ProgramBuilder,
  shape: ChoiceShape,
  { logits, sequences }: { logits: BufferSlice; sequences: BufferSlice },
): void {
  program.dispatch({
    shader: 'decode/greedy',
    bind: { logits, sequences },
    params: { sequences: shape.sequences, vocabulary: shape.vocabulary },
    workgroups: [shape.sequences],
    traffic: wordTraffic(shape.sequences * shape.vocabulary, SEQUENCE_STATE_COUNT * shape.sequences),
  });
}

export interface SampleShape extends ChoiceShape {
  readonly temperature: number;
  /** 0: all tokens. */
  readonly topK: number;
  /** 1: all tokens. */
  readonly topP: number;
  readonly seed: number;
  /** Number of the first sequence: what makes the sequences of several batches differ. */
  readonly firstSequence: number;
}

/** Records a random choice from logits [sequences, vocabulary], see sample.wgsl. */
export function sample(
  program: ProgramBuilder,
  shape: SampleShape,
  { logits, sequences }: { logits: BufferSlice; sequences: BufferSlice },
): void {
  // A bisection over the bits of the logits for each threshold: a row of logits is more than a workgroup holds.
  const passes = 3 + (shape.topK > 0 ? 32 : 0) + (shape.topP < 1 ? 33 : 0);
  program.dispatch({
    shader: 'decode/sample',
    bind: { logits, sequences },
    params: {
      sequences: shape.sequences,
      vocabulary: shape.vocabulary,
      inverse_temperature: 1 / shape.temperature,
      top_k: shape.topK,
      top_p: shape.topP,
      seed: shape.seed,
      first_sequence: shape.firstSequence,
    },
    workgroups: [shape.sequences],
    traffic: wordTraffic(passes * shape.sequences * shape.vocabulary, SEQUENCE_STATE_COUNT * shape.sequences),
  });
}

/** Words of `seen` per sequence. */
export function seenWords(vocabulary: number): number {
  return Math.ceil(vocabulary / 32);
}

/** Records the repetition penalty on logits; `seen` is [sequences, seenWords]. `ids` are the newest tokens. */
export function penalise(
  program: ProgramBuilder,
  shape: ChoiceShape & { readonly penalty: number },
  bind: { ids: BufferSlice; seen: BufferSlice; logits: BufferSlice },
): void {
  program.dispatch({
    shader: 'decode/penalise',
    bind,
    params: {
      sequences: shape.sequences,
      vocabulary: shape.vocabulary,
      words: seenWords(shape.vocabulary),
      penalty: shape.penalty,
    },
    workgroups: linearWorkgroups(shape.sequences * shape.vocabulary, 64),
    traffic: wordTraffic(2 * shape.sequences * shape.vocabulary, shape.sequences * shape.vocabulary),
  });
}

/** Stop tokens that `advance` knows at most. */
export const MAX_STOP_TOKENS = 8;

/** Records what follows the choice of a token: output, and the set-up of the next step. */
export function advance(
  program: ProgramBuilder,
  shape: {
    readonly sequences: number;
    readonly limit: number;
    readonly capacity: number;
    readonly stopTokenIds: readonly number[];
  },
  bind: {
    sequences: BufferSlice;
    ids: BufferSlice;
    positions: BufferSlice;
    slot: BufferSlice;
    output: BufferSlice;
  },
): void {
  const stops = shape.stopTokenIds;
  if (stops.length > MAX_STOP_TOKENS)
    throw new Error(`At most ${MAX_STOP_TOKENS} stop tokens, not ${stops.length}.`);
  const four = (from: number) =>
    [0, 1, 2, 3].map((i) => stops[from + i] ?? 0) as unknown as readonly [number, number, number, number];
  program.dispatch({
    shader: 'decode/advance',
    bind,
    params: {
      sequences: shape.sequences,
      limit: shape.limit,
      capacity: shape.capacity,
      stop_count: stops.length,
      stop0: four(0),
      stop1: four(4),
    },
    workgroups: [Math.ceil(shape.sequences / 32)],
    traffic: wordTraffic(8 * shape.sequences, 8 * shape.sequences),
  });
}
