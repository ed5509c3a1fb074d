/**
 * @file The engine against golden numbers of torch, transformers, peft and trl: log-probabilities, LoRA gradients, SFT
 * and DPO runs. `npm run parity` compares more, through the terminal and with the reference stack itself.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diskSource } from '../../src/cli/disk_source.ts';
import type { ByteSource } from '../../src/formats/byte_source.ts';
import { openSafetensors } from '../../src/formats/safetensors.ts';
import type { AdapterClass } from '../../src/gpu/adapter.ts';
import { PROJECTIONS } from '../../src/llama/config.ts';
import { openTuner } from '../../src/train/open_tuner.ts';
import type { Adapter, TrainResult, Tuner } from '../../src/train/tuner.ts';
import { largestDifference, norm, relativeDifference } from '../oracle/compare.ts';
import { getTestGpu } from '../support/gpu.ts';
import { GOLDEN_MODELS, type Golden, type GoldenStep, openGolden } from './golden.ts';

/** What the engine must meet: absolute, relative norm, relative, share of the update's norm. */
const LOGPROB = 1e-4;
const GRADIENT = 1e-4;
const LOSS = 1e-4;
const ADAPTER = 1e-2;

/** Rewards are differences of sums of log-probabilities. */
const REWARD = 1e-3;

/**
 * AdamW with these settings moves every parameter by -SCALE times its gradient in one step (beta 0, and an epsilon that
 * dwarfs the gradient): an adapter after the step shows the gradient to f32's precision.
 */
const SCALE = 1e4;
const EPSILON = 1e8;
const PLAIN_DESCENT = {
  learning_rate: SCALE * EPSILON,
  adam_epsilon: EPSILON,
  adam_beta1: 1e-9,
  adam_beta2: 1e-9,
  max_grad_norm: 0,
  lr_scheduler_type: 'constant',
  warmup_steps: 0,
  max_steps: 1,
  gradient_accumulation_steps: 1,
  per_device_train_batch_size: 64,
};

async function openGoldenTuner(golden: Golden, adapterClass?: AdapterClass, source?: ByteSource) {
  const gpu = await getTestGpu(adapterClass);
  const { tuner } = await openTuner(gpu, source ?? (await diskSource(golden.modelDirectory)), {
    clock: () => performance.now(),
    template: 'none',
  });
  return { tuner, close: () => gpu.ledger.releaseOwner('weights') };
}

/** Largest difference of a log-probability of the scored rows. */
async function logprobDifference(golden: Golden, tuner: Tuner, adapter: Adapter | null): Promise<number> {
  const rows = await tuner.logprobs(golden.scored, adapter);
  const label = adapter ? 'adapter' : 'base';
  const differences = rows.map(async ({ logprobs }, i) =>
    largestDifference(logprobs, await golden.tensor(`logprobs.${label}.${i}`)),
  );
  return Math.max(...(await Promise.all(differences)));
}

/** Relative difference of the worst gradient tensor, from one step of plain descent. */
async function gradientDifference(start: Adapter, result: TrainResult, expected: Map<string, Float32Array>) {
  expect([...result.adapter.tensors.keys()].sort()).toEqual([...expected.keys()].sort());
  const differences = [...expected].map(([name, gradient]) => {
    const after = result.adapter.tensors.get(name)!.data;
    const before = start.tensors.get(name)!.data;
    expect(norm(gradient), name).toBeGreaterThan(1e-6);
    return relativeDifference(
      Float64Array.from(after, (value, i) => (before[i]! - value) / SCALE),
      gradient,
    );
  });
  return Math.max(...differences);
}

const sftGradient = async (golden: Golden, tuner: Tuner, start: Adapter) =>
  tuner.trainSft(
    golden.figures.gradients.sft.rows.map((i) => golden.sft[i]!),
    { ...(await golden.config('sft', PLAIN_DESCENT)), lora: start.options },
    start,
  );

const dpoGradient = async (golden: Golden, tuner: Tuner, start: Adapter, normalisation: 'lf' | 'trl') => {
  const { rows, beta, pref_ftx } = golden.figures.gradients.dpo;
  const changes = { ...PLAIN_DESCENT, beta, pref_ftx, pref_ftx_norm: normalisation };
  const groups = rows.map((i) => golden.dpo[i]!);
  return tuner.trainDpo(groups, await golden.config('dpo', changes), start, 'base');
};

/** Largest relative difference of a figure over all steps. */
function lossDifference(run: TrainResult, expected: readonly GoldenStep[], key: keyof GoldenStep): number {
  expect(run.log.length).toBe(expected.length);
  const figure = (row: object) => (row as Record<string, number>)[key]!;
  return Math.max(...run.log.map((row, i) => Math.abs(figure(row) / figure(expected[i]!) - 1)));
}

/** Norm of final adapter minus the reference's, over the norm of the reference's update. */
async function adapterDifference(golden: Golden, run: TrainResult, method: 'sft' | 'dpo'): Promise<number> {
  const expected = await golden.tensors(`${method}.final.`);
  let sum = 0;
  for (const [name, tensor] of expected)
    sum += (relativeDifference(run.adapter.tensors.get(name)!.data, tensor) * norm(tensor)) ** 2;
  return Math.sqrt(sum) / golden.figures[method].update_norm;
}

describe('the golden models', () => {
  it('are compared on the adapter that is meant', async ({ task }) => {
    const { vendor, device, description } = (await getTestGpu()).adapter;
    const adapter = `${vendor} ${device} ${description}`;
    (task.meta as { adapter?: string }).adapter = adapter;
    expect(adapter).toMatch(/swiftshader/i.test(process.env.VK_ICD_FILENAMES ?? '') ? /swiftshader/i : /./);
  });

  it('are all here', () =>
    expect(GOLDEN_MODELS).toEqual(expect.arrayContaining(['gqa_tied_llama3', 'headdim48', 'mha_untied'])));
});

describe.each(GOLDEN_MODELS)('%s', (name) => {
  let golden: Golden;
  let start: Adapter;
  let tuner: Tuner;
  let close: () => void;

  beforeAll(async () => {
    golden = await openGolden(name);
    start = await golden.adapter();
    ({ tuner, close } = await openGoldenTuner(golden));
  });
  afterAll(() => close());

  it('is the model that the numbers were made with', async () => {
    const { model_sha256 } = golden.figures;
    if (model_sha256 === undefined) expect(golden.modelDirectory).toContain('tests/golden');
    else {
      const weights = await readFile(`${golden.modelDirectory}/model.safetensors`);
      expect(createHash('sha256').update(weights).digest('hex')).toBe(model_sha256);
    }
  });

  it('encodes rows to the same ids', async () => {
    const rows = await tuner.logprobs(golden.scored, null);
    expect(rows.map((r) => ({ ids: [...r.ids], prompt_length: r.promptLength }))).toEqual(
      golden.figures.scored,
    );
  });

  it('has the log-probabilities of the base model and of the adapter', async () => {
    expect(await logprobDifference(golden, tuner, null)).toBeLessThan(LOGPROB);
    expect(await logprobDifference(golden, tuner, start)).toBeLessThan(LOGPROB);
  });

  it('shows a LoRA scale that was dropped', async () => {
    const unscaled = { ...start, options: { ...start.options, loraAlpha: start.options.r } };
    expect(await logprobDifference(golden, tuner, unscaled)).toBeGreaterThan(LOGPROB);
  });

  it('has the gradient of the SFT loss', async () => {
    const run = await sftGradient(golden, tuner, start);
    expect(run.log[0]!.loss / golden.figures.gradients.sft.loss - 1).toBeCloseTo(0, 4);
    const expected = await golden.tensors('gradient.sft.');
    expect(await gradientDifference(start, run, expected)).toBeLessThan(GRADIENT);
  });

  it.each(['lf', 'trl'] as const)(
    'has the gradient of DPO against the base model with SFT as in %s',
    async (norm) => {
      const run = await dpoGradient(golden, tuner, start, norm);
      expect(run.log[0]!.loss / golden.figures.gradients.dpo[norm].loss - 1).toBeCloseTo(0, 4);
      const expected = await golden.tensors(`gradient.dpo_${norm}.`);
      expect(await gradientDifference(start, run, expected)).toBeLessThan(GRADIENT);
      const other = await golden.tensors(`gradient.dpo_${norm === 'lf' ? 'trl' : 'lf'}.`);
      expect(await gradientDifference(start, run, other)).toBeGreaterThan(GRADIENT);
    },
  );

  it('follows the SFT run, and no other order of rows', async () => {
    const config = await golden.config('sft');
    const run = await tuner.trainSft(golden.sft, config, start);
    const expected = golden.figures.sft.log_history;
    expect(expected[0]!.loss - expected.at(-1)!.loss).toBeGreaterThan(0.3);
    for (const key of ['loss', 'grad_norm'] as const)
      expect(lossDifference(run, expected, key), key).toBeLessThan(LOSS);
    expect(run.log.map((row) => row.epoch)).toEqual(expected.map((row) => row.epoch));
    for (const [i, row] of run.log.entries())
      expect(row.learning_rate).toBeCloseTo(expected[i]!.learning_rate, 12);
    expect(await adapterDifference(golden, run, 'sft')).toBeLessThan(ADAPTER);
    const other = await tuner.trainSft(golden.sft, { ...config, seed: config.seed + 1 }, start);
    expect(lossDifference(other, expected, 'loss')).toBeGreaterThan(LOSS);
  });

  it('follows the DPO run, which starts at ln 2', async () => {
    const run = await tuner.trainDpo(golden.dpo, await golden.config('dpo'), start, 'start');
    const expected = golden.figures.dpo.log_history;
    expect(Math.abs(run.log[0]!.dpo_loss! - Math.LN2)).toBeLessThan(1e-5);
    expect(expected.at(-1)!.dpo_loss).toBeLessThan(0.6);
    for (const key of [
      'loss',
      'dpo_loss',
      'sft_loss',
      'grad_norm',
      'logps/chosen',
      'logps/rejected',
    ] as const)
      expect(lossDifference(run, expected, key), key).toBeLessThan(LOSS);
    for (const [i, row] of run.log.entries()) {
      for (const key of ['rewards/chosen', 'rewards/rejected', 'rewards/margins'] as const)
        expect(Math.abs(row[key]! - expected[i]![key]!), key).toBeLessThan(REWARD);
      // Where a margin is 0 but for rounding, rounding decides whether it counts.
      if (expected[i]!.smallest_margin > REWARD)
        expect(row['rewards/accuracies']).toBeCloseTo(expected[i]!['rewards/accuracies']!, 6);
    }
    expect(await adapterDifference(golden, run, 'dpo')).toBeLessThan(ADAPTER);
  });
});

describe('an adapter on one projection alone', () => {
  it.each(PROJECTIONS)('has the gradient of %s', async (projection) => {
    const golden = await openGolden('gqa_tied_llama3');
    const start = await golden.adapter(`adapter_alone/${projection}`);
    const { tuner, close } = await openGoldenTuner(golden);
    try {
      const run = await sftGradient(golden, tuner, start);
      const expected = await golden.tensors(`gradient.alone.${projection}.`);
      expect(await gradientDifference(start, run, expected)).toBeLessThan(GRADIENT);
    } finally {
      close();
    }
  });
});

describe.each(['software', 'gpu'] as const)('kernels meant for adapters of class %s', (adapterClass) => {
  it.each(['gqa_tied_llama3', 'mha_untied'])('have the numbers of %s', async (name) => {
    const golden = await openGolden(name);
    const start = await golden.adapter();
    const { tuner, close } = await openGoldenTuner(golden, adapterClass);
    try {
      expect(await logprobDifference(golden, tuner, start)).toBeLessThan(LOGPROB);
      const run = await dpoGradient(golden, tuner, start, 'lf');
      const expected = await golden.tensors('gradient.dpo_lf.');
      expect(await gradientDifference(start, run, expected)).toBeLessThan(GRADIENT);
    } finally {
      close();
    }
  });
});

describe('one weight row times 1.01', () => {
  it('shows in log-probabilities and gradients', async () => {
    const golden = await openGolden('gqa_tied_llama3');
    const start = await golden.adapter();
    const { tuner, close } = await openGoldenTuner(golden, undefined, await withChangedRow(golden));
    try {
      expect(await logprobDifference(golden, tuner, start)).toBeGreaterThan(LOGPROB);
      const run = await sftGradient(golden, tuner, start);
      const expected = await golden.tensors('gradient.sft.');
      expect(await gradientDifference(start, run, expected)).toBeGreaterThan(GRADIENT);
    } finally {
      close();
    }
  });
});

/** The model's files with the second row of the last layer's v_proj times 1.01. */
async function withChangedRow(golden: Golden): Promise<ByteSource> {
  const source = await diskSource(golden.modelDirectory);
  const info = (await openSafetensors(source)).info('model.layers.1.self_attn.v_proj.weight');
  expect(info.dtype).toBe('F32');
  const columns = info.shape[1]!;
  const file = new Uint8Array(await source.read(info.file));
  const view = new DataView(file.buffer);
  for (let k = 0; k < columns; k++) {
    const at = info.offset + (columns + k) * 4;
    view.setFloat32(at, 1.01 * view.getFloat32(at, true), true);
  }
  return {
    name: source.name,
    list: () => source.list(),
    size: (f) => source.size(f),
    read: async (f, offset = 0, length?: number) =>
      f === info.file
        ? file.slice(offset, length === undefined ? undefined : offset + length)
        : source.read(f, offset, length),
  };
}
