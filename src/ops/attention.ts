/**
 * @file Causal attention over the packed mask: online softmax forward, recomputation backward, no [T, T] buffer.
 * qkv is [rows, (heads + 2 kvHeads) headDim] = [queries | keys | values]; heads of one group share a key head.
 */
import type { AdapterClass } from '../gpu/gpu.ts';
import type { BufferSlice } from '../gpu/ledger.ts';
import { linearWorkgroups, type ProgramBuilder } from '../gpu/program.ts';
import { wordTraffic } from './traffic.ts';

/** Register blocks without shared memory for software adapters; one invocation per query or key elsewhere. */
export type AttentionVariant = 'register' | 'single';

/** The fixed table: register blocks read vec4s, so that head_dim must be a multiple of four. */
export function attentionVariant(adapterClass: AdapterClass, headDim: number): AttentionVariant {
  return adapterClass === 'software' && headDim % 4 === 0 ? 'register' : 'single';
}

export interface AttentionShape {
  readonly rows: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Pairs of query and key that the mask lets through, if known: for counting floating-point operations. */
  readonly visiblePairs?: number;
  readonly variant?: AttentionVariant;
}

/** Constants and parameters by which a kernel walks over the dimensions of a head, four at a time. */
export function headDimensions(headDim: number, adapterClass: AdapterClass) {
  const chunks = Math.ceil(headDim / 4);
  return {
    constants: { HEAD_DIM: headDim, CHUNKS: chunks, UNROLL: adapterClass === 'gpu' },
    params: { scale: 1 / Math.sqrt(headDim), chunks },
  };
}

/** Queries (or, in the keys' pass, keys) that an invocation of the register variant works on. */
const BLOCK = 4;

/** Keys (or queries) that it walks over at a time, as its source has registers for. */
const STEP = { forward: 8, backward_q: 8, backward_kv: 4 } as const;

/**
 * What the three kernels have in common. Of each pair two heads are read (key and value, or query and gradient), but once
 * per workgroup: the 32 invocations of one share them as far as they belong to one key head.
 * @param heads per row, for each of which the kernel reads `own` f32s besides, and writes `written`
 */
function kernel(
  name: keyof typeof STEP,
  s: AttentionShape,
  adapterClass: AdapterClass,
  { heads, own, written }: { heads: number; own: number; written: number },
) {
  const variant = s.variant ?? attentionVariant(adapterClass, s.headDim);
  const { constants, params } = headDimensions(s.headDim, adapterClass);
  const block = variant === 'register' ? BLOCK : 1;
  const sharing = Math.max(1, 32 / s.kvHeads) * block;
  const shared = (pairs(s) * 2 * s.heads * s.headDim) / sharing;
  return {
    shader: `attention/${name}_${variant}`,
    ...(variant === 'register' ? {} : { constants }),
    params: {
      rows: s.rows,
      heads: s.heads,
      kv_heads: s.kvHeads,
      ...params,
      ...(variant === 'register' ? { block: BLOCK, step: STEP[name], ranges: 2 } : {}),
    },
    workgroups: linearWorkgroups(Math.ceil(s.rows / block) * heads, 32),
    traffic: wordTraffic(shared + s.rows * heads * own, s.rows * heads * written),
  };
}

/** One sequence over all rows has the most. */
function pairs(s: AttentionShape): number {
  return s.visiblePairs ?? (s.rows * (s.rows + 1)) / 2;
}

/**
 * Records attended [rows, heads headDim] and lse [rows, heads]. visible is [rows] of (start1, end1, start2, end2), the
 * two disjoint ranges of keys that a query sees.
 */
export function attention(
  program: ProgramBuilder,
  shape: AttentionShape,
  bind: { visible: BufferSlice; qkv: BufferSlice; attended: BufferSlice; lse: BufferSlice },
): void {
  program.dispatch({
    ...kernel('forward', shape, program.adapterClass, {
      heads: shape.heads,
      own: shape.headDim + 4,
      written: shape.headDim + 1,
    }),
    bind,
    flops: 4 * pairs(shape) * shape.heads * shape.headDim,
  });
}

/**
 * Records dqkv (all of it) from dattended [rows, heads headDim]; delta [rows, heads] is scratch. queryEnd [rows] holds
 * for each key one past the last query that sees it.
 */
export function attentionBackward(
  program: ProgramBuilder,
  shape: AttentionShape,
  bind: {
    visible: BufferSlice;
    queryEnd: BufferSlice;
    qkv: BufferSlice;
    attended: BufferSlice;
    dattended: BufferSlice;
    lse: BufferSlice;
    delta: BufferSlice;
    dqkv: BufferSlice;
  },
): void {
  const { visible, queryEnd, qkv, attended, dattended, lse, delta, dqkv } = bind;
  // Of each pair and dimension: scores and the weights' gradient (in both passes), and one product for each gradient.
  const product = 2 * pairs(shape) * shape.heads * shape.headDim;
  program.dispatch({
    ...kernel('backward_q', shape, program.adapterClass, {
      heads: shape.heads,
      own: 3 * shape.headDim + 5,
      written: shape.headDim + 1,
    }),
    bind: { visible, qkv, attended, dattended, lse, delta, dqkv },
    flops: 3 * product,
  });
  program.dispatch({
    ...kernel('backward_kv', shape, program.adapterClass, {
      heads: shape.kvHeads,
      own: 2 * shape.headDim + 5,
      written: 2 * shape.headDim,
    }),
    bind: { visible, query_end: queryEnd, qkv, dattended, lse, delta, dqkv },
    flops: 4 * product,
  });
}
