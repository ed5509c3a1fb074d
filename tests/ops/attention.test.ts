/** @file attention and decoding's attention on the GPU against the f64 oracle, over packed masks. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PackedBatch } from '../../src/llama/packed_batch.ts';
import { visibility } from '../../src/llama/visibility.ts';
import {
  ATTENTION_VARIANTS,
  type AttentionVariant,
  attention,
  attentionBackward,
} from '../../src/ops/attention.ts';
import { cacheElements, cacheWrite, decodeAttention } from '../../src/ops/decode.ts';
import { attentionBackward as backwardOracle, attention as oracle } from '../oracle/attention.ts';
import { relativeDifference } from '../oracle/compare.ts';
import { packRows, packTrees } from '../oracle/pack.ts';
import { Random } from '../oracle/random.ts';
import { randomTrees } from '../oracle/random_model.ts';
import { getTestGpu } from '../support/gpu.ts';
import { f32, runOp, unwritten } from './run_op.ts';

/** exp of a score of size s errs by s rounding errors and WGSL's exp by 3 + 2 s units in the last place. */
const tolerance = 5e-6;
const runs = { numRuns: 6, seed: 1 };

interface Heads {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly variant?: AttentionVariant;
}

/** [queries | keys | values] of each row as one matrix. */
function join(q: Float64Array, k: Float64Array, v: Float64Array, rows: number): Float32Array<ArrayBuffer> {
  const parts = [q, k, v].map((part) => ({ part, width: part.length / rows }));
  const joined: number[] = [];
  for (let row = 0; row < rows; row++)
    for (const { part, width } of parts) joined.push(...part.subarray(row * width, (row + 1) * width));
  return f32(joined);
}

/** Queries, keys and values whose scores reach about +-5, so that attention is uneven. */
function randomHeads(seed: number, rows: number, { heads, kvHeads, headDim }: Heads) {
  const random = new Random(seed);
  const [q, k, v] = [heads, kvHeads, kvHeads].map((n) => random.normals(rows * n * headDim, 1.3)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return { q, k, v, dattended: random.normals(rows * heads * headDim) };
}

async function runAttention(
  batch: PackedBatch,
  shape: Heads,
  data: ReturnType<typeof randomHeads>,
  dispatchFlops?: number,
) {
  const rows = batch.tokens;
  const { heads, kvHeads, headDim } = shape;
  const { visible, queryEnd, spans, pairs } = visibility(batch);
  return runOp(
    await getTestGpu(),
    {
      visible,
      queryEnd,
      spans,
      qkv: join(data.q, data.k, data.v, rows),
      attended: unwritten(rows * heads * headDim),
      lse: unwritten(rows * heads),
      delta: unwritten(rows * heads),
      dattended: f32(data.dattended),
      dqkv: unwritten(rows * (heads + 2 * kvHeads) * headDim),
    },
    ['attended', 'lse', 'dqkv'],
    (program, b) => {
      const all = { ...shape, rows, visiblePairs: pairs };
      attention(program, all, b, { qkv: b.qkv, attended: b.attended, lse: b.lse });
      attentionBackward(program, all, b, b);
    },
    dispatchFlops,
  );
}

async function check(batch: PackedBatch, shape: Heads, seed = 1) {
  const data = randomHeads(seed, batch.tokens, shape);
  const result = await runAttention(batch, shape, data);
  const { q, k, v, dattended } = data;
  const { out, probabilities, lse } = oracle(q, k, v, batch, shape);
  const { dq, dk, dv } = backwardOracle(q, k, v, probabilities, dattended, shape);
  expect(relativeDifference(result.attended, out), 'attended').toBeLessThan(tolerance);
  expect(relativeDifference(result.lse, lse), 'lse').toBeLessThan(tolerance);
  const rows = batch.tokens;
  const width = (shape.heads + 2 * shape.kvHeads) * shape.headDim;
  const ends = [0, shape.heads, shape.heads + shape.kvHeads, shape.heads + 2 * shape.kvHeads];
  [dq, dk, dv].forEach((expected, part) => {
    const actual: number[] = [];
    for (let row = 0; row < rows; row++)
      actual.push(
        ...result.dqkv.subarray(
          row * width + ends[part]! * shape.headDim,
          row * width + ends[part + 1]! * shape.headDim,
        ),
      );
    // A tensor that is zero but for rounding (sequences of one token have no gradient of q and k) is held against dv.
    const scale = Math.max(1e-3, relativeDifference(expected, new Float64Array(expected.length)));
    expect(relativeDifference(actual, expected) * Math.min(1, scale), `d${'qkv'[part]}`).toBeLessThan(
      tolerance,
    );
  });
}

const threeToOne = { heads: 3, kvHeads: 1, headDim: 16 };
const tree = [
  { prompt: 7, answers: [5, 3, 1, 6] },
  { prompt: 1, answers: [2, 9] },
  { prompt: 13, answers: [1] },
];

describe('attention', () => {
  it('over trees, several questions, and dead tokens', () =>
    check(packTrees(randomTrees(9, 1, tree), 5), threeToOne));

  it('over sequences end to end', () => check(packRows(randomTrees(9, 1, tree), 3), threeToOne));

  it('of one token', () => check(packRows(randomTrees(9, 1, [{ prompt: 0, answers: [1] }])), threeToOne));

  it.each([
    [6, 2, 48],
    [2, 2, 6],
  ])('with %i heads, %i key heads, head_dim %i', (heads, kvHeads, headDim) =>
    check(packTrees(randomTrees(9, 2, tree), 2), { heads, kvHeads, headDim }),
  );

  it('of 333 tokens, in one sequence and in many', async () => {
    await check(packRows(randomTrees(9, 3, [{ prompt: 300, answers: [33] }])), {
      heads: 6,
      kvHeads: 2,
      headDim: 48,
    });
    const many = Array.from({ length: 37 }, () => ({ prompt: 2, answers: [3, 4] }));
    await check(packTrees(randomTrees(9, 3, many)), { heads: 6, kvHeads: 2, headDim: 48 });
  });

  const several = Array.from({ length: 9 }, () => ({ prompt: 9, answers: [4, 1, 7] }));

  it.each(ATTENTION_VARIANTS)('in the %s variant, whatever the table picks', async (variant) => {
    await check(packTrees(randomTrees(9, 1, tree), 5), { ...threeToOne, variant });
    // Several blocks of 64 queries, some of which see nothing of some blocks of keys.
    await check(packTrees(randomTrees(9, 1, several), 3), { ...threeToOne, variant });
  });

  it.each([
    ['register', 64],
    ['register', 256],
    ['unrolled', 64],
    ['unrolled', 256],
    ['tiled', 64],
    ['tiled', 100],
    ['tiled', 256],
  ] as const)('in the %s variant with head_dim %i', (variant, headDim) =>
    check(packTrees(randomTrees(9, 2, several.slice(0, 4)), 2), { heads: 2, kvHeads: 1, headDim, variant }),
  );

  it.each(ATTENTION_VARIANTS)('gives the same bits in several dispatches, %s', async (variant) => {
    const batch = packTrees(randomTrees(9, 1, several), 3);
    const shape = { ...threeToOne, variant };
    const data = randomHeads(1, batch.tokens, shape);
    const [once, cut] = await Promise.all([1e30, 1].map((flops) => runAttention(batch, shape, data, flops)));
    for (const name of ['attended', 'lse', 'dqkv'] as const)
      expect(new Uint32Array(cut![name].slice().buffer), name).toEqual(
        new Uint32Array(once![name].slice().buffer),
      );
  });

  it('over random trees', async () => {
    const length = fc.integer({ min: 1, max: 23 });
    const question = fc.record({
      prompt: length,
      answers: fc.array(length, { minLength: 1, maxLength: 5 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(question, { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 0, max: 9 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 3 }),
        (questions, dead, kvHeads, group) =>
          check(packTrees(randomTrees(9, 4, questions), dead), {
            heads: kvHeads * group,
            kvHeads,
            headDim: 16,
          }),
      ),
      runs,
    );
  });

  it('stays finite for scores of several hundred, with the softmax of the largest', async () => {
    const batch = packRows(randomTrees(9, 1, [{ prompt: 5, answers: [4] }]));
    const shape = { heads: 1, kvHeads: 1, headDim: 16 };
    const data = randomHeads(5, batch.tokens, shape);
    const large = { ...data, q: data.q.map((x) => x * 100) };
    const { attended } = await runAttention(batch, shape, large);
    const { out } = oracle(large.q, large.k, large.v, batch, shape);
    // Scores of 500 are exact to 3e-5 in f32, and so are the weights relative to each other.
    expect(relativeDifference(attended, out)).toBeLessThan(1e-4);
  });

  it.each(['groupStart', 'prefixEnd', 'segmentStart'] as const)(
    'shows when one %s is off by one',
    async (field) => {
      const batch = packTrees(randomTrees(9, 1, tree));
      const data = randomHeads(1, batch.tokens, threeToOne);
      const { out } = oracle(data.q, data.k, data.v, batch, threeToOne);
      const shifted = batch[field].map((value, i) =>
        i === 14 ? value + (field === 'groupStart' ? 1 : -1) : value,
      );
      const { attended } = await runAttention({ ...batch, [field]: shifted }, threeToOne, data);
      expect(relativeDifference(attended, out)).toBeGreaterThan(1e-3);
    },
  );
});

describe("decoding's attention over the cache of keys and values", () => {
  it('is the last token of attention over the whole sequence, for sequences of different lengths', async () => {
    const shape = { heads: 6, kvHeads: 2, headDim: 48 };
    const { heads, kvHeads, headDim } = shape;
    const lengths = [1, 9, 4];
    const capacity = 11;
    const sequences = lengths.length;
    const stride = (heads + 2 * kvHeads) * headDim;
    const cached = { sequences, capacity, ...shape };
    const whole = lengths.map((length, s) => {
      const batch = packRows([{ prompt: [], answers: [Array<number>(length).fill(0)] }]);
      const data = randomHeads(10 + s, length, shape);
      return { length, batch, data, rows: join(data.q, data.k, data.v, length) };
    });
    const prompt = whole.flatMap(({ length, rows }, s) =>
      Array.from({ length: length - 1 }, (_, p) => ({
        slot: s * capacity + p,
        row: rows.subarray(p * stride, (p + 1) * stride),
      })),
    );
    const { attended } = await runOp(
      await getTestGpu(),
      {
        promptSlot: Uint32Array.from(prompt, (p) => p.slot),
        promptQkv: f32(prompt.flatMap((p) => [...p.row])),
        slot: Uint32Array.from(lengths, (length, s) => s * capacity + length - 1),
        positions: Uint32Array.from(lengths, (length) => length - 1),
        qkv: f32(whole.flatMap(({ length, rows }) => [...rows.subarray((length - 1) * stride)])),
        cache: unwritten(cacheElements(cached)),
        attended: unwritten(sequences * heads * headDim),
      },
      ['attended'],
      (program, b) => {
        cacheWrite(program, prompt.length, cached, { slot: b.promptSlot, qkv: b.promptQkv, cache: b.cache });
        cacheWrite(program, sequences, cached, { slot: b.slot, qkv: b.qkv, cache: b.cache });
        decodeAttention(program, cached, {
          positions: b.positions,
          qkv: b.qkv,
          cache: b.cache,
          attended: b.attended,
        });
      },
    );
    const expected = whole.flatMap(({ length, batch, data }) => [
      ...oracle(data.q, data.k, data.v, batch, shape).out.subarray((length - 1) * heads * headDim),
    ]);
    expect(relativeDifference(attended, expected)).toBeLessThan(tolerance);
  });
});
