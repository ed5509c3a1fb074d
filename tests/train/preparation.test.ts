/** @file Kernels are compiled all at once before the first step, each once, and what goes on is told. */
import { expect, it } from 'vitest';
import { preparationLines } from '../../src/cli/preparation_lines.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import { parseTrainConfig } from '../../src/train/config.ts';
import { createTuner } from '../../src/train/engine.ts';
import type { Preparation } from '../../src/train/tuner.ts';
import { Random } from '../oracle/random.ts';
import { randomWeights, tinyConfig } from '../oracle/random_model.ts';
import { createTestGpu } from '../support/gpu.ts';
import { idCodec, idText, loadOracleModel } from './gpu_model.ts';

const config = tinyConfig();
const random = new Random(3);
const text = (length: number) => idText(random.ids(length, config.vocabSize));
/** Long ones and short ones, each in steps of their own: programs of two sizes. */
const rows = Array.from({ length: 8 }, (_, i) => ({ prompt: text(2), completion: text(i % 2 ? 6 : 90) }));
const trainConfig = parseTrainConfig(
  { max_steps: 8, per_device_train_batch_size: 1, r: 2 },
  'test',
  config.maxPositionEmbeddings,
);

/** Labels of pipelines whose compilation began, and how many are under way when the first is done. */
function watchCompilation(gpu: Gpu) {
  const begun: string[] = [];
  let atFirst = 0;
  const compile = gpu.device.createComputePipelineAsync.bind(gpu.device);
  gpu.device.createComputePipelineAsync = async (descriptor) => {
    begun.push(descriptor.label!);
    const pipeline = await compile(descriptor);
    atFirst ||= begun.length;
    return pipeline;
  };
  return { begun, atFirst: () => atFirst };
}

it('compiles all kernels of a run at once and tells how far that is, then that the first step runs', async () => {
  const gpu = await createTestGpu();
  try {
    const watched = watchCompilation(gpu);
    const model = await loadOracleModel(gpu, config, randomWeights(config, 1));
    const told: (Preparation | 'step')[] = [];
    const tuner = createTuner(model, idCodec, () => performance.now(), {
      onPreparation: (preparation) => told.push(preparation),
    });
    const train = () => tuner.trainSft(rows, trainConfig, null, () => told.push('step'));
    await train();
    const total = watched.begun.length;
    expect(total).toBeGreaterThan(15);
    expect(new Set(watched.begun).size).toBe(total);
    expect(watched.atFirst()).toBe(total);
    expect(told).toEqual([
      ...Array.from({ length: total + 1 }, (_, done) => ({ phase: 'compiling', done, total })),
      { phase: 'first-step' },
      ...Array.from({ length: 8 }, () => 'step'),
    ]);
    // A second run has all it needs.
    told.length = 0;
    await train();
    expect(told[0]).toEqual({ phase: 'first-step' });
    expect(watched.begun).toHaveLength(total);
  } finally {
    gpu.destroy();
  }
});

it('is told to the terminal at beginning and end, and between once a second', () => {
  const lines: string[] = [];
  let now = 0;
  const tell = preparationLines(
    (line) => lines.push(line),
    () => now,
  );
  for (let done = 0; done <= 10; done++, now += 300) tell({ phase: 'compiling', done, total: 10 });
  tell({ phase: 'first-step' });
  expect(lines).toEqual([
    'compiling kernels: 0 of 10',
    'compiling kernels: 4 of 10',
    'compiling kernels: 8 of 10',
    'compiling kernels: 10 of 10',
    'running the first step',
  ]);
});
