/** @file AdamW, clipping, schedules and data order of the oracle against hand-computed and published numbers. */
import { describe, expect, it } from 'vitest';
import { AdamW, clipByGlobalNorm } from './adamw.ts';
import { mt19937, randperm } from './randperm.ts';
import { scheduleFactor, warmupStepCount } from './schedule.ts';
import type { Tensor } from './tensor.ts';

function named(...values: number[]): Map<string, Tensor> {
  return new Map([['p', { shape: [values.length], data: Float64Array.from(values) }]]);
}

describe('adamw', () => {
  it('moves by lr * sign(gradient) in its first step, whatever the size of the gradient', () => {
    const p = named(1, 1, 1);
    new AdamW({ beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 }).step(p, named(3, -0.01, 0), 0.1);
    const data = p.get('p')!.data;
    expect(data[0]).toBeCloseTo(0.9, 8);
    expect(data[1]).toBeCloseTo(1.1, 6);
    expect(data[2]).toBe(1);
  });

  it('computes two steps as by hand', () => {
    // beta1 = beta2 = 1/2, eps = 1, lr = 1, decay 1/2, p = 8.
    // g = 2: p = 4, m = 1, v = 2, m^ = 2, v^ = 4, p = 4 - 2/3.
    // g = 4: p = (4 - 2/3)/2 = 5/3, m = 5/2, v = 9, m^ = 10/3, v^ = 12, p = 5/3 - (10/3)/(sqrt 12 + 1).
    const p = named(8);
    const optimizer = new AdamW({ beta1: 0.5, beta2: 0.5, epsilon: 1, weightDecay: 0.5 });
    optimizer.step(p, named(2), 1);
    expect(p.get('p')!.data[0]).toBeCloseTo(4 - 2 / 3, 14);
    optimizer.step(p, named(4), 1);
    expect(p.get('p')!.data[0]).toBeCloseTo(5 / 3 - 10 / 3 / (Math.sqrt(12) + 1), 14);
  });

  it('clips by the norm over all tensors, and only when it is too large', () => {
    const gradients = new Map([...named(3), ['q', { shape: [1], data: Float64Array.of(4) }]]);
    expect(clipByGlobalNorm(gradients, 10)).toBe(5);
    expect(gradients.get('p')!.data[0]).toBe(3);
    expect(clipByGlobalNorm(gradients, 1)).toBe(5);
    expect(gradients.get('q')!.data[0]).toBeCloseTo(4 / (5 + 1e-6), 14);
    expect(clipByGlobalNorm(gradients, 0)).toBeCloseTo(1, 6);
    expect(gradients.get('q')!.data[0]).toBeCloseTo(4 / (5 + 1e-6), 14);
  });
});

describe('learning-rate schedules', () => {
  const curve = (name: 'linear' | 'cosine' | 'constant' | 'constant_with_warmup') =>
    Array.from({ length: 10 }, (_, step) => scheduleFactor(name, step, 10, 2));

  it('linear: the first update has learning rate 0', () => {
    expect(curve('linear')).toEqual([0, 0.5, 1, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]);
  });

  it('cosine is a half at the middle', () => {
    expect(curve('cosine')[6]).toBeCloseTo(0.5, 15);
    expect(curve('cosine')[4]).toBeCloseTo(0.5 + Math.SQRT1_2 / 2, 15);
  });

  it('constant, with and without warm-up', () => {
    expect(curve('constant')).toEqual(Array(10).fill(1));
    expect(curve('constant_with_warmup')).toEqual([0, 0.5, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it('takes a share of the steps rounded up', () => {
    expect([warmupStepCount(0.1, 11), warmupStepCount(3, 11), warmupStepCount(0, 11)]).toEqual([2, 3, 0]);
  });
});

describe('randperm', () => {
  it('has the first outputs of MT19937 as published for seed 5489', () => {
    const random = mt19937(5489);
    expect([random.next().value, random.next().value]).toEqual([3499211612, 581869302]);
    for (let i = 2; i < 9999; i++) random.next();
    // ISO C++ [rand.predef]: the 10000th consecutive invocation of mt19937 produces 4123659995.
    expect(random.next().value).toBe(4123659995);
  });

  it.each([
    [0, [4, 1, 7, 5, 3, 9, 0, 8, 6, 2]],
    [1, [5, 6, 1, 2, 0, 8, 9, 3, 7, 4]],
    [42, [2, 6, 1, 8, 4, 5, 0, 9, 3, 7]],
    [43, [8, 4, 9, 0, 5, 1, 6, 7, 2, 3]],
  ])('of 10 with seed %i is that of torch', (seed, expected) => {
    expect(randperm(10, seed)).toEqual(expected);
  });

  it.each([
    [1000, 42, [542, 618, 816, 68, 94, 215, 60, 585, 942, 165, 968, 829], 251382058],
    [333, 7, [18, 233, 96, 89, 3, 40, 326, 196, 71, 134, 48, 290], 9307102],
  ])('of %i is that of torch 2.13, beyond one block of the generator too', (n, seed, start, checksum) => {
    const order = randperm(n, seed);
    expect(order.slice(0, 12)).toEqual(start);
    expect(order.reduce((sum, value, i) => sum + (i + 1) * value, 0)).toBe(checksum);
  });
});
