/**
 * @file The memory plan against the ledger, to the byte: with and without recomputation, with weights in one and in several
 * blocks, on an adapter that binds 1 MiB at once. And what an adapter does not take is refused before it is allocated.
 */
import { describe, expect, it } from 'vitest';
import type { GpuLimits } from '../../src/gpu/gpu.ts';
import { PROJECTIONS } from '../../src/llama/config.ts';
import { loraLayout } from '../../src/llama/lora_layout.ts';
import { parseTrainConfig } from '../../src/train/config.ts';
import { createTuner } from '../../src/train/engine.ts';
import { initialParameters } from '../../src/train/lora_init.ts';
import { sftStep } from '../../src/train/steps.ts';
import { TrainingSession } from '../../src/train/trainer.ts';
import { Random } from '../oracle/random.ts';
import { randomWeights, tinyConfig } from '../oracle/random_model.ts';
import { createTestGpu } from '../support/gpu.ts';
import { idCodec, idText, loadOracleModel } from './gpu_model.ts';

/** Wide enough that embedding and moments pass 1 MiB, and every activation stays below. */
const config = tinyConfig({
  hiddenSize: 256,
  intermediateSize: 384,
  numHiddenLayers: 4,
  numAttentionHeads: 4,
  numKeyValueHeads: 2,
  headDim: 32,
  vocabSize: 1100,
});
const RANK = 16;
const weights = randomWeights(config, 6);
const random = new Random(9);
const rows = Array.from({ length: 3 }, (_, i) => ({
  prompt: random.ids(4 + i, config.vocabSize),
  completion: random.ids(20 + 3 * i, config.vocabSize),
  trained: null,
}));
const step = sftStep({ epoch: 0, microBatches: [[0, 1, 2]] }, rows, 128);
const trainConfig = parseTrainConfig(
  { r: RANK, learning_rate: 1e-2, target_modules: 'all-linear' },
  'test',
  config.maxPositionEmbeddings,
);
const layout = loraLayout(config, { rank: RANK, scale: 2, targets: PROJECTIONS });

/** Two steps of one session; the losses, the plan, and the ledger. */
async function run(limits: GpuLimits, memoryBudget?: number) {
  const gpu = await createTestGpu(undefined, limits);
  try {
    const model = await loadOracleModel(gpu, config, weights, { weights: 'f32' });
    gpu.ledger.resetPeak();
    const parameters = initialParameters(layout, 1);
    const session = await TrainingSession.create(
      model,
      layout,
      parameters,
      [step],
      trainConfig,
      memoryBudget,
    );
    const losses: number[] = [];
    for (let at = 0; at < 2; at++) {
      await session.submitGradients(step);
      losses.push((await session.submitUpdate(at, 1e-2, trainConfig))[0]!);
    }
    const blocks = model.weights.plan.matrices.map((matrix) => matrix.blocks.length);
    return {
      losses,
      blocks,
      layers: session.workspace.shape.recomputed ?? 0,
      plan: session.workspace.plan,
      planned: model.weights.plan.bytes + session.bytes,
      weightBytes: model.weights.plan.bytes,
      entries: gpu.ledger.entries(),
      peak: gpu.ledger.peakBytes,
    };
  } finally {
    gpu.destroy();
  }
}

type Sized = { readonly label: string; readonly bytes: number };
const bySize = (items: readonly Sized[]) => items.map(({ label, bytes }) => `${label} ${bytes}`).sort();

describe.each([
  ['nothing recomputed', {}, undefined, 0, 1],
  ['all layers recomputed', {}, 1, 4, 1],
  ['weights in blocks of 100 kB', { weightBlockBytes: 100_000 }, undefined, 0, 2],
  ['bindings of 1 MiB', { bindingBytes: 2 ** 20 }, undefined, 0, 1],
  ['bindings of 1 MiB, all layers recomputed', { bindingBytes: 2 ** 20 }, 1, 4, 1],
] as const)('%s', (_, limits, budget, layers, leastBlocks) => {
  it('takes the planned buffers and no more, and trains alike', async () => {
    const plain = await run({});
    const cut = await run(limits, budget);
    expect(cut.layers).toBe(layers);
    expect(Math.min(...cut.blocks)).toBeGreaterThanOrEqual(leastBlocks);
    if ('bindingBytes' in limits) {
      // The embedding is cut, and so is AdamW.
      expect(Math.max(...cut.blocks)).toBeGreaterThan(1);
      expect(8 * layout.count).toBeGreaterThan(limits.bindingBytes);
    }
    const own = cut.entries.filter(({ owner }) => owner === 'training');
    const unplanned = own.filter(({ label }) => label === 'params' || label.startsWith('metrics ring'));
    expect(bySize(own.filter((entry) => !unplanned.includes(entry)))).toEqual(bySize(cut.plan));
    const held = cut.entries.filter(({ owner }) => owner === 'weights');
    expect(held.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(cut.weightBytes);
    expect(cut.peak).toBe(cut.planned);
    expect(cut.entries.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(cut.planned);
    for (const [i, loss] of cut.losses.entries())
      expect(Math.abs(loss / plain.losses[i]! - 1)).toBeLessThan(1e-5);
    expect(cut.losses[0]! - cut.losses[1]!).toBeGreaterThan(0.1);
  });
});

describe('an adapter that takes too little', () => {
  it('refuses a batch by the tokens it could take, before anything is allocated', async () => {
    // A batch of 128 tokens has gate and up in 128 x 768 x 4 bytes.
    const gpu = await createTestGpu(undefined, { bindingBytes: 300_000 });
    try {
      const model = await loadOracleModel(gpu, config, weights);
      const { bytes } = gpu.ledger;
      const tuner = createTuner(model, idCodec, () => performance.now());
      const text = (length: number) => idText(random.ids(length, config.vocabSize));
      const training = (length: number) =>
        tuner.trainSft(
          [{ prompt: text(4), completion: text(length) }],
          { ...trainConfig, maxSteps: 1 },
          null,
        );
      await expect(training(100)).rejects.toThrow(
        /a batch of 128 tokens: needs a buffer "(0\.|d)gateUp" of 0.4 MB; this adapter takes 0.3 MB at most. Use rows of at most 97 tokens/,
      );
      expect(gpu.ledger.bytes).toBe(bytes);
      expect((await training(50)).steps).toBe(1);
    } finally {
      gpu.destroy();
    }
  });

  it('refuses a rank whose moments are no buffer', async () => {
    await expect(run({ bufferBytes: 8 * layout.count - 16 })).rejects.toThrow(
      /LoRA: needs a buffer "moments" .* Lower the rank/,
    );
  });

  it('decodes fewer prompts at a time, to the same tokens', async () => {
    const prompts = Array.from({ length: 8 }, (_, i) => idText(random.ids(5 + i, config.vocabSize)));
    const generate = async (bindingBytes: number, maxNewTokens: number) => {
      const gpu = await createTestGpu(undefined, { bindingBytes });
      try {
        const model = await loadOracleModel(gpu, config, weights, { weights: 'f16' });
        const tuner = createTuner(model, idCodec, () => performance.now());
        gpu.ledger.resetPeak();
        const answers = await tuner.generate(prompts, null, { maxNewTokens });
        return { texts: answers.map(({ text }) => text), peak: gpu.ledger.peakBytes };
      } finally {
        gpu.destroy();
      }
    };
    const whole = await generate(2 ** 27, 60);
    // A sequence of 72 tokens takes 2 x 72 x 64 x 4 bytes of a layer's cache.
    const cut = await generate(200_000, 60);
    expect(cut.texts).toEqual(whole.texts);
    expect(cut.peak).toBeLessThan(whole.peak);
    await expect(generate(30_000, 60)).rejects.toThrow(/prompt 1: and its answer are 65 tokens/);
  });
});
