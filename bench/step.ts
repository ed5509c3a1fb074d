/** @file `bench step`: whole training steps of a small Llama, from the first one, compilation included, on. */

import type { DeviceFactory } from '../src/gpu/gpu.ts';
import { Gpu } from '../src/gpu/gpu.ts';
import type { ShaderLibrary } from '../src/gpu/shader_library.ts';
import type { ForcedVariants } from '../src/gpu/variants.ts';
import type { LlamaConfig, Projection } from '../src/llama/config.ts';
import { flopsPerToken } from '../src/llama/flops.ts';
import { loadLlama } from '../src/llama/model.ts';
import type { WeightChoice } from '../src/llama/weight_plan.ts';
import { parseTrainConfig } from '../src/train/config.ts';
import { createTuner } from '../src/train/engine.ts';
import type { TextCodec } from '../src/train/text_codec.ts';
import { fmaPeak } from './fma_peak.ts';
import { benchKernels } from './kernels.ts';
import { mapSpread, type Spread, spread } from './measure.ts';
import { randomWeights, STEP_MODEL, sequenceIds } from './random_llama.ts';

export interface StepOptions {
  readonly tokens: number;
  readonly rank: number;
  readonly targets: readonly Projection[] | 'all-linear';
  readonly weights: WeightChoice;
  readonly steps: number;
  readonly runs: number;
  readonly forced: ForcedVariants;
}

export interface StepFigures {
  readonly tokens: number;
  readonly tokens_per_second: Spread;
  /** From the device's creation to the first step's loss: shaders, pipelines, programs. */
  readonly seconds_to_first_step: number;
  /** FLOP that the mathematics needs, per second. */
  readonly gflops: Spread;
  /** Best product of `bench kernels` on this adapter in this run. */
  readonly best_matmul_gflops: number;
  /** gflops as a share of it, as the steps of a training run tell it. */
  readonly mfu: number;
  /** The adapter's multiplications with additions, by a kernel that does nothing else. */
  readonly fma_peak_gflops: number;
  readonly share_of_fma_peak: number;
  readonly peak_gpu_bytes: number;
  readonly planned_gpu_bytes: number;
}

/** One sequence of `tokens` tokens, all but the first of which are targets. */
export async function benchStep(
  device: DeviceFactory,
  shaders: ShaderLibrary,
  options: StepOptions,
  progress: (line: string) => void,
): Promise<StepFigures> {
  const started = performance.now();
  const gpu = await Gpu.create(device, shaders, { forced: options.forced });
  try {
    const config: LlamaConfig = STEP_MODEL;
    const { tokens, rank, targets, steps, runs, weights } = options;
    const model = await loadLlama(gpu, config, randomWeights(config), { weights });
    const tuner = createTuner(model, tokenCodec(tokens, config.vocabSize), () => performance.now(), {
      batchTokens: tokens + 1,
    });
    const trainConfig = parseTrainConfig(
      {
        max_steps: steps,
        per_device_train_batch_size: 1,
        r: rank,
        lora_alpha: 2 * rank,
        target_modules: targets,
        learning_rate: 1e-4,
        lr_scheduler_type: 'constant',
      },
      'bench',
      config.maxPositionEmbeddings,
    );
    const rows = [{ prompt: 'first', completion: 'rest' }];
    let firstStep = Number.NaN;
    const perSecond: number[] = [];
    let planned = 0;
    for (let run = 0; run < runs; run++) {
      const times: number[] = [];
      const result = await tuner.trainSft(rows, trainConfig, null, () => {
        times.push(performance.now());
        if (run === 0 && times.length === 1) firstStep = (performance.now() - started) / 1000;
      });
      planned = result.plannedBytes;
      perSecond.push((tokens * (times.length - 1) * 1000) / (times.at(-1)! - times[0]!));
      progress(`run ${run + 1}/${runs}: ${perSecond.at(-1)!.toFixed(1)} tokens/s`);
    }
    const peak = gpu.ledger.peakBytes;
    const flops = flopsPerToken(config, { rank, scale: 1, targets: trainConfig.lora.targetModules }, tokens);
    const tokensPerSecond = spread(perSecond);
    const gflops = mapSpread(tokensPerSecond, (t) => (t * (flops.forward + flops.backward)) / 1e9);
    const kernels = await benchKernels(gpu, runs, progress);
    const { gflops: peakRate } = await fmaPeak(gpu, runs);
    const best = Math.max(...kernels.map((k) => k.gflops.median));
    return {
      tokens,
      tokens_per_second: tokensPerSecond,
      seconds_to_first_step: firstStep,
      gflops,
      best_matmul_gflops: best,
      mfu: gflops.median / best,
      fma_peak_gflops: peakRate.median,
      share_of_fma_peak: gflops.median / peakRate.median,
      peak_gpu_bytes: peak,
      planned_gpu_bytes: planned,
    };
  } finally {
    gpu.destroy();
  }
}

/** A row of `tokens` tokens besides its first, whatever the text: what is timed is the engine. */
export function tokenCodec(tokens: number, vocabulary: number): TextCodec {
  const ids = sequenceIds(tokens, vocabulary);
  return {
    encodePrompts: async (prompts) => prompts.map(() => ids.slice(0, 1)),
    encodeRows: async (rows) => rows.map(() => ({ ids, promptLength: 1, trained: null })),
    encodeBare: () => ({ ids, promptLength: 1, trained: null }),
    decode: () => '',
  };
}
