/**
 * @file The whole model from stored weights of every format against the f64 oracle on the same dequantised weights:
 * log-probabilities, gradients, generation, and the ledger's bytes against the plan's, also where blocks are so small
 * that every matrix lies in several.
 */
import { describe, expect, it } from 'vitest';
import type { StoredType, TensorSource } from '../../src/formats/tensor_source.ts';
import { downloadTensors } from '../../src/llama/adapter_transfer.ts';
import type { LlamaConfig } from '../../src/llama/config.ts';
import { type LlamaModel, loadLlama } from '../../src/llama/model.ts';
import { scoreBatches } from '../../src/llama/scoring.ts';
import type { WeightChoice } from '../../src/llama/weight_plan.ts';
import { WEIGHT_FORMATS, type WeightFormat } from '../../src/ops/weight_matrix.ts';
import { createTuner } from '../../src/train/engine.ts';
import { flatAdapter } from '../../src/train/lora_init.ts';
import { TrainingSession } from '../../src/train/trainer.ts';
import { largestDifference, relativeDifference } from '../oracle/compare.ts';
import { oracleGenerate } from '../oracle/generate.ts';
import { dpoSpec } from '../oracle/losses.ts';
import { type OracleWeights, oracleBackward, oracleForward } from '../oracle/model.ts';
import { packTrees } from '../oracle/pack.ts';
import { Random } from '../oracle/random.ts';
import { randomAdapter, randomTrees, randomWeights, tinyConfig } from '../oracle/random_model.ts';
import { BLOCK_BYTES, randomStored, storedValues } from '../oracle/weight_blocks.ts';
import { createTestGpu } from '../support/gpu.ts';
import { f32Adapter, idCodec, idText, oracleSource } from './gpu_model.ts';

const LOGPROB_TOLERANCE = 2e-5;
const GRADIENT_TOLERANCE = 2e-5;

const config = tinyConfig({
  hiddenSize: 64,
  intermediateSize: 96,
  headDim: 32,
  vocabSize: 133,
  eosTokenIds: [2],
});
const UPPER: Readonly<Record<WeightFormat, StoredType>> = {
  f32: 'F32',
  f16: 'F16',
  q8_0: 'Q8_0',
  q4_0: 'Q4_0',
  q4_1: 'Q4_1',
};

/** A checkpoint whose matrices are stored in the formats that `formatOf` says, and the weights they mean. */
function storedModel(model: LlamaConfig, formatOf: (name: string) => WeightFormat) {
  const random = new Random(4);
  const plain = randomWeights(model, 3);
  const weights = new Map(plain);
  const stored = new Map<string, { format: WeightFormat; bytes: Uint8Array<ArrayBuffer> }>();
  for (const [name, { shape, data }] of plain) {
    if (shape.length !== 2) continue;
    const format = formatOf(name);
    const bytes = randomStored(format, data.length, random);
    stored.set(name, { format, bytes });
    weights.set(name, { shape, data: storedValues(format, bytes) });
  }
  const whole = oracleSource(weights);
  const source: TensorSource = {
    ...whole,
    type: (name) => (stored.has(name) ? UPPER[stored.get(name)!.format] : whole.type(name)),
    readStored: async (name, rowStart = 0, rowCount) => {
      const { format, bytes } = stored.get(name)!;
      const columns = weights.get(name)!.shape[1]!;
      const rowBytes =
        format === 'f32' || format === 'f16'
          ? columns * (format === 'f32' ? 4 : 2)
          : (columns / 32) * BLOCK_BYTES[format];
      const end = rowCount === undefined ? bytes.length : (rowStart + rowCount) * rowBytes;
      return bytes.slice(rowStart * rowBytes, end);
    },
  };
  return { weights: weights as OracleWeights, source };
}

const trees = randomTrees(config.vocabSize, 13, [
  { prompt: 5, answers: [4, 3, 1, 6] },
  { prompt: 1, answers: [2, 5] },
]);
const batch = packTrees(trees);
const pairs = [
  [0, 1],
  [0, 2],
  [0, 3],
  [4, 5],
].map(([chosen, rejected]) => ({
  chosen: chosen!,
  rejected: rejected!,
  referenceChosen: -11.5,
  referenceRejected: -12,
}));

async function withModel<T>(
  source: TensorSource,
  choice: WeightChoice,
  weightBlockBytes: number | undefined,
  use: (model: LlamaModel) => Promise<T>,
): Promise<T> {
  const gpu = await createTestGpu(undefined, weightBlockBytes === undefined ? {} : { weightBlockBytes });
  try {
    const model = await loadLlama(gpu, config, source, { weights: choice });
    expect(gpu.ledger.bytes).toBe(model.weights.plan.bytes);
    return await use(model);
  } finally {
    gpu.destroy();
  }
}

async function check(
  source: TensorSource,
  weights: OracleWeights,
  weightBlockBytes?: number,
  choice: WeightChoice = 'native',
) {
  const adapter = randomAdapter(config, 12);
  const spec = dpoSpec(batch, pairs, { beta: 0.1, gamma: 0.2, norm: 'lf', pairsOfStep: pairs.length });
  const expected = oracleBackward(config, weights, adapter, batch, spec);
  const step = {
    epoch: 0,
    batches: [{ batch, loss: { ...spec, sftWeight: Float32Array.from(spec.sftWeight) } }],
    tokens: batch.liveTokens,
    targetTokens: 0,
  };
  await withModel(source, choice, weightBlockBytes, async (model) => {
    if (weightBlockBytes !== undefined)
      for (const { blocks } of model.weights.plan.matrices) expect(blocks.length).toBeGreaterThan(1);
    const { layout, parameters } = flatAdapter(config, f32Adapter(adapter));
    const [logprobs] = await scoreBatches(model, { layout, parameters }, [batch]);
    expect(largestDifference(logprobs!, expected.logprobs)).toBeLessThan(LOGPROB_TOLERANCE);
    const optimizer = { adamBeta1: 0.9, adamBeta2: 0.999, adamEpsilon: 1e-8, weightDecay: 0 };
    const session = await TrainingSession.create(model, layout, parameters, [step], optimizer);
    await session.submitGradients(step);
    const actual = await downloadTensors(model.gpu, layout, session.workspace.buffer('gradient'));
    session.release();
    for (const [name, { data }] of expected.gradients)
      expect(relativeDifference(actual.get(name)!.data, data), name).toBeLessThan(GRADIENT_TOLERANCE);
    const tuner = createTuner(model, idCodec, () => performance.now());
    const prompts = trees.map((tree) => tree.prompt);
    const generated = await tuner.generate(prompts.map(idText), f32Adapter(adapter), { maxNewTokens: 8 });
    prompts.forEach((prompt, i) => {
      const reference = oracleGenerate(config, weights, adapter, prompt, 8);
      expect(reference.gap).toBeGreaterThan(1e-4);
      expect([...generated[i]!.ids]).toEqual(reference.ids);
    });
  });
}

describe.each([...WEIGHT_FORMATS])('weights stored and held in %s', (format) => {
  it('have the numbers of the oracle, and take the bytes of the plan', async () => {
    const { weights, source } = storedModel(config, () => format);
    await check(source, weights);
  });
});

describe('weights of mixed formats', () => {
  const formats = [...WEIGHT_FORMATS];
  const mixed = storedModel(
    config,
    (name) => formats[[...name].reduce((sum, c) => sum + c.charCodeAt(0), 0) % 5]!,
  );

  it('have the numbers of the oracle', () => check(mixed.source, mixed.weights));

  it('have them in blocks of rows, where blocks are of 2 kB', () => check(mixed.source, mixed.weights, 2048));

  it('show one row of weights that is not what was stored', async () => {
    const wrong: TensorSource = {
      ...mixed.source,
      readStored: async (name, ...rows) => {
        const bytes = await mixed.source.readStored(name, ...rows);
        // The last row's blocks are those of the row before it.
        const rowBytes = bytes.length / mixed.weights.get(name)!.shape[0]!;
        if (name === 'model.layers.1.mlp.up_proj.weight')
          bytes.copyWithin(bytes.length - rowBytes, 0, rowBytes);
        return bytes;
      },
    };
    await expect(check(wrong, mixed.weights)).rejects.toThrow(/to be less than/);
  });
});

describe('weights that are converted', () => {
  it.each(['f16', 'q8_0', 'q4_0', 'q4_1'] as const)(
    'to %s stay near, and take the bytes of the plan',
    async (format) => {
      const { weights, source } = storedModel(config, () => 'f32');
      const expected = oracleForward(config, weights, null, batch);
      const apart = await withModel(source, format, undefined, async (model) => {
        const [logprobs] = await scoreBatches(model, null, [batch]);
        return relativeDifference(logprobs!, expected);
      });
      // Rounded to 11, 8 and 4 bits: near, and not the same.
      const bound = { f16: 1e-3, q8_0: 2e-2, q4_0: 0.3, q4_1: 0.3 }[format];
      expect(apart).toBeLessThan(bound);
      expect(apart).toBeGreaterThan(bound / 1e3);
    },
  );

  it('fall back to f16 where rows are no whole blocks, and to f32 where they are odd', async () => {
    const odd = tinyConfig({ hiddenSize: 20, intermediateSize: 27 });
    const gpu = await createTestGpu();
    const model = await loadLlama(gpu, odd, oracleSource(randomWeights(odd, 1)), { weights: 'q8_0' });
    const format = (group: 'gateUp' | 'down') => model.weights.layers[0]![group].blocks[0]!.format;
    expect([format('gateUp'), format('down')]).toEqual(['f16', 'f32']);
    gpu.destroy();
  });
});
