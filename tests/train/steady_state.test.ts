/** @file After the first step a training run allocates nothing, compiles nothing, and reads back under 1 kB a step. */
import { describe, expect, it } from 'vitest';
import { type Gpu, STORAGE_USAGE } from '../../src/gpu/gpu.ts';
import { parseTrainConfig } from '../../src/train/config.ts';
import { createTuner } from '../../src/train/engine.ts';
import type { OnStep, Tuner } from '../../src/train/tuner.ts';
import { type DeviceCounts, watchDevice } from '../gpu/device_watch.ts';
import { Random } from '../oracle/random.ts';
import { randomWeights, tinyConfig } from '../oracle/random_model.ts';
import { createTestGpu } from '../support/gpu.ts';
import { idCodec, idText, loadOracleModel } from './gpu_model.ts';

const BYTES_PER_STEP = 1000;
const config = tinyConfig();
const trainConfig = parseTrainConfig(
  {
    max_steps: 8,
    per_device_train_batch_size: 2,
    gradient_accumulation_steps: 2,
    r: 2,
    beta: 0.1,
    pref_ftx: 0.2,
  },
  'test',
  config.maxPositionEmbeddings,
);

/** Runs with `train` on a device of its own; returns the counts at each step's metrics. */
async function countsPerStep(train: (tuner: Tuner, onStep: OnStep, gpu: Gpu) => Promise<unknown>) {
  const gpu = await createTestGpu();
  try {
    const counts = watchDevice(gpu.device);
    const model = await loadOracleModel(gpu, config, randomWeights(config, 1));
    const tuner = createTuner(model, idCodec, () => performance.now());
    const seen: DeviceCounts[] = [];
    await train(tuner, () => seen.push(counts()), gpu);
    return seen;
  } finally {
    gpu.destroy();
  }
}

/** Rows of unequal lengths, so that steps need programs of several sizes. */
const random = new Random(5);
const text = (length: number) => idText(random.ids(length, config.vocabSize));
const rows = Array.from({ length: 13 }, (_, i) => ({
  prompt: text(1 + (i % 5)),
  completion: text(2 + 6 * (i % 7)),
}));
const groups = rows.map(({ prompt, completion }) => ({
  prompt,
  chosen: completion,
  rejected: [text(9), text(3)],
}));

function expectSteady(seen: readonly DeviceCounts[]): void {
  expect(seen).toHaveLength(8);
  const [first, last] = [seen[0]!, seen.at(-1)!];
  expect(first.buffers).toBeGreaterThan(0);
  expect(first.pipelines).toBeGreaterThan(0);
  expect({ ...last, bytesRead: 0 }).toEqual({ ...first, bytesRead: 0 });
  const bytes = (last.bytesRead - first.bytesRead) / (seen.length - 1);
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(BYTES_PER_STEP);
}

describe('a training run', () => {
  it('takes the bytes that were planned, within 1 %', async () => {
    const gpu = await createTestGpu();
    const model = await loadOracleModel(gpu, config, randomWeights(config, 1));
    const tuner = createTuner(model, idCodec, () => performance.now());
    gpu.ledger.resetPeak();
    const { plannedBytes } = await tuner.trainSft(rows, trainConfig, null);
    expect(plannedBytes).toBeGreaterThan(model.weights.plan.bytes);
    expect(Math.abs(gpu.ledger.peakBytes / plannedBytes - 1)).toBeLessThan(0.01);
    gpu.destroy();
  });

  it('by SFT is steady after its first step', async () => {
    expectSteady(await countsPerStep((tuner, onStep) => tuner.trainSft(rows, trainConfig, null, onStep)));
  });

  it('by DPO is steady after its first step', async () => {
    expectSteady(
      await countsPerStep((tuner, onStep) => tuner.trainDpo(groups, trainConfig, null, 'start', onStep)),
    );
  });

  it('that allocates within its steps, or reads back more, is found out', async () => {
    const reading: Promise<unknown>[] = [];
    const seen = await countsPerStep(async (tuner, onStep, gpu) => {
      await tuner.trainSft(rows, trainConfig, null, (log, total) => {
        const extra = gpu.device.createBuffer({ size: 4096, usage: STORAGE_USAGE });
        reading.push(gpu.readback(extra));
        onStep(log, total);
      });
      await Promise.all(reading);
    });
    expect(() => expectSteady(seen)).toThrow();
    expect(seen.at(-1)!.buffers).toBeGreaterThan(seen[0]!.buffers);
    expect(seen.at(-1)!.bytesRead - seen[0]!.bytesRead).toBeGreaterThan(7 * BYTES_PER_STEP);
  });
});
