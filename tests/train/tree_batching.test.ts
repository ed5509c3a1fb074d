/** @file DPO with a question's answers as branches of one prefix, and as pairs of whole rows: the same training. */
import { afterEach, describe, expect, it } from 'vitest';
import { downloadTensors } from '../../src/llama/adapter_transfer.ts';
import { parseTrainConfig } from '../../src/train/config.ts';
import { createTuner } from '../../src/train/engine.ts';
import { flatAdapter } from '../../src/train/lora_init.ts';
import { dpoStep, type PreparedStep, type TokenPreference } from '../../src/train/steps.ts';
import { TrainingSession } from '../../src/train/trainer.ts';
import type { StepLog } from '../../src/train/tuner.ts';
import { largestDifference } from '../oracle/compare.ts';
import { Random } from '../oracle/random.ts';
import { randomAdapter, randomWeights, tinyConfig } from '../oracle/random_model.ts';
import { getTestGpu } from '../support/gpu.ts';
import { f32Adapter, idCodec, idText, loadOracleModel } from './gpu_model.ts';

const TOLERANCE = 1e-5;
/** Tokens of a batch: the question of three rejected answers is a tree of 43 tokens, its pairs take up to 34. */
const ROOM = 128;
const NO_ROOM_FOR_A_TREE = 40;

const config = tinyConfig();
const weights = randomWeights(config, 41);
const adapter = f32Adapter(randomAdapter(config, 42));
const random = new Random(43);
const ids = (length: number) => Uint32Array.from(random.ids(length, config.vocabSize));

/** Questions with one, two and three rejected answers, no two of them of one length. */
const questions = [
  { prompt: 7, chosen: 5, rejected: [3] },
  { prompt: 2, chosen: 8, rejected: [1, 11] },
  { prompt: 12, chosen: 13, rejected: [4, 7, 11] },
].map(
  ({ prompt, chosen, rejected }, i): TokenPreference => ({
    prompt: ids(prompt),
    chosen: ids(chosen),
    rejected: rejected.map(ids),
    referenceChosen: -4 * chosen + i,
    referenceRejected: rejected.map((length, k) => -4 * length - k),
  }),
);
const trainConfig = parseTrainConfig(
  {
    max_steps: 4,
    per_device_train_batch_size: 2,
    gradient_accumulation_steps: 2,
    learning_rate: 2e-3,
    lr_scheduler_type: 'constant',
    pref_ftx: 0.2,
  },
  'test',
  config.maxPositionEmbeddings,
);

const step = (cap: number, tree: boolean, norm: 'lf' | 'trl' = 'lf') =>
  dpoStep(
    { epoch: 1, microBatches: [[2, 0], [1]] },
    questions,
    { ...trainConfig, prefFtxNorm: norm },
    cap,
    tree,
  );

afterEach(async () => (await getTestGpu()).ledger.releaseOwner('weights'));

async function gradients(prepared: PreparedStep): Promise<Float32Array> {
  const gpu = await getTestGpu();
  const model = await loadOracleModel(gpu, config, weights);
  const { layout, parameters } = flatAdapter(config, adapter);
  const session = await TrainingSession.create(model, layout, parameters, [prepared], trainConfig);
  try {
    await session.submitGradients(prepared);
    const tensors = await downloadTensors(gpu, layout, session.workspace.buffer('gradient'));
    return Float32Array.from([...tensors.values()].flatMap(({ data }) => [...data]));
  } finally {
    session.release();
    gpu.ledger.releaseOwner('weights');
  }
}

async function train(treeBatching: boolean, batchTokens: number, rows = questions): Promise<StepLog[]> {
  const model = await loadOracleModel(await getTestGpu(), config, weights);
  const tuner = createTuner(model, idCodec, () => performance.now(), { treeBatching, batchTokens });
  const groups = rows.map(({ prompt, chosen, rejected }) => ({
    prompt: idText(prompt),
    chosen: idText(chosen),
    rejected: rejected.map(idText),
  }));
  const { log } = await tuner.trainDpo(groups, trainConfig, adapter, 'start');
  model.gpu.ledger.releaseOwner('weights');
  return [...log];
}

const sequences = ({ batches }: PreparedStep) => batches.map(({ batch }) => batch.sequences);
const MEASURED = [
  'loss',
  'grad_norm',
  'dpo_loss',
  'sft_loss',
  'rewards/margins',
  'rewards/accuracies',
  'logps/chosen',
  'logps/rejected',
] as const;

function expectEqual(actual: readonly StepLog[], expected: readonly StepLog[]): void {
  expect(actual).toHaveLength(trainConfig.maxSteps);
  expected.forEach((entry, i) => {
    for (const name of MEASURED) {
      // At first policy and reference are the same: which reward is larger is a matter of rounding.
      if (i === 0 && name === 'rewards/accuracies') continue;
      const [a, b] = [actual[i]![name]!, entry[name]!];
      expect(Math.abs(a - b) / Math.max(1, Math.abs(b)), `${name} of step ${i + 1}`).toBeLessThan(TOLERANCE);
    }
  });
}

describe('a step of DPO', () => {
  it('has one sequence per answer as trees, and two per pair without', () => {
    expect(sequences(step(ROOM, true))).toEqual([9]);
    expect(sequences(step(ROOM, false)).reduce((a, b) => a + b)).toBe(12);
    expect(step(ROOM, true).tokens).toBeLessThan(0.6 * step(ROOM, false).tokens);
  });

  it('takes a tree that does not fit for its pairs', () => {
    const prepared = step(NO_ROOM_FOR_A_TREE, true);
    expect(sequences(prepared)).toEqual([2, 2, 2, 5]);
    for (const { batch } of prepared.batches) expect(batch.tokens).toBeLessThanOrEqual(NO_ROOM_FOR_A_TREE);
  });

  it.each(['lf', 'trl'] as const)('has the same gradient either way, pref_ftx_norm %s', async (norm) => {
    const pairs = await gradients(step(ROOM, false, norm));
    const largest = pairs.reduce((m, g) => Math.max(m, Math.abs(g)), 0);
    expect(largest).toBeGreaterThan(1e-3);
    for (const cap of [ROOM, NO_ROOM_FOR_A_TREE])
      expect(largestDifference(await gradients(step(cap, true, norm)), pairs)).toBeLessThan(
        TOLERANCE * largest,
      );
  });
});

describe('training by DPO', () => {
  it('has the same figures at every step, as trees, as pairs, and where a tree does not fit', async () => {
    const pairs = await train(false, ROOM);
    const trees = await train(true, ROOM);
    expectEqual(trees, pairs);
    expectEqual(await train(true, NO_ROOM_FOR_A_TREE), pairs);
    expect(Math.abs(pairs.at(-1)!.loss - pairs[0]!.loss)).toBeGreaterThan(1000 * TOLERANCE);
    expect(trees[0]!.tokens).toBeLessThan(pairs[0]!.tokens);
  });

  it('shows a token of one rejected answer that differs', async () => {
    const wrong = questions.map((question, i) =>
      i < 2
        ? question
        : { ...question, rejected: question.rejected.map((r, k) => (k < 2 ? r : r.with(3, r[3]! ^ 1))) },
    );
    const [pairs, other] = [await train(false, ROOM), await train(true, ROOM, wrong)];
    expect(() => expectEqual(other, pairs)).toThrow();
  });
});
