/**
 * @file Batched greedy generation with a cache of keys and values. The prompts run through the packed forward pass
 * once; after that every step is one replay of a recorded program, and the chosen token never leaves the GPU until the
 * end: the CPU only looks now and then whether all sequences have ended.
 */
import { STORAGE_USAGE } from '../gpu/gpu.ts';
import { type BufferSlice, whole } from '../gpu/ledger.ts';
import { type Program, ProgramBuilder } from '../gpu/program.ts';
import {
  type CacheShape,
  cacheElements,
  cacheWrite,
  decodeAttention,
  greedy,
  SEQUENCE_STATE_COUNT,
} from '../ops/decode.ts';
import { matmulNT } from '../ops/matmul.ts';
import { rmsNorm } from '../ops/rms_norm.ts';
import { uploadBatch } from './batch_upload.ts';
import { type Attend, attendPacked, forwardLayers } from './forward.ts';
import type { LoraLayout } from './lora_layout.ts';
import type { LlamaModel } from './model.ts';
import type { PackedBatch } from './packed_batch.ts';
import { bucketSize } from './scoring.ts';
import { Workspace } from './workspace.ts';

export interface GeneratedTokens {
  /** Without the end-of-sequence token. */
  readonly ids: Uint32Array;
  readonly finish: 'eos' | 'length';
}

/** Steps between two looks at whether all sequences have ended. */
const LOOK_EVERY = 16;

const OWNER = 'generation';

/**
 * Generates up to `limit` tokens for each prompt of one batch.
 * @param packed the prompts packed plainly, each with one target: the row of its last token (the target's id is unused)
 */
export async function generateBatch(
  model: LlamaModel,
  adapter: { readonly layout: LoraLayout; readonly parameters: Float32Array<ArrayBuffer> } | null,
  packed: PackedBatch,
  limit: number,
  signal?: AbortSignal,
): Promise<GeneratedTokens[]> {
  const { gpu, config, weights } = model;
  const B = packed.sequences;
  const lengths = promptLengths(packed);
  const longest = Math.max(...lengths);
  const cache: CacheShape = {
    sequences: B,
    capacity: longest + limit,
    heads: config.numAttentionHeads,
    kvHeads: config.numKeyValueHeads,
    headDim: config.headDim,
  };
  const bucket = { tokens: bucketSize(packed.tokens), targets: B, sequences: B };
  const shape = { ...bucket, pairs: 1, positions: cache.capacity, training: false };
  const workspace = await Workspace.create(gpu, config, adapter?.layout ?? null, shape, OWNER);
  try {
    if (adapter) gpu.device.queue.writeBuffer(workspace.buffer('parameters'), 0, adapter.parameters);
    const own = await gpu.ledger.allocate(OWNER, (create) => ({
      caches: weights.layers.map((_, i) => create(`${i}.cache`, cacheElements(cache) * 4, STORAGE_USAGE)),
      logits: create('allLogits', B * config.vocabSize * 4, STORAGE_USAGE),
      sequences: create('sequenceState', B * SEQUENCE_STATE_COUNT * 4, STORAGE_USAGE),
      slot: create('slot', Math.max(bucket.tokens, B) * 4, STORAGE_USAGE),
      output: create('output', B * limit * 4, STORAGE_USAGE),
    }));
    const slice = (buffer: GPUBuffer) => whole(buffer);

    const chooseNext = (program: ProgramBuilder, states: BufferSlice) => {
      matmulNT(program, {
        x: states,
        w: weights.head,
        y: slice(own.logits),
        rows: B,
        columns: config.vocabSize,
        inner: config.hiddenSize,
      });
      greedy(
        program,
        {
          sequences: B,
          vocabulary: config.vocabSize,
          limit,
          capacity: cache.capacity,
          eosTokenIds: config.eosTokenIds,
        },
        {
          logits: slice(own.logits),
          sequences: slice(own.sequences),
          ids: workspace.slice('ids'),
          positions: workspace.slice('positions'),
          slot: slice(own.slot),
          output: slice(own.output),
        },
      );
    };
    const finalNorm = (program: ProgramBuilder, index?: BufferSlice) =>
      rmsNorm(program, {
        rows: B,
        hidden: config.hiddenSize,
        eps: config.rmsNormEps,
        x: workspace.x(config.numHiddenLayers),
        gain: weights.finalNorm,
        y: workspace.slice('states'),
        ...(index ? { index } : {}),
      });
    const writing =
      (rows: number, attend: Attend): Attend =>
      (program, layer, qkv, attended, lse) => {
        cacheWrite(program, rows, cache, { slot: slice(own.slot), qkv, cache: slice(own.caches[layer]!) });
        attend(program, layer, qkv, attended, lse);
      };

    // Prompts: the packed forward pass, which fills the cache on its way (with live rows only).
    const prefill = new ProgramBuilder(gpu, OWNER);
    forwardLayers(
      prefill,
      workspace,
      weights,
      bucket.tokens,
      writing(packed.tokens, attendPacked(workspace, bucket.tokens)),
    );
    finalNorm(prefill, workspace.slice('targetRow'));

    const step = new ProgramBuilder(gpu, OWNER);
    forwardLayers(
      step,
      workspace,
      weights,
      B,
      writing(B, (program, layer, qkv, attended) =>
        decodeAttention(program, cache, {
          positions: workspace.slice('positions'),
          qkv,
          cache: slice(own.caches[layer]!),
          attended,
        }),
      ),
    );
    finalNorm(step);
    chooseNext(step, workspace.slice('states'));

    const first = new ProgramBuilder(gpu, OWNER);
    chooseNext(first, workspace.slice('states'));
    const [prefillProgram, firstProgram, stepProgram] = await Promise.all([
      prefill.finish(),
      first.finish(),
      step.finish(),
    ]);

    uploadBatch(workspace, packed, bucket);
    const slots = new Uint32Array(bucket.tokens);
    let at = 0;
    for (const [b, length] of lengths.entries())
      for (let p = 0; p < length; p++) slots[at++] = b * cache.capacity + p;
    gpu.device.queue.writeBuffer(own.slot, 0, slots);
    prefillProgram.submit(Math.ceil(prefillProgram.flops / 1e9));
    // From here on a row is a sequence: its position is that of its newest token.
    gpu.device.queue.writeBuffer(
      workspace.buffer('positions'),
      0,
      Uint32Array.from(lengths, (n) => n - 1),
    );
    firstProgram.submit();
    await decodeUntilDone(stepProgram, own.sequences, B, limit, signal);
    return collect(
      new Uint32Array(await gpu.readback(own.sequences, 0, B * SEQUENCE_STATE_COUNT * 4)),
      new Uint32Array(await gpu.readback(own.output, 0, B * limit * 4)),
      B,
      limit,
    );
  } finally {
    gpu.ledger.releaseOwner(OWNER);
  }
}

/** Tokens of each sequence of a plainly packed batch. */
function promptLengths(packed: PackedBatch): number[] {
  const lengths = new Array<number>(packed.sequences).fill(0);
  let start = 0;
  for (let b = 0; b < packed.sequences; b++) {
    const end = packed.targetRow[b]! + 1;
    lengths[b] = end - start;
    start = end;
  }
  return lengths;
}

async function decodeUntilDone(
  program: Program,
  sequences: GPUBuffer,
  B: number,
  limit: number,
  signal?: AbortSignal,
): Promise<void> {
  const { gpu } = program;
  for (let done = 1; done < limit; ) {
    signal?.throwIfAborted();
    const steps = Math.min(LOOK_EVERY, limit - done);
    for (let i = 0; i < steps; i++) program.submit();
    done += steps;
    const state = new Uint32Array(await gpu.readback(sequences, 0, B * SEQUENCE_STATE_COUNT * 4));
    if (Array.from({ length: B }, (_, b) => state[b * SEQUENCE_STATE_COUNT + 2]!).every((d) => d !== 0))
      return;
  }
}

function collect(state: Uint32Array, output: Uint32Array, B: number, limit: number): GeneratedTokens[] {
  return Array.from({ length: B }, (_, b) => {
    const length = state[b * SEQUENCE_STATE_COUNT + 1]!;
    return {
      ids: output.slice(b * limit, b * limit + length),
      finish: state[b * SEQUENCE_STATE_COUNT + 2] === 1 ? 'eos' : 'length',
    };
  });
}
