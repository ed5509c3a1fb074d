/** @file The arithmetic of `bench rivals`, on answers small enough to be worked out by hand. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import type { Answer, EngineName, Layout, Message, StepRun } from '../../bench/rivals/engine.ts';
import { installRivals } from '../../bench/rivals/installation.ts';
import { checkProduct, operands } from '../../bench/rivals/products.ts';
import { bestProduct, compare, differsFrom, productFigures, stepFigures } from '../../bench/rivals/report.ts';
import { InputError } from '../../src/formats/input_error.ts';

const SHAPE = [2, 3, 4] as const;

/** An answer of one round: rates in the two layouts. */
const products = (ab: number, abt: number): Answer => ({
  adapter: 'a',
  products: ([ab, abt] as const).map((gflops, i) => ({
    shape: [2, 3, 4],
    layout: (['AB', 'ABt'] as const)[i]!,
    gflops,
  })),
});

const run = (tokensPerSecond: number, seconds: number, changes: Partial<StepRun> = {}): StepRun => ({
  tokensPerSecond,
  firstStepFromStart: seconds,
  firstStepFromDevice: seconds / 2,
  firstStepProcessorSeconds: 3 * seconds,
  processorSecondsPerStep: 200 / tokensPerSecond,
  loss: 8,
  gradNorm: 0.5,
  ...changes,
});

const rounds = (entries: Partial<Record<EngineName, readonly Message[]>>) =>
  new Map(Object.entries(entries) as [EngineName, readonly Message[]][]);

test('ratios are taken within a round, against the rival whose median is best', () => {
  const values = new Map<EngineName, readonly number[]>([
    ['tabtune', [8, 30, 12]],
    ['jax-js', [4, 10, 2]], // median 4, though it has the best single round
    ['tfjs', [5, 6, 6]],
  ]);
  expect(compare(values, ['jax-js', 'tfjs'])).toEqual({
    fastest_rival: 'tfjs',
    ratio: { median: 2, least: 1.6, most: 5 },
    without: [],
  });
});

test('a rival without figures is named, and none at all is no victory', () => {
  const ours: [EngineName, readonly number[]] = ['tabtune', [8]];
  const one = compare(new Map([ours, ['tfjs', [4]]]), ['jax-js', 'tfjs']);
  expect(one).toMatchObject({ fastest_rival: 'tfjs', without: ['jax-js'] });
  expect(compare(new Map([ours]), ['jax-js', 'tfjs'])).toBeNull();
  expect(compare(new Map([['tfjs', [4]]]), ['jax-js', 'tfjs'])).toBeNull();
});

test('every engine counts in the layout that it likes best', () => {
  const figures = productFigures(
    rounds({
      tabtune: [products(1, 9), products(2, 8), products(3, 7)],
      'jax-js': [products(4, 1), products(4, 1), products(5, 1)],
      tfjs: [products(1, 1), { error: 'no such device' }],
    }),
    SHAPE,
  );
  expect(figures.engines).toEqual({
    tabtune: { layout: 'ABt', gflops: { median: 8, least: 7, most: 9 } },
    'jax-js': { layout: 'AB', gflops: { median: 4, least: 4, most: 5 } },
    tfjs: { error: 'no such device' },
  });
  expect(figures.comparison).toEqual({
    fastest_rival: 'jax-js',
    ratio: { median: 2, least: 1.4, most: 2.25 },
    without: ['tfjs'],
  });
  expect(bestProduct([figures])).toEqual({
    engine: 'tabtune',
    shape: SHAPE,
    layout: 'ABt' satisfies Layout,
    gflops: 8,
  });
});

test('the best product may be a rival’s', () => {
  const figures = productFigures(
    rounds({ tabtune: [products(1, 2)], 'jax-js': [products(3, 2)], tfjs: [products(1, 1)] }),
    SHAPE,
  );
  expect(bestProduct([figures])).toMatchObject({ engine: 'jax-js', layout: 'AB', gflops: 3 });
});

test('a step’s rates are divided, its seconds the other way round', () => {
  const step = (...runs: StepRun[]) => runs.map((r): Answer => ({ adapter: 'a', step: r }));
  const figures = stepFigures(
    rounds({
      tabtune: step(run(100, 2), run(120, 2), run(140, 4)),
      'jax-js': step(run(50, 16), run(40, 18), run(20, 40)),
    }),
    ['tabtune', 'jax-js'],
  );
  expect(figures.tokens_per_second?.ratio).toEqual({ median: 3, least: 2, most: 7 });
  expect(figures.first_step?.ratio).toEqual({ median: 9, least: 8, most: 10 });
  expect(figures.first_step_from_device?.ratio.median).toBe(9);
  expect(figures.first_step_processor_seconds?.ratio.most).toBe(10);
  expect(figures.step_processor_seconds?.ratio.least).toBeCloseTo(2, 12);
  expect(figures.engines['jax-js']).toMatchObject({
    first_step_seconds: { median: 18, least: 16, most: 40 },
  });
});

test('a step that is other work has no figures', () => {
  const ours = run(100, 2);
  expect(differsFrom(ours, run(50, 9, { loss: 8.0007, gradNorm: 0.5004 }))).toBeUndefined();
  expect(differsFrom(ours, run(50, 9, { loss: 8.001 }))).toContain('first loss is 8.001');
  expect(differsFrom(ours, run(50, 9, { gradNorm: 0.501 }))).toContain('norm is 0.501');
  expect(differsFrom(ours, run(50, 9, { loss: Number.NaN }))).toContain('NaN');
  const figures = stepFigures(
    rounds({
      tabtune: [{ adapter: 'a', step: ours }],
      'jax-js': [{ adapter: 'a', step: run(50, 9, { loss: 7 }) }],
    }),
    ['tabtune', 'jax-js'],
  );
  expect(figures.engines['jax-js']).toHaveProperty('error');
  expect(figures.tokens_per_second).toBeNull();
});

test('a product of single terms is held to one rounding', () => {
  const given = operands([11, 13, 1], 'AB');
  const product = (factor: number) =>
    Float32Array.from(
      { length: 11 * 13 },
      (_, n) => given.a[Math.floor(n / 13)]! * given.b[n % 13]! * factor,
    );
  checkProduct(given, product(1));
  expect(() => checkProduct(given, product(1 + 1e-6))).toThrow(/11x13x1/);
});

test.each(['AB', 'ABt'] as const)('a product %s is held to f32’s own error', (layout) => {
  const [rows, columns, inner] = [11, 13, 64];
  const given = operands([rows, columns, inner], layout);
  const at = (j: number, k: number) => given.b[layout === 'AB' ? k * columns + j : j * inner + k]!;
  const element = (i: number, j: number, terms: number) => {
    let sum = 0;
    for (let k = 0; k < terms; k++) sum = Math.fround(sum + given.a[i * inner + k]! * at(j, k));
    return sum;
  };
  const product = (terms: number) =>
    Float32Array.from({ length: rows * columns }, (_, n) =>
      element(Math.floor(n / columns), n % columns, terms),
    );
  checkProduct(given, product(inner));
  expect(() => checkProduct(given, product(inner - 1))).toThrow(/11x13x64/);
  expect(() => checkProduct(given, product(inner).subarray(1))).toThrow(/elements/);
  expect(() => checkProduct(given, new Float32Array(rows * columns).fill(Number.NaN))).toThrow(/NaN/);
});

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

test.each([
  ['fails', 'false'],
  ['is missing', 'no-such-npm'],
])('an npm that %s is bad input with a cure', (_, npm) => {
  const home = join(mkdtempSync(join(tmpdir(), 'rivals-')), 'home');
  folders.push(join(home, '..'));
  const lines: string[] = [];
  const install = () => installRivals((line) => lines.push(line), home, npm);
  expect(install).toThrow(InputError);
  expect(install).toThrow(/@jax-js\/jax@0\.1\.25.*network/);
  expect(lines[0]).toContain('Installing');
  expect(existsSync(join(home, 'package.json'))).toBe(true);
});
