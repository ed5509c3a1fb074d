/** @file Seeded random tiny Llamas and adapters with B != 0 (else every gradient of A is 0). */
import { type LlamaConfig, PROJECTIONS, projectionShape } from '../../src/llama/config.ts';
import type { LoraOptions } from '../../src/train/tuner.ts';
import { loraName, moduleName, type OracleAdapter } from './model.ts';
import type { TokenTree } from './pack.ts';
import { Random } from './random.ts';
import type { Tensor } from './tensor.ts';

/** A tiny configuration: three query heads to a key head, head_dim unlike hidden / heads, tied, unless overridden. */
export function tinyConfig(overrides: Partial<LlamaConfig> = {}): LlamaConfig {
  return {
    hiddenSize: 20,
    intermediateSize: 28,
    numHiddenLayers: 2,
    numAttentionHeads: 3,
    numKeyValueHeads: 1,
    headDim: 8,
    vocabSize: 37,
    rmsNormEps: 1e-5,
    ropeTheta: 10000,
    ropeScaling: null,
    tieWordEmbeddings: true,
    attentionBias: false,
    mlpBias: false,
    maxPositionEmbeddings: 128,
    bosTokenId: 1,
    eosTokenIds: [2],
    ...overrides,
  };
}

/** Weights by Hugging Face names, f32-representable, of a size that makes attention and log-probabilities uneven. */
export function randomWeights(config: LlamaConfig, seed: number): Map<string, Tensor> {
  const random = new Random(seed);
  const weights = new Map<string, Tensor>();
  const put = (name: string, shape: number[], scale: number, mean = 0) =>
    weights.set(name, { shape, data: random.normals(shape[0]! * (shape[1] ?? 1), scale, mean) });
  const { hiddenSize, vocabSize } = config;
  put('model.embed_tokens.weight', [vocabSize, hiddenSize], 1);
  for (let layer = 0; layer < config.numHiddenLayers; layer++) {
    put(`model.layers.${layer}.input_layernorm.weight`, [hiddenSize], 0.2, 1);
    put(`model.layers.${layer}.post_attention_layernorm.weight`, [hiddenSize], 0.2, 1);
    for (const projection of PROJECTIONS) {
      const shape = projectionShape(config, projection);
      put(`${moduleName(layer, projection)}.weight`, [shape.out, shape.in], 1 / Math.sqrt(shape.in));
      const isMlp = ['gate_proj', 'up_proj', 'down_proj'].includes(projection);
      if (isMlp ? config.mlpBias : config.attentionBias)
        put(`${moduleName(layer, projection)}.bias`, [shape.out], 0.3);
    }
  }
  put('model.norm.weight', [hiddenSize], 0.2, 1);
  if (!config.tieWordEmbeddings) put('lm_head.weight', [vocabSize, hiddenSize], 1 / Math.sqrt(hiddenSize));
  return weights;
}

/** An adapter with A and B both different from 0, f32-representable; all seven projections by default. */
export function randomAdapter(
  config: LlamaConfig,
  seed: number,
  overrides: Partial<LoraOptions> = {},
): OracleAdapter {
  const options: LoraOptions = {
    r: 3,
    loraAlpha: 6,
    targetModules: PROJECTIONS,
    useRslora: false,
    ...overrides,
  };
  const random = new Random(seed);
  const tensors = new Map<string, Tensor>();
  for (let layer = 0; layer < config.numHiddenLayers; layer++)
    for (const projection of PROJECTIONS) {
      if (!options.targetModules.includes(projection)) continue;
      const shape = projectionShape(config, projection);
      const put = (which: 'A' | 'B', rows: number, columns: number, scale: number) =>
        tensors.set(loraName(layer, projection, which), {
          shape: [rows, columns],
          data: random.normals(rows * columns, scale),
        });
      put('A', options.r, shape.in, 1 / Math.sqrt(shape.in));
      put('B', shape.out, options.r, 0.1);
    }
  return { options, tensors };
}

/** Trees with random tokens: one prompt length and a list of answer lengths each. */
export function randomTrees(
  vocabSize: number,
  seed: number,
  lengths: readonly { readonly prompt: number; readonly answers: readonly number[] }[],
): TokenTree[] {
  const random = new Random(seed);
  return lengths.map(({ prompt, answers }) => ({
    prompt: [...random.ids(prompt, vocabSize)],
    answers: answers.map((length) => [...random.ids(length, vocabSize)]),
  }));
}
