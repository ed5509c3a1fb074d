/** @file adamw on the GPU against the f64 oracle: norm, clipping, several steps, and the step that must not happen. */
import { describe, expect, it } from 'vitest';
import type { Gpu } from '../../src/gpu/gpu.ts';
import {
  ADAMW_STATE_COUNT,
  type AdamWOptions,
  adamw,
  adamwRanges,
  adamwStep,
  normBlocks,
} from '../../src/ops/adamw.ts';
import { METRIC, METRIC_COUNT } from '../../src/ops/losses.ts';
import { clipByGlobalNorm, AdamW as Oracle } from '../oracle/adamw.ts';
import { relativeDifference } from '../oracle/compare.ts';
import { Random } from '../oracle/random.ts';
import type { Tensor } from '../oracle/tensor.ts';
import { createTestGpu, getTestGpu } from '../support/gpu.ts';
import { f32, runOp, unwritten } from './run_op.ts';

const defaults: AdamWOptions = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 };

type State = { [key in 'state' | 'moments' | 'parameters']: Float32Array<ArrayBuffer> };

function initial(parameters: Float64Array): State {
  return {
    state: new Float32Array(ADAMW_STATE_COUNT),
    moments: new Float32Array(2 * parameters.length),
    parameters: f32(parameters),
  };
}

/** One step on the GPU; its state, moments and parameters are what the next step is given. */
async function step(
  before: State,
  gradient: ArrayLike<number>,
  lr: number,
  clip: number,
  options: AdamWOptions,
  gpu?: Gpu,
) {
  const count = gradient.length;
  const device = gpu ?? (await getTestGpu());
  return runOp(
    device,
    {
      ...before,
      gradient: f32(gradient),
      step: adamwStep(lr, clip, options),
      partialSums: unwritten(normBlocks(count)),
      metrics: new Float32Array(METRIC_COUNT),
    },
    ['state', 'moments', 'parameters', 'metrics'],
    (program, b) => adamw(program, count, options, b, device.bindingLimit),
  );
}

function named(data: Float64Array): Map<string, Tensor> {
  return new Map([['p', { shape: [data.length], data }]]);
}

/** The update, not the parameters, is compared: it is what a step computes, and thousands of times smaller. */
async function check(count: number, steps: number, clip: number, options: AdamWOptions, scale = 1) {
  const random = new Random(count);
  const start = random.cycle(count, 0.02);
  const parameters = named(start.slice());
  const optimizer = new Oracle(options);
  let state: State = initial(start);
  for (let n = 0; n < steps; n++) {
    const gradient = random.cycle(count, scale * 0.1 * (n + 1));
    const lr = 1e-2 / (n + 1);
    const after = await step(state, gradient, lr, clip, options);
    state = after;
    const gradients = named(gradient.slice());
    const norm = clipByGlobalNorm(gradients, clip);
    optimizer.step(parameters, gradients, lr);
    expect(Math.abs(after.metrics[METRIC.gradNorm]! / norm - 1), 'norm').toBeLessThan(2e-6);
    expect(after.metrics[METRIC.skipped]).toBe(0);
    const update = (p: ArrayLike<number>) => start.map((value, i) => p[i]! - value);
    // Half of what 1 - beta2 loses when it is made of f32's 0.999: 1.3e-5 of it.
    const difference = relativeDifference(update(after.parameters), update(parameters.get('p')!.data));
    expect(difference, `update ${n}`).toBeLessThan(1e-5);
    const moment = (which: 0 | 1) => after.moments.filter((_, i) => i % 2 === which);
    expect(relativeDifference(moment(0), optimizer.m.get('p')!), 'm').toBeLessThan(2e-6);
    expect(relativeDifference(moment(1), optimizer.v.get('p')!), 'v').toBeLessThan(2e-5);
  }
}

describe('adamw', () => {
  it.each([1, 63, 4097, 9973])('over %i parameters, several steps, clipped', (count) =>
    check(count, 4, 0.5, defaults),
  );

  it('with weight decay, other betas, without clipping', () =>
    check(1000, 4, 0, { beta1: 0.85, beta2: 0.95, epsilon: 1e-6, weightDecay: 0.1 }));

  it('leaves gradients below the limit as they are', () => check(100, 3, 1e6, defaults));

  it('takes gradients as small as 1e-7', () => check(500, 3, 1, defaults, 1e-6));

  it('takes more than 65,535 workgroups', () => check(4_200_001, 2, 1, defaults));

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 3e38])(
    'skips a step with a gradient of %f, and says so',
    async (bad) => {
      const start = initial(new Random(1).normals(300));
      const good = new Random(2).normals(300);
      const first = await step(start, good, 1e-2, 1, defaults);
      const gradient = good.slice();
      gradient[123] = bad;
      const skipped = await step(first, gradient, 1e-2, 1, defaults);
      expect(skipped.metrics[METRIC.skipped]).toBe(1);
      expect(skipped.parameters).toEqual(first.parameters);
      expect(skipped.moments).toEqual(first.moments);
      // The skipped step is as if it had not been: the next one equals the second of a run without it.
      const next = await step(skipped, good, 1e-2, 1, defaults);
      const second = await step(first, good, 1e-2, 1, defaults);
      expect(next.metrics[METRIC.skipped]).toBe(0);
      expect(next.parameters).toEqual(second.parameters);
      expect(next.parameters).not.toEqual(first.parameters);
    },
  );
});

describe('adamw over buffers beyond a binding', () => {
  const count = 30_011;
  const bindingBytes = 2 ** 16;

  it('gives the bits of one dispatch', async () => {
    const gpu = await createTestGpu(undefined, { bindingBytes });
    try {
      const start = initial(new Random(1).normals(count));
      const gradient = new Random(2).normals(count);
      const whole = await step(start, gradient, 1e-2, 0.5, defaults);
      const cut = await step(start, gradient, 1e-2, 0.5, defaults, gpu);
      // Not toEqual: to print how long arrays differ takes minutes.
      for (const [name, values] of Object.entries(cut))
        expect(
          values.findIndex((value, i) => value !== whole[name as keyof typeof whole][i]),
          name,
        ).toBe(-1);
      expect(cut.parameters).not.toEqual(start.parameters);
    } finally {
      gpu.destroy();
    }
  });

  it('takes ranges that cover all elements, of whole norm blocks, each within a binding', () => {
    const ranges = adamwRanges(count, bindingBytes);
    expect(ranges).toEqual([
      { first: 0, count: 8192 },
      { first: 8192, count: 8192 },
      { first: 16384, count: 8192 },
      { first: 24576, count: 5435 },
    ]);
    expect(adamwRanges(count, 2 ** 27)).toEqual([{ first: 0, count }]);
    expect(() => adamwRanges(count, 4096)).toThrow(/32768 bytes/);
  });
});
