/** @file Activations that are computed twice for want of memory: the same adapter to the byte, in fewer bytes. */
import { describe, expect, it } from 'vitest';
import { PROJECTIONS } from '../../src/llama/config.ts';
import { loraLayout } from '../../src/llama/lora_layout.ts';
import { layersToRecompute, planSession } from '../../src/llama/memory_plan.ts';
import { parseTrainConfig } from '../../src/train/config.ts';
import { createTuner } from '../../src/train/engine.ts';
import { Random } from '../oracle/random.ts';
import { randomWeights, tinyConfig } from '../oracle/random_model.ts';
import { createTestGpu } from '../support/gpu.ts';
import { idCodec, idText, loadOracleModel } from './gpu_model.ts';

const config = tinyConfig({ numHiddenLayers: 5 });
const random = new Random(8);
const text = (length: number) => idText(random.ids(length, config.vocabSize));
const rows = Array.from({ length: 6 }, (_, i) => ({ prompt: text(3 + i), completion: text(9 + i) }));
const groups = rows.map(({ prompt, completion }) => ({
  prompt,
  chosen: completion,
  rejected: [text(5), text(8)],
}));
const trainConfig = parseTrainConfig(
  {
    max_steps: 3,
    per_device_train_batch_size: 3,
    r: 3,
    learning_rate: 1e-2,
    target_modules: 'all-linear',
    pref_ftx: 0.2,
  },
  'test',
  config.maxPositionEmbeddings,
);

/** Trains with a budget on a device of its own. */
async function train(memoryBudget: number, method: 'sft' | 'dpo') {
  const gpu = await createTestGpu();
  try {
    const model = await loadOracleModel(gpu, config, randomWeights(config, 1));
    const tuner = createTuner(model, idCodec, () => performance.now(), { memoryBudget });
    gpu.ledger.resetPeak();
    const result =
      method === 'sft'
        ? await tuner.trainSft(rows, trainConfig, null)
        : await tuner.trainDpo(groups, trainConfig, null, 'start');
    const bytes = [...result.adapter.tensors.values()].map(({ data }) => Buffer.from(data.buffer.slice(0)));
    return { ...result, bytes, peak: gpu.ledger.peakBytes };
  } finally {
    gpu.destroy();
  }
}

describe.each(['sft', 'dpo'] as const)('recomputing in %s', (method) => {
  it('gives the same adapter to the byte and takes less, as planned', async () => {
    const whole = await train(Number.POSITIVE_INFINITY, method);
    expect(whole.recomputedLayers).toBe(0);
    const tight = await train(whole.plannedBytes - 60_000, method);
    const least = await train(1, method);
    expect(tight.recomputedLayers).toBeGreaterThan(0);
    expect(tight.recomputedLayers).toBeLessThan(4);
    expect(least.recomputedLayers).toBe(4);
    for (const other of [tight, least]) {
      expect(other.bytes).toEqual(whole.bytes);
      expect(other.log.map((step) => step.loss)).toEqual(whole.log.map((step) => step.loss));
      expect(Math.abs(other.peak / other.plannedBytes - 1)).toBeLessThan(0.01);
    }
    expect(tight.peak).toBeLessThan(whole.peak);
    expect(least.peak).toBeLessThan(tight.peak);
  });
});

describe('the planner', () => {
  it('recomputes as few layers as the budget allows', () => {
    const layout = loraLayout(config, { rank: 3, scale: 1, targets: PROJECTIONS });
    const shape = { tokens: 64, targets: 64, sequences: 4, pairs: 2, positions: 64, training: true };
    const bytes = (recomputed: number) =>
      planSession(config, layout, { ...shape, recomputed }).reduce((sum, item) => sum + item.bytes, 1000);
    for (let layers = 2; layers <= 5; layers++)
      expect(layersToRecompute(config, layout, shape, 1000, bytes(layers))).toBe(layers);
    expect(layersToRecompute(config, layout, shape, 1000, bytes(0))).toBe(0);
    expect(layersToRecompute(config, layout, shape, 1000, 0)).toBe(5);
  });
});
