/**
 * @file Batched generation with a cache of keys and values. The prompts run through the packed forward pass
 * once; after that every step is one replay of a recorded program, and the chosen token never leaves the GPU until the
 * end: the CPU only looks now and then whether all sequences have ended.
 */
import { STORAGE_USAGE } from '../gpu/gpu.ts';
import { type BufferSlice, whole } from '../gpu/ledger.ts';
import { type Program, ProgramBuilder } from '../gpu/program.ts';
import {
  advance,
  type CacheShape,
  cacheElements,
  cacheWrite,
  decodeAttention,
  greedy,
  penalise,
  SEQUENCE_STATE_COUNT,
  sample,
  seenWords,
} from '../ops/decode.ts';
import { matmulNT } from '../ops/matmul.ts';
import { rmsNorm } from '../ops/rms_norm.ts';
import { uploadBatch } from './batch_upload.ts';
import type { LlamaConfig } from './config.ts';
import { type Attend, attendPacked, forwardLayers } from './forward.ts';
import type { LoraLayout } from './lora_layout.ts';
import type { LlamaModel } from './model.ts';
import type { PackedBatch } from './packed_batch.ts';
import { bucketSize } from './scoring.ts';
import { Workspace } from './workspace.ts';

export interface GeneratedTokens {
  /** Without the end-of-sequence token. */
  readonly ids: Uint32Array;
  readonly finish: 'eos' | 'length' | 'running';
}

/** How the next token is chosen. */
export interface Sampling {
  /** 0: greedily, the likeliest token; top k and top p then change nothing. */
  readonly temperature: number;
  /** Only the k likeliest tokens; 0: all. */
  readonly topK: number;
  /** Only the likeliest tokens that together have this probability; 1: all. */
  readonly topP: number;
  /** Logits of tokens that occurred are divided (where positive) or multiplied by it; 1: nothing happens. */
  readonly repetitionPenalty: number;
  readonly seed: number;
}

export const GREEDY: Sampling = { temperature: 0, topK: 0, topP: 1, repetitionPenalty: 1, seed: 0 };

export interface GenerateBatchOptions {
  /** New tokens per sequence at most. */
  readonly limit: number;
  readonly stopTokenIds: readonly number[];
  readonly sampling: Sampling;
  /** Number of the batch's first sequence among all that are generated with this seed. */
  readonly firstSequence: number;
  /** Told the tokens of all sequences so far, every few steps. */
  readonly onTokens?: (generated: readonly GeneratedTokens[]) => void;
  readonly signal?: AbortSignal;
}

/**
 * Whether an adapter takes what sequences need beside the workspace: the cache of a layer, and the logits.
 * @param capacity tokens of the longest prompt and of its answer
 */
export function decodeFits(
  config: LlamaConfig,
  sequences: number,
  capacity: number,
  bindingLimit: number,
): boolean {
  const cache = cacheElements(cacheShape(config, sequences, capacity));
  return 4 * Math.max(cache, sequences * config.vocabSize) <= bindingLimit;
}

function cacheShape(config: LlamaConfig, sequences: number, capacity: number): CacheShape {
  return {
    sequences,
    capacity,
    heads: config.numAttentionHeads,
    kvHeads: config.numKeyValueHeads,
    headDim: config.headDim,
  };
}

/** Steps between two looks at whether all sequences have ended; fewer where someone watches. */
const LOOK_EVERY = 16;
const WATCHED_LOOK_EVERY = 4;

const OWNER = 'generation';

/**
 * Generates tokens for each prompt of one batch.
 * @param packed the prompts packed plainly, each with one target: the row of its last token (the target's id is unused)
 */
export async function generateBatch(
  model: LlamaModel,
  adapter: { readonly layout: LoraLayout; readonly parameters: Float32Array<ArrayBuffer> } | null,
  packed: PackedBatch,
  options: GenerateBatchOptions,
): Promise<GeneratedTokens[]> {
  const { gpu, config, weights } = model;
  const { limit, sampling } = options;
  const B = packed.sequences;
  const lengths = promptLengths(packed);
  const longest = Math.max(...lengths);
  const cache = cacheShape(config, B, longest + limit);
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
      seen: create('seen', B * seenWords(config.vocabSize) * 4, STORAGE_USAGE),
    }));
    const slice = (buffer: GPUBuffer) => whole(buffer);

    const chooseNext = (program: ProgramBuilder, states: BufferSlice) => {
      const choice = { sequences: B, vocabulary: config.vocabSize };
      const bind = { logits: slice(own.logits), sequences: slice(own.sequences) };
      matmulNT(program, {
        x: states,
        w: weights.head,
        y: bind.logits,
        rows: B,
        columns: config.vocabSize,
        inner: config.hiddenSize,
      });
      if (sampling.repetitionPenalty !== 1)
        penalise(
          program,
          { ...choice, penalty: sampling.repetitionPenalty },
          { ids: workspace.slice('ids'), seen: slice(own.seen), logits: bind.logits },
        );
      if (sampling.temperature === 0) greedy(program, choice, bind);
      else sample(program, { ...choice, ...sampling, firstSequence: options.firstSequence }, bind);
      advance(
        program,
        { sequences: B, limit, capacity: cache.capacity, stopTokenIds: options.stopTokenIds },
        {
          sequences: bind.sequences,
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
    const prefill = ProgramBuilder.for(gpu);
    forwardLayers(
      prefill,
      workspace,
      weights,
      bucket.tokens,
      writing(packed.tokens, attendPacked(workspace, bucket.tokens)),
    );
    finalNorm(prefill, workspace.slice('targetRow'));

    const step = ProgramBuilder.for(gpu);
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

    const first = ProgramBuilder.for(gpu);
    chooseNext(first, workspace.slice('states'));
    const [prefillProgram, firstProgram, stepProgram] = await Promise.all([
      prefill.finish(gpu, OWNER),
      first.finish(gpu, OWNER),
      step.finish(gpu, OWNER),
    ]);

    uploadBatch(workspace, packed, bucket);
    const slots = new Uint32Array(bucket.tokens);
    let at = 0;
    for (const [b, length] of lengths.entries())
      for (let p = 0; p < length; p++) slots[at++] = b * cache.capacity + p;
    gpu.device.queue.writeBuffer(own.slot, 0, slots);
    gpu.device.queue.writeBuffer(own.seen, 0, promptTokens(packed, lengths, config.vocabSize));
    prefillProgram.submit();
    // From here on a row is a sequence, at its newest token. One that ends at once stays there, in its own slot.
    const newest = (buffer: GPUBuffer, of: (b: number) => number) =>
      gpu.device.queue.writeBuffer(
        buffer,
        0,
        Uint32Array.from(lengths, (_, b) => of(b)),
      );
    newest(workspace.buffer('ids'), (b) => packed.ids[packed.targetRow[b]!]!);
    newest(workspace.buffer('positions'), (b) => lengths[b]! - 1);
    newest(own.slot, (b) => b * cache.capacity + lengths[b]! - 1);
    firstProgram.submit();
    const look = async () =>
      collect(
        new Uint32Array(await gpu.readback(own.sequences, 0, B * SEQUENCE_STATE_COUNT * 4)),
        new Uint32Array(await gpu.readback(own.output, 0, B * limit * 4)),
        B,
        limit,
      );
    return await decodeUntilDone(stepProgram, look, options);
  } finally {
    gpu.ledger.releaseOwner(OWNER);
  }
}

/** Bits of the tokens that occur in each prompt, [sequences, seenWords]. */
function promptTokens(
  packed: PackedBatch,
  lengths: readonly number[],
  vocabulary: number,
): Uint32Array<ArrayBuffer> {
  const words = seenWords(vocabulary);
  const seen = new Uint32Array(lengths.length * words);
  let at = 0;
  for (const [b, length] of lengths.entries())
    for (const end = at + length; at < end; at++) {
      const id = packed.ids[at]!;
      seen[b * words + (id >>> 5)]! |= 1 << (id & 31);
    }
  return seen;
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

/** Replays the step until all sequences have ended. */
async function decodeUntilDone(
  program: Program,
  look: () => Promise<GeneratedTokens[]>,
  { limit, onTokens, signal }: GenerateBatchOptions,
): Promise<GeneratedTokens[]> {
  for (let done = 1; ; ) {
    signal?.throwIfAborted();
    const steps = Math.min(onTokens ? WATCHED_LOOK_EVERY : LOOK_EVERY, limit - done);
    for (let i = 0; i < steps; i++) program.submit();
    done += steps;
    const generated = await look();
    onTokens?.(generated);
    if (generated.every(({ finish }) => finish !== 'running')) return generated;
  }
}

function collect(state: Uint32Array, output: Uint32Array, B: number, limit: number): GeneratedTokens[] {
  return Array.from({ length: B }, (_, b) => {
    const length = state[b * SEQUENCE_STATE_COUNT + 1]!;
    return {
      ids: output.slice(b * limit, b * limit + length),
      finish: (['running', 'eos', 'length'] as const)[state[b * SEQUENCE_STATE_COUNT + 2]!]!,
    };
  });
}
