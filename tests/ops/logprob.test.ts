/** @file logprob on the GPU against the f64 oracle: vocabulary in chunks, forward and backward. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AdapterClass } from '../../src/gpu/adapter.ts';
import { type LogprobShape, logprob, logprobBackward, vocabularyChunk } from '../../src/ops/logprob.ts';
import { f32Matrix } from '../../src/ops/weight_matrix.ts';
import { relativeDifference } from '../oracle/compare.ts';
import { logprobBackward as backwardOracle, logprob as oracle } from '../oracle/logprob.ts';
import { Random } from '../oracle/random.ts';
import { getTestGpu } from '../support/gpu.ts';
import { f32, runOp, unwritten } from './run_op.ts';

/** Sums over the vocabulary and products over the hidden size, in f32. */
const tolerance = 5e-6;
const runs = { numRuns: 6, seed: 1 };

async function run(adapterClass: AdapterClass, shape: LogprobShape, data: ReturnType<typeof randomTargets>) {
  const { targets, hidden, chunk } = shape;
  return runOp(
    await getTestGpu(adapterClass),
    {
      states: f32(data.states),
      head: f32(data.head),
      targetToken: data.tokens,
      coefficient: f32(data.coefficient),
      logits: unwritten(targets * chunk),
      running: unwritten(targets * 4),
      logprob: unwritten(targets),
      dstates: unwritten(targets * hidden),
    },
    ['logprob', 'dstates'],
    (program, b) => {
      const buffers = { ...b, head: f32Matrix(b.head, shape.vocabulary, hidden) };
      logprob(program, shape, buffers);
      logprobBackward(program, shape, buffers);
    },
  );
}

/** Logits reach about +-10 and the first targets lie at the edges of chunks. */
function randomTargets({ targets, hidden, vocabulary, chunk }: LogprobShape) {
  const random = new Random(targets * 31 + hidden * 7 + vocabulary);
  const tokens = random.ids(targets, vocabulary);
  [vocabulary - 1, 0, chunk - 1, chunk].forEach((token, m) => {
    if (m < targets && token < vocabulary) tokens[m] = token;
  });
  return {
    tokens,
    states: random.cycle(targets * hidden, 3),
    head: random.normals(vocabulary * hidden, 1 / Math.sqrt(hidden)),
    coefficient: random.normals(targets),
  };
}

async function check(
  adapterClass: AdapterClass,
  targets: number,
  hidden: number,
  vocabulary: number,
  chunk = vocabularyChunk(vocabulary, targets),
) {
  const shape = { targets, hidden, vocabulary, chunk };
  const data = randomTargets(shape);
  const result = await run(adapterClass, shape, data);
  const triples = { row: Array.from(data.tokens.keys()), token: data.tokens };
  const expected = oracle(data.states, data.head, hidden, triples);
  expect(relativeDifference(result.logprob, expected), 'logprob').toBeLessThan(tolerance);
  const gradient = backwardOracle(data.states, data.head, hidden, triples, data.coefficient);
  expect(relativeDifference(result.dstates, gradient), 'dstates').toBeLessThan(tolerance);
}

describe.each(['software', 'gpu'] as const)('logprob for the class %s', (adapterClass) => {
  it('over shapes', async () => {
    const size = (max: number) => fc.oneof(fc.constantFrom(1, 63, 64, 65), fc.integer({ min: 1, max }));
    await fc.assert(
      fc.asyncProperty(size(100), size(90), fc.integer({ min: 2, max: 600 }), (...shape) =>
        check(adapterClass, ...shape),
      ),
      runs,
    );
  });

  it('with a vocabulary of 4,099 and 333 targets', () => check(adapterClass, 333, 20, 4099));

  it('of one target, in many chunks and in one', async () => {
    await check(adapterClass, 1, 12, 4099, 64);
    await check(adapterClass, 1, 12, 4099, 4160);
  });

  // Tiles of products for GPUs take software adapters long, and rows of logits are counted alike for both classes.
  it.skipIf(adapterClass === 'gpu')('takes more than 65,535 workgroups', () =>
    check(adapterClass, 65_600, 4, 67),
  );

  it('stays finite for logits of several hundred', async () => {
    const shape = { targets: 5, hidden: 8, vocabulary: 200, chunk: 64 };
    const data = randomTargets(shape);
    const large = { ...data, states: data.states.map((x) => 30 * x) };
    const result = await run(adapterClass, shape, large);
    const triples = { row: [0, 1, 2, 3, 4], token: data.tokens };
    expect(relativeDifference(result.logprob, oracle(large.states, data.head, 8, triples))).toBeLessThan(
      tolerance,
    );
    expect(result.dstates.every(Number.isFinite)).toBe(true);
  });

  it('shows when one target has a row of the head 1.01 times what it should be', async () => {
    const shape = { targets: 40, hidden: 20, vocabulary: 300, chunk: 128 };
    const data = randomTargets(shape);
    const wrong = {
      ...data,
      head: data.head.map((x, i) => (Math.floor(i / 20) === data.tokens[7] ? 1.01 * x : x)),
    };
    const triples = { row: Array.from(data.tokens.keys()), token: data.tokens };
    const result = await run(adapterClass, shape, wrong);
    const expected = oracle(data.states, data.head, 20, triples);
    expect(relativeDifference(result.logprob, expected)).toBeGreaterThan(20 * tolerance);
  });
});
