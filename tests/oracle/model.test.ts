/** @file The oracle's whole model: gradients by central differences, and packing that changes nothing. */
import { describe, expect, it } from 'vitest';
import { PROJECTIONS } from '../../src/llama/config.ts';
import type { PackedBatch, PreferencePair } from '../../src/llama/packed_batch.ts';
import { centralDifference } from './central_difference.ts';
import { largestDifference, relativeDifference } from './compare.ts';
import { dpoSpec, sftSpec } from './losses.ts';
import { oracleBackward, oracleForward } from './model.ts';
import { bySequence, packRows, packTrees, type TokenTree } from './pack.ts';
import { randomAdapter, randomTrees, randomWeights, tinyConfig } from './random_model.ts';
import { addInto, type Tensor } from './tensor.ts';

const config = tinyConfig();
const weights = randomWeights(config, 1);
const adapter = randomAdapter(config, 2);

/** Three questions: one better and three worse answers, one and one, one and two. */
const trees = randomTrees(config.vocabSize, 3, [
  { prompt: 5, answers: [4, 3, 1, 6] },
  { prompt: 1, answers: [2, 5] },
  { prompt: 3, answers: [1, 2, 2] },
]);

/** (better, worse[k]) of every tree: sequence numbers, with made-up reference log-probabilities. */
function treePairs(list: readonly TokenTree[]): PreferencePair[] {
  const pairs: PreferencePair[] = [];
  let first = 0;
  for (const { answers } of list) {
    for (let k = 1; k < answers.length; k++)
      pairs.push({
        chosen: first,
        rejected: first + k,
        referenceChosen: -3 * answers[0]!.length - 0.1 * first,
        referenceRejected: -3 * answers[k]!.length + 0.2 * k,
      });
    first += answers.length;
  }
  return pairs;
}

/** Every pair as two whole rows. */
function unrolled(list: readonly TokenTree[]): { rows: TokenTree[]; pairs: PreferencePair[] } {
  const rows: TokenTree[] = [];
  const pairs: PreferencePair[] = [];
  let n = 0;
  for (const { prompt, answers } of list)
    for (let k = 1; k < answers.length; k++) {
      const { referenceChosen, referenceRejected } = treePairs(list)[n++]!;
      pairs.push({ chosen: rows.length, rejected: rows.length + 1, referenceChosen, referenceRejected });
      rows.push({ prompt, answers: [answers[0]!] }, { prompt, answers: [answers[k]!] });
    }
  return { rows, pairs };
}

function flat(gradients: ReadonlyMap<string, Tensor>): number[] {
  return [...gradients.keys()].sort().flatMap((name) => [...gradients.get(name)!.data]);
}

const stageTwo = { beta: 0.1, gamma: 0.2, norm: 'lf', pairsOfStep: 6 } as const;

describe.each([
  ['tied, three query heads to a key head', {}, {}],
  [
    'untied, one to one, linear scaling, rank 1',
    { tieWordEmbeddings: false, numKeyValueHeads: 3, ropeScaling: { type: 'linear', factor: 2 } },
    { r: 1, useRslora: true },
  ],
  ...PROJECTIONS.map((p) => [`${p} alone`, { numHiddenLayers: 1 }, { targetModules: [p] }] as const),
] as const)('gradients of the whole model, %s', (_, overrides, options) => {
  it('are those of central differences, for every tensor of the adapter', () => {
    const shape = tinyConfig(overrides);
    const base = randomWeights(shape, 4);
    const lora = randomAdapter(shape, 5, options);
    const batch = packTrees(trees, 2);
    const spec = dpoSpec(batch, treePairs(trees), { ...stageTwo, beta: 0.5 });
    const loss = () => {
      const { sftLoss, dpoLoss } = oracleBackward(shape, base, lora, batch, spec);
      return sftLoss + dpoLoss;
    };
    const { gradients } = oracleBackward(shape, base, lora, batch, spec);
    expect([...gradients.keys()].sort()).toEqual([...lora.tensors.keys()].sort());
    for (const [name, { data }] of lora.tensors) {
      const indices = [0, Math.floor(data.length / 2), data.length - 1];
      const actual = indices.map((i) => gradients.get(name)!.data[i]!);
      expect(relativeDifference(actual, centralDifference(loss, data, indices)), name).toBeLessThan(1e-6);
    }
  });
});

describe('packing', () => {
  const logprobs = (batch: PackedBatch) =>
    bySequence(batch, oracleForward(config, weights, adapter, batch)).flat();

  it('leaves log-probabilities as they are alone: sequences end to end, trees, dead tokens', () => {
    const alone = trees.flatMap(({ prompt, answers }) =>
      answers.flatMap((answer) => logprobs(packRows([{ prompt, answers: [answer] }]))),
    );
    expect(largestDifference(logprobs(packRows(trees, 3)), alone)).toBeLessThan(1e-12);
    expect(largestDifference(logprobs(packTrees(trees)), alone)).toBeLessThan(1e-12);
    expect(largestDifference(logprobs(packTrees(trees, 5)), alone)).toBeLessThan(1e-12);
  });

  it('leaves SFT gradients as they are alone, summed', () => {
    const packed = packRows(trees, 3);
    const count = packed.targetRow.length;
    const together = oracleBackward(config, weights, adapter, packed, sftSpec(packed, count));
    const sum = new Float64Array(flat(together.gradients).length);
    let loss = 0;
    for (const { prompt, answers } of trees)
      for (const answer of answers) {
        const single = packRows([{ prompt, answers: [answer] }]);
        const step = oracleBackward(config, weights, adapter, single, sftSpec(single, count));
        addInto(sum, flat(step.gradients));
        loss += step.sftLoss;
      }
    expect(Math.abs(together.sftLoss - loss)).toBeLessThan(1e-12);
    expect(relativeDifference(flat(together.gradients), sum)).toBeLessThan(1e-12);
  });

  it.each(['lf', 'trl'] as const)('of trees has the loss and gradients of the unrolled pairs, %s', (norm) => {
    const tree = packTrees(trees, 4);
    const { rows, pairs } = unrolled(trees);
    const plain = packRows(rows);
    const options = { ...stageTwo, norm };
    const a = oracleBackward(config, weights, adapter, tree, dpoSpec(tree, treePairs(trees), options));
    const b = oracleBackward(config, weights, adapter, plain, dpoSpec(plain, pairs, options));
    expect(pairs).toHaveLength(6);
    expect(tree.liveTokens).toBeLessThan(0.7 * plain.tokens);
    expect(Math.abs(a.dpoLoss - b.dpoLoss)).toBeLessThan(1e-12);
    expect(Math.abs(a.sftLoss - b.sftLoss)).toBeLessThan(1e-12);
    for (const key of Object.keys(a.metrics) as (keyof typeof a.metrics)[])
      expect(Math.abs(a.metrics[key] - b.metrics[key]), key).toBeLessThan(1e-12);
    expect(relativeDifference(flat(a.gradients), flat(b.gradients))).toBeLessThan(1e-12);
  });

  it.each(['groupStart', 'prefixEnd', 'segmentStart'] as const)(
    'shows when one %s is off by one',
    (field) => {
      const batch = packTrees(trees);
      const reference = oracleForward(config, weights, adapter, batch);
      // Token 15 lies in the last answer of the first tree, and its hidden state predicts a target.
      const wrong = {
        ...batch,
        [field]: batch[field].map((value, i) =>
          i === 15 ? value + (field === 'groupStart' ? 1 : -1) : value,
        ),
      };
      expect(largestDifference(oracleForward(config, weights, adapter, wrong), reference)).toBeGreaterThan(
        1e-3,
      );
    },
  );
});

describe('negative controls', () => {
  const batch = packTrees(trees);
  const reference = oracleForward(config, weights, adapter, batch);

  it('one weight row times 1.01 shows', () => {
    const other = new Map(weights);
    const name = 'model.layers.0.self_attn.q_proj.weight';
    const { shape, data } = weights.get(name)!;
    other.set(name, { shape, data: data.map((value, i) => (i < shape[1]! ? value * 1.01 : value)) });
    expect(largestDifference(oracleForward(config, other, adapter, batch), reference)).toBeGreaterThan(1e-4);
  });

  it('a dropped LoRA scale shows', () => {
    const unscaled = { ...adapter, options: { ...adapter.options, loraAlpha: adapter.options.r } };
    expect(largestDifference(oracleForward(config, weights, unscaled, batch), reference)).toBeGreaterThan(
      1e-2,
    );
  });

  it('a dropped token position shows', () => {
    const shifted = { ...batch, positions: batch.positions.map((p, i) => (i === 6 ? p + 1 : p)) };
    expect(largestDifference(oracleForward(config, weights, adapter, shifted), reference)).toBeGreaterThan(
      1e-4,
    );
  });
});

describe('losses at the start', () => {
  it('DPO against its own start is ln 2 with margins 0, and an adapter with B = 0 is the base model', () => {
    const batch = packTrees(trees);
    const sums = bySequence(batch, oracleForward(config, weights, adapter, batch)).map((list) =>
      list.reduce((sum, value) => sum + value, 0),
    );
    const pairs = treePairs(trees).map(({ chosen, rejected }) => ({
      chosen,
      rejected,
      referenceChosen: sums[chosen]!,
      referenceRejected: sums[rejected]!,
    }));
    const spec = dpoSpec(batch, pairs, { ...stageTwo, gamma: 0 });
    const step = oracleBackward(config, weights, adapter, batch, spec);
    expect(step.dpoLoss).toBeCloseTo(Math.LN2, 14);
    expect(step.sftLoss).toBe(0);
    expect(step.metrics.rewardChosen - step.metrics.rewardRejected).toBeCloseTo(0, 12);
    const start = {
      ...adapter,
      tensors: new Map(
        [...adapter.tensors].map(([name, t]) =>
          name.includes('lora_B') ? [name, { ...t, data: t.data.map(() => 0) }] : [name, t],
        ),
      ),
    };
    expect(oracleForward(config, weights, start, batch)).toEqual(oracleForward(config, weights, null, batch));
  });

  it('lf and trl norms differ for better answers of 2 and 8 tokens, and agree where lengths are equal', () => {
    const loss = (lengths: readonly [number, number], norm: 'lf' | 'trl') => {
      const list = randomTrees(
        config.vocabSize,
        9,
        lengths.map((n) => ({ prompt: 2, answers: [n, 3] })),
      );
      const batch = packTrees(list);
      const spec = dpoSpec(batch, treePairs(list), { ...stageTwo, norm, pairsOfStep: 2 });
      return oracleBackward(config, weights, adapter, batch, spec).sftLoss;
    };
    expect(Math.abs(loss([2, 8], 'lf') - loss([2, 8], 'trl'))).toBeGreaterThan(1e-3);
    expect(loss([5, 5], 'lf')).toBeCloseTo(loss([5, 5], 'trl'), 13);
  });
});
