/** @file Plans from the configuration alone: parameters, bytes by format, floating-point operations. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type LlamaConfig, PROJECTIONS } from '../../src/llama/config.ts';
import { flopsPerToken, stepFlops } from '../../src/llama/flops.ts';
import { parseLlamaConfig } from '../../src/llama/parse_config.ts';
import { planTraining } from '../../src/llama/training_plan.ts';
import { parameterCount, planWeights, type WeightChoice } from '../../src/llama/weight_plan.ts';
import { tinyConfig } from '../oracle/random_model.ts';

/** SmolLM2-135M, whose 134,515,008 parameters Transformers counts. */
const smollm2: LlamaConfig = tinyConfig({
  hiddenSize: 576,
  intermediateSize: 1536,
  numHiddenLayers: 30,
  numAttentionHeads: 9,
  numKeyValueHeads: 3,
  headDim: 64,
  vocabSize: 49152,
});

const LIMIT = 128 * 2 ** 20;
const plan = (config: LlamaConfig, weights: WeightChoice, embedding = weights, limit = LIMIT) =>
  planWeights(config, { weights, embedding }, () => 'F32', limit);

describe('parameters', () => {
  it('are those that Transformers counts', () => {
    expect(parameterCount(smollm2)).toBe(134_515_008);
    const json = (file: string) => JSON.parse(readFileSync(`public/model/${file}`, 'utf8'));
    const bundled = parseLlamaConfig(json('config.json'), 'config.json');
    expect(parameterCount(bundled)).toBe(json('pretraining.json').parameters);
  });

  it('count biases and an output embedding of its own', () => {
    const config = tinyConfig();
    const more = { ...config, tieWordEmbeddings: false, attentionBias: true, mlpBias: true };
    const { hiddenSize: H, intermediateSize: M, headDim: D, numHiddenLayers: L } = config;
    const biases = L * (3 * D + 2 * D + H + 2 * M + H);
    expect(parameterCount(more) - parameterCount(config)).toBe(config.vocabSize * H + biases);
  });
});

describe('planned weights', () => {
  it.each([
    ['f32', 32],
    ['f16', 16],
    ['q8_0', 8.5],
    ['q4_0', 4.5],
    ['q4_1', 5],
  ] as const)('take in %s %d bits a weight, norms apart', (format, bits) => {
    const norms = 61 * 576 * 4;
    const { bytes } = plan(smollm2, format);
    const weights = 134_515_008 - 61 * 576;
    expect(bytes).toBe((weights * bits) / 8 + norms);
  });

  it('cut a matrix beyond the binding limit into blocks of whole tiles', () => {
    const limit = 2 ** 20;
    const { matrices } = plan(smollm2, 'q8_0', 'f16', limit);
    for (const { blocks, rows } of matrices) {
      for (const block of blocks) expect(block.dataBytes).toBeLessThanOrEqual(limit);
      for (const block of blocks.slice(0, -1)) expect(block.rows % 64).toBe(0);
      expect(blocks.map((block) => block.first)).toEqual(
        blocks.map((_, i) => blocks.slice(0, i).reduce((sum, block) => sum + block.rows, 0)),
      );
      expect(blocks.reduce((sum, block) => sum + block.rows, 0)).toBe(rows);
    }
    expect(() => plan(smollm2, 'f32', 'f32', 4096)).toThrow(/a row takes/);
  });

  it('name what is converted, and hold small models in f32', () => {
    expect(plan(smollm2, 'q4_0').conversions).toEqual([{ from: 'F32', to: 'q4_0', tensors: 211 }]);
    expect(plan(smollm2, 'native').conversions).toEqual([]);
    const stored = () => 'Q4_K' as const;
    const wide = { ...tinyConfig(), hiddenSize: 32, headDim: 32, intermediateSize: 64 };
    const formats = (choice: WeightChoice, config: LlamaConfig) => {
      const { matrices } = planWeights(config, { weights: choice, embedding: choice }, stored, LIMIT);
      return new Set(matrices.flatMap(({ blocks }) => blocks.map((block) => block.format)));
    };
    expect(formats('auto', wide)).toEqual(new Set(['f32']));
    expect(formats('native', wide)).toEqual(new Set(['q8_0']));
    expect(formats('auto', smollm2)).toEqual(new Set(['q8_0']));
  });
});

describe('a plan of training', () => {
  const training = (weights: WeightChoice, embedding: WeightChoice, tokens: number) =>
    planTraining(smollm2, {
      weights: { weights, embedding },
      stored: () => 'F32',
      lora: { rank: 8, scale: 2, targets: PROJECTIONS },
      tokens,
      sequences: 16,
      bindingLimit: LIMIT,
    });

  it('of SmolLM2 in q4 with 512 tokens fits 240 MB, and recomputes as many layers as a budget calls for', () => {
    for (const [weights, embedding] of [
      ['q4_0', 'q4_0'],
      ['q4_1', 'q8_0'],
    ] as const) {
      const { within } = training(weights, embedding, 512);
      const all = within(0);
      expect(all.layers).toBe(29);
      expect(all.bytes).toBeLessThan(240e6);
      const none = within(Number.POSITIVE_INFINITY);
      expect(none.layers).toBe(0);
      expect(none.extraWork).toBe(0);
      const half = within((all.bytes + none.bytes) / 2);
      expect(half.bytes).toBeLessThanOrEqual((all.bytes + none.bytes) / 2);
      expect(half.layers).toBeGreaterThan(10);
      expect(half.layers).toBeLessThan(20);
      // Work is paid per layer.
      expect(half.extraWork / all.extraWork).toBeCloseTo(half.layers / all.layers, 10);
    }
  });

  it('grows with tokens, but for logits: they take 32 MiB at most', () => {
    const logits = (tokens: number) =>
      training('q4_0', 'q4_0', tokens)
        .within(0)
        .session.find(({ label }) => label === 'logits')!.bytes;
    expect(logits(512)).toBe(512 * 6144 * 4);
    expect(logits(4096)).toBe(2 ** 25);
  });
});

describe('floating-point operations', () => {
  it('of one layer with one adapted projection, counted by hand', () => {
    const config = tinyConfig({
      numHiddenLayers: 1,
      hiddenSize: 8,
      intermediateSize: 12,
      numAttentionHeads: 2,
      numKeyValueHeads: 1,
      headDim: 4,
      vocabSize: 10,
    });
    const flops = flopsPerToken(config, { rank: 3, scale: 1, targets: ['o_proj'] }, 5);
    // q 8x8, k and v 4x8, o 8x8, gate and up 12x8, down 8x12.
    const weights = 64 + 32 + 32 + 64 + 96 + 96 + 96;
    const lora = 3 * (8 + 8);
    // A token sees 3 of 5 on average: 3 keys, 2 heads of 4.
    const seen = 3 * 2 * 4;
    expect(flops.forward).toBe(2 * (weights + lora + 2 * seen + 80));
    expect(flops.backward).toBe(2 * (weights - (64 + 32 + 32) + 2 * lora + 4 * seen + 80));
    expect(flops.recompute).toBe(2 * (3 * seen + 80));
    expect(flops.total).toBe(flops.forward + flops.backward + flops.recompute);
  });

  it('of a step are those of its real tokens, targets and pairs', () => {
    const lora = { rank: 4, scale: 1, targets: ['q_proj', 'down_proj'] } as const;
    const counts = { tokens: 96, targets: 96, visiblePairs: (96 * 97) / 2 };
    const perToken = flopsPerToken(smollm2, lora, 96);
    const step = stepFlops(smollm2, lora, counts);
    expect(step.forward / (96 * perToken.forward)).toBeCloseTo(1, 12);
    expect(step.backward / (96 * perToken.backward)).toBeCloseTo(1, 12);
    // One target less: one row of logits, forward and backward. One pair less: q k and p v, dV dP dQ dK, in each layer.
    const { vocabSize, hiddenSize, numHiddenLayers, numAttentionHeads, headDim } = smollm2;
    const fewer = stepFlops(smollm2, lora, { ...counts, targets: 95 });
    expect(step.forward - fewer.forward).toBe(2 * vocabSize * hiddenSize);
    expect(step.backward - fewer.backward).toBe(2 * vocabSize * hiddenSize);
    const blinder = stepFlops(smollm2, lora, { ...counts, visiblePairs: counts.visiblePairs - 1 });
    const product = 2 * numHiddenLayers * numAttentionHeads * headDim;
    expect(step.forward - blinder.forward).toBe(2 * product);
    expect(step.backward - blinder.backward).toBe(4 * product);
  });

  it('grow with every adapted projection', () => {
    const all = PROJECTIONS.map(
      (_, n) => flopsPerToken(smollm2, { rank: 8, scale: 1, targets: PROJECTIONS.slice(0, n) }, 128).total,
    );
    expect(all.toSorted((a, b) => a - b)).toEqual(all);
    expect(new Set(all).size).toBe(7);
  });
});
