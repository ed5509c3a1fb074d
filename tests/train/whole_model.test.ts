/** @file The whole model on the GPU against the f64 oracle: log-probabilities, every LoRA gradient, generation. */
import { afterEach, describe, expect, it } from 'vitest';
import type { AdapterClass } from '../../src/gpu/adapter.ts';
import { downloadTensors } from '../../src/llama/adapter_transfer.ts';
import { type LlamaConfig, PROJECTIONS } from '../../src/llama/config.ts';
import type { LossSpec, PackedBatch } from '../../src/llama/packed_batch.ts';
import { inverseFrequencies } from '../../src/llama/rope_angles.ts';
import { scoreBatches } from '../../src/llama/scoring.ts';
import { visibility } from '../../src/llama/visibility.ts';
import { createTuner } from '../../src/train/engine.ts';
import { flatAdapter } from '../../src/train/lora_init.ts';
import { TrainingSession } from '../../src/train/trainer.ts';
import type { LoraOptions } from '../../src/train/tuner.ts';
import { sees } from '../oracle/attention.ts';
import { largestDifference, norm, relativeDifference } from '../oracle/compare.ts';
import { oracleGenerate } from '../oracle/generate.ts';
import { dpoSpec } from '../oracle/losses.ts';
import { type OracleAdapter, type OracleWeights, oracleBackward, oracleForward } from '../oracle/model.ts';
import { packRows, packTrees } from '../oracle/pack.ts';
import { randomAdapter, randomTrees, randomWeights, tinyConfig } from '../oracle/random_model.ts';
import { ropeFrequencies } from '../oracle/rope.ts';
import { getTestGpu } from '../support/gpu.ts';
import { f32Adapter, idCodec, idText, loadOracleModel } from './gpu_model.ts';

/** Log-probabilities go through some dozen f32 sums per layer. */
const LOGPROB_TOLERANCE = 2e-5;
/** Norm of the difference of a gradient over its norm. */
const GRADIENT_TOLERANCE = 2e-5;

const llama3 = {
  type: 'llama3',
  factor: 8,
  lowFreqFactor: 1,
  highFreqFactor: 4,
  originalMaxPositionEmbeddings: 32,
} as const;

const shapes: Record<string, Partial<LlamaConfig>> = {
  'tied, three query heads to a key head, head_dim 8': {},
  'untied, a key head to each head, head_dim 48, llama3 scaling': {
    tieWordEmbeddings: false,
    numKeyValueHeads: 2,
    numAttentionHeads: 2,
    headDim: 48,
    ropeScaling: llama3,
  },
  'sizes that are no multiples of 4, vocabulary 4,099': {
    hiddenSize: 21,
    intermediateSize: 27,
    headDim: 6,
    vocabSize: 4099,
    numHiddenLayers: 1,
    ropeScaling: { type: 'linear', factor: 2 },
  },
  'with biases everywhere': { attentionBias: true, mlpBias: true },
};

/** Three questions, one with four answers. */
const lengths = [
  { prompt: 5, answers: [4, 3, 1, 6] },
  { prompt: 1, answers: [2, 5] },
  { prompt: 30, answers: [1, 2, 21] },
];
const pairs = [
  [0, 1],
  [0, 2],
  [0, 3],
  [4, 5],
  [6, 7],
  [6, 8],
].map(([chosen, rejected], k) => ({
  chosen: chosen!,
  rejected: rejected!,
  referenceChosen: -11.5 - k,
  referenceRejected: -12 + k,
}));

afterEach(async () => {
  for (const adapterClass of [undefined, 'gpu', 'software'] as const)
    (await getTestGpu(adapterClass)).ledger.releaseOwner('weights');
});

async function gpuGradients(
  config: LlamaConfig,
  weights: OracleWeights,
  adapter: OracleAdapter,
  batch: PackedBatch,
  loss: LossSpec,
  adapterClass?: AdapterClass,
) {
  const gpu = await getTestGpu(adapterClass);
  const model = await loadOracleModel(gpu, config, weights);
  const { layout, parameters } = flatAdapter(config, f32Adapter(adapter));
  const step = { epoch: 0, batches: [{ batch, loss }], tokens: batch.liveTokens, targetTokens: 0 };
  const optimizer = { adamBeta1: 0.9, adamBeta2: 0.999, adamEpsilon: 1e-8, weightDecay: 0 };
  const session = await TrainingSession.create(model, layout, parameters, [step], optimizer);
  try {
    await session.submitGradients(step);
    return await downloadTensors(gpu, layout, session.workspace.buffer('gradient'));
  } finally {
    session.release();
  }
}

async function checkGradients(
  overrides: Partial<LlamaConfig>,
  options: Partial<LoraOptions>,
  adapterClass?: AdapterClass,
) {
  const config = tinyConfig(overrides);
  const weights = randomWeights(config, 11);
  const adapter = randomAdapter(config, 12, options);
  const batch = packTrees(randomTrees(config.vocabSize, 13, lengths));
  const spec = dpoSpec(batch, pairs, { beta: 0.1, gamma: 0.2, norm: 'lf', pairsOfStep: 6 });
  const expected = oracleBackward(config, weights, adapter, batch, spec).gradients;
  const loss = { ...spec, sftWeight: Float32Array.from(spec.sftWeight) };
  const actual = await gpuGradients(config, weights, adapter, batch, loss, adapterClass);
  expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
  for (const [name, { data }] of expected) {
    expect(norm(data), name).toBeGreaterThan(1e-6);
    expect(relativeDifference(actual.get(name)!.data, data), name).toBeLessThan(GRADIENT_TOLERANCE);
  }
}

describe('gradients', () => {
  it.each(Object.keys(shapes))('of every A and B, %s', (name) => checkGradients(shapes[name]!, {}));

  it.each(PROJECTIONS)('of %s alone', (projection) => checkGradients({}, { targetModules: [projection] }));

  it.each([1, 8])('of rank %i, rank-stabilised', (r) => checkGradients({}, { r, useRslora: true }));

  it.each(['software', 'gpu'] as const)('with the kernels meant for adapters of class %s', (adapterClass) =>
    checkGradients({}, {}, adapterClass),
  );
});

describe.each(Object.keys(shapes))('log-probabilities, %s', (name) => {
  const config = tinyConfig(shapes[name]!);
  const weights = randomWeights(config, 21);
  const adapter = randomAdapter(config, 22);
  const trees = randomTrees(config.vocabSize, 23, lengths);

  async function onGpu(
    batch: PackedBatch,
    lora: OracleAdapter | null,
    base = weights,
  ): Promise<Float32Array> {
    const model = await loadOracleModel(await getTestGpu(), config, base);
    const [logprobs] = await scoreBatches(model, lora && flatAdapter(config, f32Adapter(lora)), [batch]);
    return logprobs!;
  }

  it('are those of the oracle: trees, sequences end to end, with the adapter and without', async () => {
    for (const batch of [packTrees(trees), packRows(trees, 3)])
      for (const lora of [adapter, null]) {
        const expected = oracleForward(config, weights, lora, batch);
        expect(largestDifference(await onGpu(batch, lora), expected)).toBeLessThan(LOGPROB_TOLERANCE);
      }
  });

  it('show one weight row times 1.01, a mask integer off by one and a dropped LoRA scale', async () => {
    const batch = packTrees(trees);
    const expected = oracleForward(config, weights, adapter, batch);
    const far = 20 * LOGPROB_TOLERANCE;
    const wrong = new Map(weights);
    const { shape, data } = weights.get('model.layers.0.mlp.up_proj.weight')!;
    wrong.set('model.layers.0.mlp.up_proj.weight', {
      shape,
      data: data.map((value, i) => (i < shape[1]! ? 1.01 * value : value)),
    });
    expect(largestDifference(await onGpu(batch, adapter, wrong), expected)).toBeGreaterThan(far);
    const mask = { ...batch, prefixEnd: batch.prefixEnd.map((end, i) => (i === 15 ? end - 1 : end)) };
    expect(largestDifference(await onGpu(mask, adapter), expected)).toBeGreaterThan(far);
    const unscaled = { ...adapter, options: { ...adapter.options, loraAlpha: adapter.options.r } };
    expect(largestDifference(await onGpu(batch, unscaled), expected)).toBeGreaterThan(far);
  });
});

describe('inputs of the GPU', () => {
  it('rotary frequencies are those of the oracle to a unit in the last place', () => {
    const configs = [null, llama3, { ...llama3, factor: 32, originalMaxPositionEmbeddings: 8192 }].map(
      (ropeScaling) => tinyConfig({ headDim: 64, ropeTheta: 500000, ropeScaling }),
    );
    for (const config of configs)
      inverseFrequencies(config).forEach((frequency, j) => {
        expect(Math.abs(frequency / ropeFrequencies(config)[j]! - 1)).toBeLessThan(4e-7);
      });
  });

  it('visible ranges are the mask, for every query and key', () => {
    const batch = packTrees(randomTrees(9, 1, lengths), 3);
    const { visible, queryEnd, pairs } = visibility(batch, batch.tokens + 2);
    let count = 0;
    for (let i = 0; i < batch.tokens; i++) {
      const [start1, end1, start2, end2] = visible.subarray(4 * i, 4 * i + 4) as unknown as number[];
      for (let j = 0; j < batch.tokens; j++) {
        const first = start1! <= j && j < end1!;
        const second = start2! <= j && j < end2!;
        expect(Number(first) + Number(second), `${i} sees ${j}`).toBe(Number(sees(batch, i, j)));
        if (sees(batch, i, j)) expect(i).toBeLessThan(queryEnd[j]!);
        count += Number(first || second);
      }
    }
    // Two more dead tokens, each of which sees itself.
    expect(pairs).toBe(count + 2);
  });
});

describe('greedy generation', () => {
  it.each(Object.keys(shapes))('chooses what the oracle chooses, %s', async (name) => {
    const config = tinyConfig({ ...shapes[name]!, eosTokenIds: [7, 3] });
    const weights = randomWeights(config, 31);
    const prompts = randomTrees(
      config.vocabSize,
      32,
      [3, 1, 17, 6].map((prompt) => ({ prompt, answers: [] })),
    ).map((tree) => tree.prompt);
    for (const adapter of [null, randomAdapter(config, 33)]) {
      const model = await loadOracleModel(await getTestGpu(), config, weights);
      const tuner = createTuner(model, idCodec, () => performance.now());
      const generated = await tuner.generate(prompts.map(idText), adapter && f32Adapter(adapter), {
        maxNewTokens: 12,
      });
      prompts.forEach((prompt, p) => {
        const expected = oracleGenerate(config, weights, adapter, prompt, 12);
        expect(expected.gap, 'a choice between equals proves nothing').toBeGreaterThan(1e-3);
        expect([...generated[p]!.ids]).toEqual(expected.ids);
        expect(generated[p]!.finish).toBe(expected.finish);
      });
    }
  });

  it('leaves other sequences alone when one ends at its first token', async () => {
    const config = tinyConfig();
    const weights = randomWeights(config, 31);
    const prompts = randomTrees(
      config.vocabSize,
      32,
      [3, 4, 17].map((prompt) => ({ prompt, answers: [] })),
    ).map((tree) => tree.prompt);
    const [first] = oracleGenerate(config, weights, null, prompts[1]!, 1).ids;
    const ending = { ...config, eosTokenIds: [first!] };
    const model = await loadOracleModel(await getTestGpu(), ending, weights);
    const tuner = createTuner(model, idCodec, () => performance.now());
    const generated = await tuner.generate(prompts.map(idText), null, { maxNewTokens: 12 });
    expect(generated[1]).toMatchObject({ finish: 'eos', text: '' });
    for (const i of [0, 2])
      expect([...generated[i]!.ids]).toEqual(oracleGenerate(ending, weights, null, prompts[i]!, 12).ids);
  });
});
