/** @file Decoding with the cache of keys and values, and by computing the whole prefix anew for every token. */
import type { Gpu } from '../src/gpu/gpu.ts';
import { ProgramBuilder } from '../src/gpu/program.ts';
import { uploadBatch } from '../src/llama/batch_upload.ts';
import { forward } from '../src/llama/forward.ts';
import { GREEDY, generateBatch } from '../src/llama/generate.ts';
import type { LlamaModel } from '../src/llama/model.ts';
import { Workspace } from '../src/llama/workspace.ts';
import { pack } from '../src/train/packing.ts';
import { mapSpread, type Spread, secondsPerReplay, spread } from './measure.ts';

const CONTEXT = 256;
/** Tokens that are generated and timed, half of them before the context is full, half of them after. */
const GENERATED = 32;
const OWNER = 'bench';

export interface DecodeFigures {
  readonly context: number;
  readonly cached_tokens_per_second: Spread;
  readonly recomputed_tokens_per_second: Spread;
  /** Cached over recomputed, medians. */
  readonly ratio: number;
}

/** One sequence, greedily, at a context of 256 tokens. */
export async function benchDecode(
  gpu: Gpu,
  model: LlamaModel,
  runs: number,
  progress: (line: string) => void,
): Promise<DecodeFigures> {
  const rates: number[] = [];
  for (let run = 0; run <= runs; run++) {
    const rate = await cachedRate(model);
    // The first run compiles.
    if (run === 0) continue;
    rates.push(rate);
    progress(`with the cache, run ${run}/${runs}: ${rate.toFixed(2)} tokens/s`);
  }
  const cached = spread(rates);
  const recomputed = mapSpread(await secondsToRecompute(gpu, model, runs), (seconds) => 1 / seconds);
  progress(`recomputing the prefix: ${recomputed.median.toFixed(3)} tokens/s`);
  return {
    context: CONTEXT,
    cached_tokens_per_second: cached,
    recomputed_tokens_per_second: recomputed,
    ratio: cached.median / recomputed.median,
  };
}

/** Tokens per second between the first and the last time that generation is looked at: without the prompt. */
async function cachedRate(model: LlamaModel): Promise<number> {
  const looks: { readonly tokens: number; readonly at: number }[] = [];
  const prompt = CONTEXT - GENERATED / 2;
  await generateBatch(model, null, prefix(model, prompt), {
    limit: GENERATED,
    stopTokenIds: [],
    sampling: GREEDY,
    firstSequence: 0,
    onTokens: ([sequence]) => looks.push({ tokens: sequence!.ids.length, at: performance.now() }),
  });
  const [first, last] = [looks[0]!, looks.at(-1)!];
  return (1000 * (last.tokens - first.tokens)) / (last.at - first.at);
}

/** Of one forward pass over the context and the vocabulary's logits of its last token. */
async function secondsToRecompute(gpu: Gpu, model: LlamaModel, runs: number): Promise<Spread> {
  const bucket = { tokens: CONTEXT, targets: 1, sequences: 1 };
  const shape = { ...bucket, pairs: 1, positions: CONTEXT, training: false };
  const workspace = await Workspace.create(gpu, model.config, null, shape, OWNER);
  try {
    const builder = ProgramBuilder.for(gpu);
    forward(builder, workspace, model.weights, bucket);
    const program = await builder.finish(gpu, OWNER);
    uploadBatch(workspace, prefix(model, CONTEXT), bucket);
    return await secondsPerReplay(gpu, program, runs);
  } finally {
    workspace.release();
  }
}

/** A sequence of `tokens` tokens with one target: the token after its last. */
function prefix(model: LlamaModel, tokens: number) {
  const prompt = Uint32Array.from({ length: tokens }, (_, i) => (i * 7919) % model.config.vocabSize);
  return pack([{ prompt, completions: [Uint32Array.of(0)] }], false);
}

/** The figures as a terminal shows them. */
export function decodeText(d: DecodeFigures): string {
  return `decoding at ${d.context} tokens: ${d.cached_tokens_per_second.median.toFixed(2)} tokens/s with the cache, ${d.recomputed_tokens_per_second.median.toFixed(3)} recomputing the prefix (${d.ratio.toFixed(1)} times)`;
}
