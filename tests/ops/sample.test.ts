/** @file Random choices on the GPU against a plain implementation of temperature, top k, top p and the penalty. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { penalise, type SampleShape, SEQUENCE_STATE_COUNT, sample, seenWords } from '../../src/ops/decode.ts';
import { Random } from '../oracle/random.ts';
import { sampledDistribution, stepUniform } from '../oracle/sampling.ts';
import { getTestGpu } from '../support/gpu.ts';
import { f32, runOp } from './run_op.ts';

type Settings = Pick<SampleShape, 'temperature' | 'topK' | 'topP' | 'seed' | 'firstSequence'>;

/** Tokens chosen for rows of logits, each at the step given. */
async function choose(rows: readonly (readonly number[])[], steps: readonly number[], settings: Settings) {
  const sequences = rows.length;
  const shape = { sequences, vocabulary: rows[0]!.length, ...settings };
  const result = await runOp(
    await getTestGpu(),
    { logits: f32(rows.flat()), sequences: Uint32Array.from(steps.flatMap((step) => [0, step, 0, 0])) },
    ['sequences'],
    (program, b) => sample(program, shape, b),
  );
  const state = new Uint32Array(result.sequences.buffer, result.sequences.byteOffset);
  return steps.map((_, b) => state[b * SEQUENCE_STATE_COUNT]!);
}

/** Distance of a number from the nearest boundary between two tokens: a choice nearer than rounding proves nothing. */
function choice(distribution: readonly number[], uniform: number): { token: number; gap: number } {
  let sum = 0;
  let token = -1;
  let gap = Number.POSITIVE_INFINITY;
  distribution.forEach((probability, i) => {
    if (probability === 0) return;
    if (uniform >= sum) token = i;
    sum += probability;
    gap = Math.min(gap, Math.abs(uniform - sum));
  });
  return { token, gap };
}

describe('sample', () => {
  it('takes the token that its random number falls on, over settings and vocabularies', async () => {
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 2, max: 700 }),
        fc.double({ min: 0.2, max: 3, noNaN: true }),
        fc.integer({ min: 0, max: 60 }),
        fc.oneof(fc.constant(1), fc.double({ min: 0.05, max: 0.99, noNaN: true })),
        fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        async (vocabulary, temperature, topK, topP, seed) => {
          const random = new Random(seed);
          const rows = Array.from({ length: 5 }, () => [...random.normals(vocabulary, 3)]);
          const steps = [0, 1, 2, 77, 4000];
          const settings = { temperature, topK, topP, seed, firstSequence: 3 };
          const chosen = await choose(rows, steps, settings);
          rows.forEach((row, b) => {
            const distribution = sampledDistribution(row, settings);
            const { token, gap } = choice(distribution, stepUniform(seed, 3 + b, steps[b]!));
            // At a threshold of top p as at a boundary between tokens, f32 may fall to either side.
            if (gap < 1e-5) return;
            compared++;
            expect(chosen[b]).toBe(token);
          });
        },
      ),
      { numRuns: 12, seed: 3 },
    );
    expect(compared).toBeGreaterThan(50);
  });

  it('draws tokens as often as they are likely', async () => {
    const logits = [2, 1, 0, -1, 3, 0.5];
    const settings = { temperature: 1.3, topK: 5, topP: 0.9, seed: 11, firstSequence: 0 };
    const draws = 4000;
    const rows = Array.from({ length: 40 }, () => logits);
    const counts = new Array<number>(logits.length).fill(0);
    for (let from = 0; from < draws; from += rows.length) {
      const chosen = await choose(
        rows,
        rows.map((_, i) => from + i),
        settings,
      );
      for (const token of chosen) counts[token]!++;
    }
    sampledDistribution(logits, settings).forEach((probability, token) => {
      // Four standard deviations of a binomial share.
      const width = 4 * Math.sqrt((probability * (1 - probability)) / draws);
      expect(Math.abs(counts[token]! / draws - probability)).toBeLessThanOrEqual(width);
    });
  });

  it('takes the likeliest where only one is left, and all where nothing is cut', async () => {
    const random = new Random(1);
    const row = [...random.normals(4099)];
    const best = row.indexOf(Math.max(...row));
    const rows = Array.from({ length: 20 }, () => row);
    const steps = rows.map((_, i) => i);
    const base = { temperature: 1, topK: 0, topP: 1, seed: 5, firstSequence: 0 };
    expect(new Set(await choose(rows, steps, { ...base, topK: 1 }))).toEqual(new Set([best]));
    expect(new Set(await choose(rows, steps, { ...base, topP: 1e-6 }))).toEqual(new Set([best]));
    expect(new Set(await choose(rows, steps, base)).size).toBeGreaterThan(15);
  });
});

describe('penalise', () => {
  it('weakens tokens that occurred, the newest too, and remembers it', async () => {
    const vocabulary = 70;
    const logits = Array.from({ length: 2 * vocabulary }, (_, i): number => (i % 2 === 0 ? 2 : -2));
    const words = seenWords(vocabulary);
    const seen = new Uint32Array(2 * words);
    seen[0] = 1 << 4;
    seen[words + 2] = 1 << 5; // token 69 of the second sequence
    const result = await runOp(
      await getTestGpu(),
      { ids: Uint32Array.of(33, 0), seen: seen.slice(), logits: f32(logits) },
      ['logits', 'seen'],
      (program, b) => penalise(program, { sequences: 2, vocabulary, penalty: 1.5 }, b),
    );
    const expected = logits.slice();
    for (const i of [4, 33, vocabulary, vocabulary + 69])
      expected[i] = Math.fround(expected[i]! > 0 ? expected[i]! / 1.5 : expected[i]! * 1.5);
    const both = seen.slice();
    both[1] = 1 << 1;
    both[words] = 1;
    expect([...result.logits]).toEqual(expected);
    expect([...new Uint32Array(result.seen.buffer, 0, 2 * words)]).toEqual([...both]);
  });
});
