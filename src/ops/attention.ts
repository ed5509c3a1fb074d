/**
 * @file Causal attention over the packed mask: flash forward (Dao et al. 2022) with online softmax, recomputation backward,
 * no [T, T] buffer. qkv is [rows, (heads + 2 kvHeads) headDim] = [queries | keys | values]; heads of one group share a key
 * head. Shared-memory tiles are for GPUs, register blocks for software adapters.
 */
import type { AdapterClass } from '../gpu/adapter.ts';
import type { BufferSlice } from '../gpu/ledger.ts';
import { linearWorkgroups, type ProgramBuilder } from '../gpu/program.ts';
import { wordTraffic } from './traffic.ts';

export const ATTENTION_VARIANTS = ['register', 'unrolled', 'tiled'] as const;
export type AttentionVariant = (typeof ATTENTION_VARIANTS)[number];

const TABLE: Readonly<Record<AdapterClass, AttentionVariant>> = {
  gpu: 'tiled',
  software: 'register',
  software4: 'unrolled',
};

/** The forced variant, or the fixed table's: register blocks read vec4s, so that head_dim must be a multiple of four. */
export function attentionVariant(
  program: Pick<ProgramBuilder, 'adapterClass' | 'forced'>,
  headDim: number,
): AttentionVariant {
  const forced = ATTENTION_VARIANTS.find((variant) => variant === program.forced('attention'));
  return headDim % 4 === 0 ? (forced ?? TABLE[program.adapterClass]) : 'tiled';
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

/** What the mask says, as src/llama/visibility.ts makes it. */
export interface AttentionMask {
  /** [rows, 4] the two disjoint ranges of keys that a query sees: start1, end1, start2, end2 */
  readonly visible: BufferSlice;
  /** [rows] one past the last query that sees the key */
  readonly queryEnd: BufferSlice;
  /** [blocks of 64 rows, 8] ranges that hold those of all its queries, then one past the last query that sees its keys */
  readonly spans: BufferSlice;
}

/** One sequence over all rows has the most. */
function pairs(s: AttentionShape): number {
  return s.visiblePairs ?? (s.rows * (s.rows + 1)) / 2;
}

/** Rows of a block: of queries in the passes for queries, of keys in the pass for keys. */
const BLOCK_ROWS = { register: 4, unrolled: 4, tiled: 64 } as const;
/** Keys, or queries, walked over at a time; the register kernels have registers for so many. */
const STEP = { register: 8, unrolled: 8, tiled: 32 } as const;

/** Dimensions of a slice of a tiled product. */
const SLICE = 16;

interface Pass {
  readonly name: 'forward' | 'backward_q' | 'backward_kv';
  /** Heads that invocations are divided among. */
  readonly heads: number;
  /** Products over pairs and dimensions that it makes. */
  readonly products: number;
  /** Heads of f32s read for each row of a block, and for each row walked over, per step; and read or written once per row. */
  readonly blockHeads: number;
  readonly stepHeads: number;
  readonly read: number;
  readonly written: number;
}

/** Records one pass, in several dispatches where one would hold the GPU for too long. */
function dispatchPass(
  program: ProgramBuilder,
  s: AttentionShape,
  pass: Pass,
  bind: Readonly<Record<string, BufferSlice>>,
): void {
  const { name, heads } = pass;
  const variant = s.variant ?? attentionVariant(program, s.headDim);
  const [block, step] = [BLOCK_ROWS[variant], STEP[variant]];
  const scale = 1 / Math.sqrt(s.headDim);
  const shape = { rows: s.rows, heads: s.heads, kv_heads: s.kvHeads, scale };
  const tiles = {
    HEAD_DIM: s.headDim,
    SLICES: Math.ceil(s.headDim / SLICE),
    WIDE_SLICES: Math.ceil(s.headDim / step),
  };
  // One workgroup of the tiled kernels has one block, one of the register kernels 32.
  const perGroup = variant === 'tiled' ? 1 : 32;
  const groups = Math.ceil((Math.ceil(s.rows / block) * heads) / perGroup);
  const flops = 2 * pass.products * pairs(s) * s.heads * s.headDim;
  const most = Math.max(1, Math.floor((groups * program.dispatchFlops) / flops));
  const steps = (pairs(s) * s.heads) / (block * step);
  const read =
    steps * s.headDim * (pass.blockHeads * block + pass.stepHeads * step) + s.rows * heads * pass.read;
  for (let first = 0; first < groups; first += most) {
    const share = Math.min(most, groups - first) / groups;
    program.dispatch({
      shader: `attention/${name}_${variant}`,
      ...(variant === 'tiled' ? { constants: tiles } : {}),
      params: {
        ...shape,
        first: first * perGroup,
        ...(variant !== 'tiled'
          ? { chunks: s.headDim / 4, block, step, ranges: 2 }
          : {
              depth: SLICE,
              wide_depth: step,
              head_dim: s.headDim,
              slices: tiles.SLICES,
              wide_slices: tiles.WIDE_SLICES,
            }),
      },
      bind,
      workgroups: linearWorkgroups(Math.min(most, groups - first), 1),
      flops: flops * share,
      traffic: wordTraffic(read * share, s.rows * heads * pass.written * share),
    });
  }
}

/** Records attended [rows, heads headDim] and lse [rows, heads]. */
export function attention(
  program: ProgramBuilder,
  shape: AttentionShape,
  mask: AttentionMask,
  bind: { qkv: BufferSlice; attended: BufferSlice; lse: BufferSlice },
): void {
  const { heads, headDim } = shape;
  const tiled = (shape.variant ?? attentionVariant(program, headDim)) === 'tiled';
  dispatchPass(
    program,
    shape,
    { name: 'forward', heads, products: 2, blockHeads: 1, stepHeads: 2, read: 4, written: headDim + 1 },
    { visible: mask.visible, ...(tiled ? { spans: mask.spans } : {}), ...bind },
  );
}

/** Records dqkv (all of it) from dattended [rows, heads headDim]; delta [rows, heads] is scratch. */
export function attentionBackward(
  program: ProgramBuilder,
  shape: AttentionShape,
  { visible, queryEnd, spans }: AttentionMask,
  bind: {
    qkv: BufferSlice;
    attended: BufferSlice;
    dattended: BufferSlice;
    lse: BufferSlice;
    delta: BufferSlice;
    dqkv: BufferSlice;
  },
): void {
  const { qkv, attended, dattended, lse, delta, dqkv } = bind;
  const { heads, kvHeads, headDim } = shape;
  const tiled = (shape.variant ?? attentionVariant(program, headDim)) === 'tiled';
  // Of each pair and dimension: scores and the weights' gradient (in both passes), and one product for each gradient.
  dispatchPass(
    program,
    shape,
    {
      name: 'backward_q',
      heads,
      products: 3,
      blockHeads: 2,
      stepHeads: 3,
      read: 2 * headDim + 5,
      written: headDim + 1,
    },
    { visible, ...(tiled ? { spans } : {}), qkv, attended, dattended, lse, delta, dqkv },
  );
  dispatchPass(
    program,
    shape,
    {
      name: 'backward_kv',
      heads: kvHeads,
      products: 4,
      blockHeads: 2,
      stepHeads: 4,
      read: 6,
      written: 2 * headDim,
    },
    { visible, ...(tiled ? { spans } : { query_end: queryEnd }), qkv, dattended, lse, delta, dqkv },
  );
}
