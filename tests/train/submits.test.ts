/** @file A training run cut into submits: two steps in flight, cuts that follow the clock, and the same bits whatever they are. */
import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/gpu/pace.ts';
import { parseTrainConfig } from '../../src/train/config.ts';
import { createTuner } from '../../src/train/engine.ts';
import type { OnStep } from '../../src/train/tuner.ts';
import { watchQueue } from '../gpu/queue_watch.ts';
import { Random } from '../oracle/random.ts';
import { randomWeights, tinyConfig } from '../oracle/random_model.ts';
import { createTestGpu } from '../support/gpu.ts';
import { idCodec, idText, loadOracleModel } from './gpu_model.ts';

/** Wide enough that products of 128 rows fall into several pieces. */
const config = tinyConfig({ hiddenSize: 96, intermediateSize: 200, vocabSize: 300 });
const random = new Random(21);
const text = (length: number) => idText(random.ids(length, config.vocabSize));
const rows = Array.from({ length: 4 }, () => ({ prompt: text(20), completion: text(60) }));
const STEPS = 12;
const trainConfig = parseTrainConfig(
  {
    max_steps: STEPS,
    per_device_train_batch_size: 2,
    r: 4,
    learning_rate: 1e-2,
    target_modules: 'all-linear',
  },
  'test',
  config.maxPositionEmbeddings,
);

interface Run {
  /** Cost per millisecond that the device starts with; its own start where nothing is said. */
  readonly perMs?: number;
  readonly clock?: Clock;
  readonly onStep?: OnStep;
}

/** Trains on a device of its own; tells the log, the adapter's bits, and how many submits and dispatches each step took. */
async function train({ perMs, clock = () => performance.now(), onStep }: Run) {
  const gpu = await createTestGpu();
  try {
    if (perMs !== undefined) gpu.pace.start(perMs);
    const model = await loadOracleModel(gpu, config, randomWeights(config, 1));
    const submits = watchQueue(gpu.device);
    const seen: number[] = [];
    const result = await createTuner(model, idCodec, clock).trainSft(
      rows,
      trainConfig,
      null,
      (log, total) => {
        seen.push(submits.length);
        onStep?.(log, total);
      },
    );
    const tensors = [...result.adapter.tensors].map(([name, { data }]) => [
      name,
      new Uint32Array(data.buffer),
    ]);
    const losses = result.log.map(({ loss, grad_norm }) => [loss, grad_norm]);
    return { seen, losses, tensors: Object.fromEntries(tensors), submits, dispatches: submits.flat().length };
  } finally {
    gpu.destroy();
  }
}

describe('a training run', () => {
  it('gives the same bits in one submit and in hundreds, products whole and in pieces', async () => {
    const one = await train({ perMs: 1e9, clock: steadyClock() });
    const many = await train({ perMs: 10, clock: steadyClock() });
    expect(many.submits.length).toBeGreaterThan(10 * one.submits.length);
    expect(many.dispatches).toBeGreaterThan(1.2 * one.dispatches);
    expect(many.losses).toEqual(one.losses);
    expect(many.tensors).toEqual(one.tensors);
    expect(one.losses.at(-1)![0]).toBeLessThan(one.losses[0]![0]! - 0.1);
  });

  it('has at most two steps in flight', async () => {
    const { seen } = await train({ perMs: 1e9, clock: steadyClock() });
    // Begin, one batch, update, metrics. When the metrics of step n are read, step n + 2 has not been submitted.
    const perStep = 4;
    // The first is submitted as its kernels are compiled.
    const more = seen.at(-1)! - perStep * STEPS;
    expect(more).toBeGreaterThanOrEqual(0);
    for (const [at, count] of seen.entries()) {
      expect(count - more).toBeLessThanOrEqual(perStep * Math.min(STEPS, at + 2));
      expect(count - more).toBeGreaterThanOrEqual(perStep * (at + 1));
    }
    // The second was on its way while the first was awaited.
    expect(seen[0]! - more).toBe(2 * perStep);
  });

  it('cuts its steps by what the first took, and finer when they take longer', async () => {
    // Each look at the clock is later by `tick`; a step takes a fixed number of looks.
    let now = 0;
    let tick = 1;
    const clock = () => {
      now += tick;
      return now;
    };
    const parts = async (run: Run) => partsOfSteps((await train(run)).submits);
    // One batch and the update; in the first step also where a kernel was still being compiled.
    expect((await parts({ clock })).at(-1)).toBe(2);
    tick = 1000;
    const slow = await parts({ clock });
    expect(slow[1]).toBe(2);
    expect(slow.at(-1)).toBeGreaterThan(10);
    tick = 1;
    const slower = await parts({
      clock,
      onStep: ({ step }) => {
        if (step === 4) tick = 1000;
      },
    });
    expect(slower.slice(1, 4)).toEqual([2, 2, 2]);
    expect(slower.at(-1)).toBeGreaterThan(10);
  });
});

/** A clock by which no work takes any time worth noticing: the pace stays, or rises. */
function steadyClock(): Clock {
  let now = 0;
  return () => {
    now += 1e-6;
    return now;
  };
}

/** Submits with dispatches of each step: it begins with one that only clears, and ends with one that copies the metrics. */
function partsOfSteps(submits: readonly (readonly unknown[])[]): number[] {
  const empty = submits.flatMap((dispatches, at) => (dispatches.length === 0 ? [at] : []));
  return Array.from({ length: STEPS }, (_, step) => empty[2 * step + 1]! - empty[2 * step]! - 1);
}
