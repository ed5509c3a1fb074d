/** @file Five hundred steps: no byte of the GPU more, a heap that does not grow, and no step slower than the first ones. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { parseTrainConfig } from '../../src/train/config.ts';
import { createTuner } from '../../src/train/engine.ts';
import type { StepLog } from '../../src/train/tuner.ts';
import { Random } from '../oracle/random.ts';
import { randomWeights, tinyConfig } from '../oracle/random_model.ts';
import { createTestGpu } from '../support/gpu.ts';
import { idCodec, idText, loadOracleModel } from './gpu_model.ts';

const STEPS = 500;
const WINDOW = 100;
const HEAP_BYTES = 2 * 2 ** 20;
const SLOWER = 1.1;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const config = tinyConfig();
const random = new Random(12);
const text = (length: number) => idText(random.ids(length, config.vocabSize));
const rows = Array.from({ length: 12 }, (_, i) => ({ prompt: text(2 + (i % 4)), completion: text(4 + i) }));
const groups = rows.map(({ prompt, completion }) => ({ prompt, chosen: completion, rejected: [text(6)] }));
const trainConfig = parseTrainConfig(
  { max_steps: STEPS, per_device_train_batch_size: 4, r: 2, learning_rate: 1e-3 },
  'test',
  config.maxPositionEmbeddings,
);

interface Sample {
  readonly heap: number;
  readonly gpuBytes: number;
  readonly gpuBuffers: number;
}

/** Runs all steps; what is held after the first window and at the end, and each step's milliseconds of processor time. */
async function run(method: 'sft' | 'dpo', disturb: (log: StepLog) => void = () => {}) {
  const gpu = await createTestGpu();
  try {
    const model = await loadOracleModel(gpu, config, randomWeights(config, 1));
    const tuner = createTuner(model, idCodec, () => performance.now());
    const samples: Sample[] = [];
    const times: number[] = [];
    // A software GPU works in this process: its time is in the process's, whatever else the machine does.
    let last = process.cpuUsage();
    const onStep = (log: StepLog) => {
      disturb(log);
      const { user, system } = process.cpuUsage(last);
      times.push((user + system) / 1000);
      if (log.step === WINDOW || log.step === STEPS) {
        collectGarbage();
        const { heapUsed, external } = process.memoryUsage();
        samples.push({
          heap: heapUsed + external,
          gpuBytes: gpu.ledger.bytes,
          gpuBuffers: gpu.ledger.created,
        });
      }
      last = process.cpuUsage();
    };
    const { log } =
      method === 'sft'
        ? await tuner.trainSft(rows, trainConfig, null, onStep)
        : await tuner.trainDpo(groups, trainConfig, null, 'start', onStep);
    expect(log).toHaveLength(STEPS);
    return { samples, times };
  } finally {
    gpu.destroy();
  }
}

/** The least that ten steps took: metrics of neighbouring steps arrive in bursts, and others use the machine. */
function tenSteps(times: readonly number[]): number {
  const tens = Array.from({ length: times.length / 10 }, (_, i) =>
    times.slice(10 * i, 10 * i + 10).reduce((a, b) => a + b),
  );
  return Math.min(...tens);
}

function expectFlat({ samples, times }: Awaited<ReturnType<typeof run>>): void {
  const [early, late] = samples as [Sample, Sample];
  expect(late.gpuBytes).toBe(early.gpuBytes);
  expect(late.gpuBuffers).toBe(early.gpuBuffers);
  expect(late.heap - early.heap).toBeLessThan(HEAP_BYTES);
  const slower = tenSteps(times.slice(-WINDOW)) / tenSteps(times.slice(0, WINDOW));
  expect(slower).toBeLessThan(SLOWER);
}

describe.each(['sft', 'dpo'] as const)(`${STEPS} steps of %s`, (method) => {
  // A busy machine's caches make a tenth of difference by themselves; what slows down does so every time.
  it('neither grow nor slow down', { retry: 2 }, async () => expectFlat(await run(method)));
});

describe('a run that leaks', () => {
  it('is found out by its heap', async () => {
    const kept: number[][] = [];
    const leaking = await run('sft', () => kept.push(new Array(2000).fill(0.5)));
    expect(kept).toHaveLength(STEPS);
    expect(() => expectFlat(leaking)).toThrow();
  });

  it('is found out by its time', async () => {
    let sum = 0;
    const slowing = await run('sft', ({ step }) => {
      for (let i = 0; i < 4e3 * step; i++) sum += Math.sqrt(i);
    });
    expect(sum).toBeGreaterThan(0);
    expect(() => expectFlat(slowing)).toThrow();
  });
});
