/** @file Rows of which only some tokens are trained: their targets, and the loss and gradient on them against f64. */
import { afterEach, expect, it } from 'vitest';
import type { PackedBatch } from '../../src/llama/packed_batch.ts';
import { parseTrainConfig } from '../../src/train/config.ts';
import { createTuner } from '../../src/train/engine.ts';
import { pack } from '../../src/train/packing.ts';
import { sftStep, type TokenRow } from '../../src/train/steps.ts';
import { norm } from '../oracle/compare.ts';
import { oracleBackward } from '../oracle/model.ts';
import { packRows } from '../oracle/pack.ts';
import { Random } from '../oracle/random.ts';
import { randomAdapter, randomWeights, tinyConfig } from '../oracle/random_model.ts';
import { getTestGpu } from '../support/gpu.ts';
import { f32Adapter, idCodec, idText, loadOracleModel } from './gpu_model.ts';

const config = tinyConfig();
const random = new Random(3);
/** The first token is always trained: what comes before it belongs to the prompt. */
const masks = [
  [1, 1, 0, 0, 0, 1, 1, 1],
  [1, 0, 1],
  [1, 1, 1, 1],
];
const rows = masks.map((mask, i): TokenRow & { mask: number[] } => ({
  prompt: Uint32Array.from(random.ids(2 + 3 * i, config.vocabSize)),
  completion: Uint32Array.from(random.ids(mask.length, config.vocabSize)),
  trained: mask.includes(0) ? Uint8Array.from(mask) : null,
  mask,
}));
const trainedTokens = masks.flat().reduce((a, b) => a + b, 0);

afterEach(async () => (await getTestGpu()).ledger.releaseOwner('weights'));

/** The same rows packed by hand, with every token of a completion as a target, and a weight of 0 where none is trained. */
const byHand = packRows(
  rows.map(({ prompt, completion }) => ({ prompt: [...prompt], answers: [[...completion]] })),
  0,
);
const handWeights = Float64Array.from(rows.flatMap(({ mask }) => mask.map((t) => t / trainedTokens)));

/** A batch without the last token of each row: it predicts nothing. */
function withoutLastTokens(batch: PackedBatch): PackedBatch {
  const ends = rows.map((_, i) =>
    rows.slice(0, i + 1).reduce((sum, r) => sum + r.prompt.length + r.completion.length, -1),
  );
  const kept = [...batch.ids.keys()].filter((i) => !ends.includes(i));
  const moved = (index: number) => index - ends.filter((end) => end < index).length;
  const of = (values: Uint32Array, map = (value: number) => value) =>
    Uint32Array.from(kept, (i) => map(values[i]!));
  return {
    ...batch,
    tokens: kept.length,
    liveTokens: kept.length,
    ids: of(batch.ids),
    positions: of(batch.positions),
    groupStart: of(batch.groupStart, moved),
    prefixEnd: of(batch.prefixEnd, moved),
    segmentStart: of(batch.segmentStart, moved),
    targetRow: batch.targetRow.map(moved),
  };
}

it('has targets at trained tokens only, and no token that predicts nothing', () => {
  const whole = rows.map(({ prompt, completion }) => ({ prompt, completions: [completion] }));
  const expected = withoutLastTokens(byHand);
  expect(pack(whole, false)).toEqual(expected);
  const masked = rows.map(({ trained }, i) => ({ ...whole[i]!, trained: [trained] }));
  const kept = [...handWeights.keys()].filter((i) => handWeights[i]! > 0);
  expect(pack(masked, false)).toEqual({
    ...expected,
    targetRow: Uint32Array.from(kept, (i) => expected.targetRow[i]!),
    targetToken: Uint32Array.from(kept, (i) => expected.targetToken[i]!),
    targetSequence: Uint32Array.from(kept, (i) => expected.targetSequence[i]!),
  });
});

it('weighs each trained token alike over the whole step', () => {
  const step = sftStep({ epoch: 1, microBatches: [[0, 2], [1]] }, rows, 24);
  expect(step.batches.length).toBeGreaterThan(1);
  expect(step.targetTokens).toBe(trainedTokens);
  const weights = step.batches.flatMap(({ loss }) => [...loss.sftWeight]);
  expect(weights).toEqual(Array(trainedTokens).fill(Math.fround(1 / trainedTokens)));
});

it('has the loss and the gradient of the f64 oracle, and not those of the unmasked rows', async () => {
  const weights = randomWeights(config, 31);
  const adapter = randomAdapter(config, 32);
  const model = await loadOracleModel(await getTestGpu(), config, weights);
  // Rows of ids with a mask behind a bar.
  const codec = {
    ...idCodec,
    encodeRows: async (given: Parameters<typeof idCodec.encodeRows>[0]) =>
      given.map((row) => {
        const { prompt, completion, trained } = rows[Number('prompt' in row && row.completion)]!;
        return {
          ids: Uint32Array.from([...prompt, ...completion]),
          promptLength: prompt.length,
          trained,
        };
      }),
  };
  const tuner = createTuner(model, codec, () => performance.now());
  const trainConfig = parseTrainConfig(
    { max_steps: 1, per_device_train_batch_size: 3, learning_rate: 0, max_grad_norm: 0 },
    'test',
    config.maxPositionEmbeddings,
  );
  const { log } = await tuner.trainSft(
    rows.map((_, i) => ({ prompt: idText([0]), completion: String(i) })),
    trainConfig,
    f32Adapter(adapter),
  );
  const oracle = (sftWeight: Float64Array) => {
    const { sftLoss, gradients } = oracleBackward(config, weights, adapter, byHand, {
      sftWeight,
      pairs: [],
      beta: 0,
      labelSmoothing: 0,
      pairWeight: 0,
    });
    return { loss: sftLoss, gradNorm: Math.hypot(...[...gradients.values()].map(({ data }) => norm(data))) };
  };
  const expected = oracle(handWeights);
  expect(Math.abs(log[0]!.loss - expected.loss)).toBeLessThan(2e-5);
  expect(Math.abs(log[0]!.grad_norm / expected.gradNorm - 1)).toBeLessThan(2e-5);
  expect(log[0]!.target_tokens).toBe(trainedTokens);
  const unmasked = oracle(Float64Array.from(handWeights, () => 1 / handWeights.length));
  expect(Math.abs(unmasked.loss - expected.loss)).toBeGreaterThan(4e-4);
});
