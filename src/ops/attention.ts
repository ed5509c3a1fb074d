/**
 * @file Causal attention over the packed mask: online softmax forward, recomputation backward, no [T, T] buffer.
 * qkv is [rows, (heads + 2 kvHeads) headDim] = [queries | keys | values]; heads of one group share a key head.
 */
import type { AdapterClass } from '../gpu/gpu.ts';
import type { BufferSlice } from '../gpu/ledger.ts';
import { linearWorkgroups, type ProgramBuilder, type Traffic } from '../gpu/program.ts';
import { wordTraffic } from './traffic.ts';

export interface AttentionShape {
  readonly rows: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Pairs of query and key that the mask lets through, if known: for counting floating-point operations. */
  readonly visiblePairs?: number;
}

/** Constants and parameters by which a kernel walks over the dimensions of a head, four at a time. */
export function headDimensions(headDim: number, adapterClass: AdapterClass) {
  const chunks = Math.ceil(headDim / 4);
  return {
    constants: { HEAD_DIM: headDim, CHUNKS: chunks, UNROLL: adapterClass === 'gpu' },
    params: { scale: 1 / Math.sqrt(headDim), chunks },
  };
}

function common(s: AttentionShape, adapterClass: AdapterClass) {
  const { constants, params } = headDimensions(s.headDim, adapterClass);
  return { constants, params: { rows: s.rows, heads: s.heads, kv_heads: s.kvHeads, ...params } };
}

/**
 * Of each pair two heads are read (key and value, or query and gradient), but once per workgroup: the 32 invocations of
 * one share them as far as they belong to one key head.
 * @param heads per row, for each of which the kernel reads `own` f32s besides, and writes `written`
 */
function traffic(s: AttentionShape, heads: number, own: number, written: number): Traffic {
  const sharing = Math.max(1, 32 / s.kvHeads);
  const shared = (pairs(s) * 2 * s.heads * s.headDim) / sharing;
  return wordTraffic(shared + s.rows * heads * own, s.rows * heads * written);
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
    shader: 'attention/forward',
    ...common(shape, program.adapterClass),
    bind,
    workgroups: linearWorkgroups(shape.rows * shape.heads, 32),
    flops: 4 * pairs(shape) * shape.heads * shape.headDim,
    traffic: traffic(shape, shape.heads, shape.headDim + 4, shape.headDim + 1),
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
    shader: 'attention/backward_q',
    ...common(shape, program.adapterClass),
    bind: { visible, qkv, attended, dattended, lse, delta, dqkv },
    workgroups: linearWorkgroups(shape.rows * shape.heads, 32),
    flops: 3 * product,
    traffic: traffic(shape, shape.heads, 3 * shape.headDim + 5, shape.headDim + 1),
  });
  program.dispatch({
    shader: 'attention/backward_kv',
    ...common(shape, program.adapterClass),
    bind: { visible, query_end: queryEnd, qkv, dattended, lse, delta, dqkv },
    workgroups: linearWorkgroups(shape.rows * shape.kvHeads, 32),
    flops: 4 * product,
    traffic: traffic(shape, shape.kvHeads, 2 * shape.headDim + 5, 2 * shape.headDim),
  });
}
