/** @file What a run writes and what configures it: trainer_state.json, zip, and the keys of --config. */
import { unzipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/formats/input_error.ts';
import { sortedJson } from '../../src/formats/sorted_json.ts';
import { trainerState } from '../../src/formats/trainer_state.ts';
import { zipFiles } from '../../src/formats/zip.ts';
import { CONFIG_KEYS, parseTrainConfig } from '../../src/train/config.ts';
import type { StepLog } from '../../src/train/tuner.ts';

const step = (n: number, loss: number): StepLog => ({
  step: n,
  epoch: n / 2,
  loss,
  grad_norm: 1 / 3,
  learning_rate: 5e-5,
  skipped: false,
  tokens: 10,
  target_tokens: 4,
  seconds: 0.5,
  flops_per_second: 2e9,
  mfu: 1,
  'rewards/margins': 0,
});

it("writes json.dumps' form", () => {
  // json.dumps({"b": [], "a": {"é": 1.0, "c": [1, None, True]}, "d": {}}, indent=2, sort_keys=True)
  expect(sortedJson({ b: [], a: { é: 1, c: [1, null, true] }, d: {} }, new Set(['é']))).toBe(
    '{\n  "a": {\n    "c": [\n      1,\n      null,\n      true\n    ],\n    "\\u00e9": 1.0\n  },\n  "b": [],\n  "d": {}\n}',
  );
  expect(() => sortedJson({ a: Number.NaN })).toThrow(RangeError);
});

it('writes trainer_state.json unrounded', () => {
  const text = trainerState([step(1, 0.1 + 0.2), step(2, Number.NaN)], 4, {
    numTrainEpochs: 2,
    perDeviceTrainBatchSize: 3,
  });
  const state = JSON.parse(text) as Record<string, unknown> & { log_history: Record<string, unknown>[] };
  expect(Object.keys(state)).toEqual(Object.keys(state).sort());
  expect(state).toMatchObject({
    epoch: 1,
    global_step: 2,
    max_steps: 4,
    num_train_epochs: 2,
    train_batch_size: 3,
    num_input_tokens_seen: 20,
  });
  expect(state.log_history[0]).toMatchObject({
    loss: 0.30000000000000004,
    grad_norm: 1 / 3,
    'rewards/margins': 0,
  });
  expect(state.log_history[1]!.loss).toBeNull();
  expect(text).toContain('"rewards/margins": 0.0,');
  expect(text).toContain('"mfu": 1.0,');
});

it('zips alike whatever the clock says, and back', () => {
  const files = new Map([
    ['b', new Uint8Array([1, 2])],
    ['a', new Uint8Array()],
  ]);
  const zip = zipFiles(files, 'adapter');
  expect(zipFiles(new Map([...files].reverse()), 'adapter')).toEqual(zip);
  expect(unzipSync(zip)).toEqual({ 'adapter/a': new Uint8Array(), 'adapter/b': new Uint8Array([1, 2]) });
  expect(new DataView(zip.buffer).getUint32(10, true)).toBe((1 << 21) | (1 << 16));
});

describe('parseTrainConfig', () => {
  const parse = (json: unknown) => parseTrainConfig(json, 'run.json', 512);
  it("has Transformers' and PEFT's defaults", () => {
    expect(parse({})).toEqual({
      learningRate: 5e-5,
      numTrainEpochs: 3,
      maxSteps: -1,
      perDeviceTrainBatchSize: 8,
      gradientAccumulationSteps: 1,
      lrSchedulerType: 'linear',
      warmupSteps: 0,
      weightDecay: 0,
      maxGradNorm: 1,
      adamBeta1: 0.9,
      adamBeta2: 0.999,
      adamEpsilon: 1e-8,
      seed: 42,
      lora: { r: 8, loraAlpha: 8, targetModules: ['q_proj', 'v_proj'], useRslora: false },
      beta: 0.1,
      prefFtx: 0,
      prefFtxNorm: 'lf',
      trainOn: 'all',
      labelSmoothing: 0,
      maxLength: 512,
    });
  });
  it('has defaults that its own checks accept, and help for each', () => {
    expect(parse(Object.fromEntries(CONFIG_KEYS.map((k) => [k.key, k.default])))).toEqual(parse({}));
    for (const { help, expects } of CONFIG_KEYS)
      expect(Math.min(help.length, expects.length)).toBeGreaterThan(1);
  });
  it('takes all-linear and a share of warm-up', () => {
    const config = parse({ target_modules: 'all-linear', warmup_steps: 0.1, max_length: 100 });
    expect(config.lora.targetModules).toHaveLength(7);
    expect([config.warmupSteps, config.maxLength]).toEqual([0.1, 100]);
  });
  it.each<[unknown, RegExp]>([
    [{ learning_rat: 1 }, /^run\.json: learning_rat: is not a known key\. Did you mean learning_rate\?/],
    [{ lora_r: 4 }, /lora_r: is not a known key/],
    [JSON.parse('{"__proto__": 1}'), /__proto__: is not a known key/],
    [{ constructor: 1 }, /constructor: is not a known key/],
    [{ r: 0 }, /^run\.json: r: 0 is not allowed\. It must be an integer >= 1/],
    [{ r: -1 }, /r: -1/],
    [{ r: 1.5 }, /r: 1\.5/],
    [{ r: '8' }, /r: "8"/],
    [{ learning_rate: -1 }, /learning_rate: -1/],
    [{ warmup_steps: -1 }, /warmup_steps: -1/],
    [{ warmup_steps: 1.5 }, /warmup_steps: 1\.5/],
    [{ per_device_train_batch_size: 0 }, /per_device_train_batch_size: 0/],
    [{ lora_dropout: 0.1 }, /lora_dropout: 0\.1 is not allowed.*not implemented/],
    [{ target_modules: ['lm_head'] }, /target_modules/],
    [{ target_modules: ['q_proj', 'q_proj'] }, /without repetition/],
    [{ target_modules: [] }, /target_modules/],
    [{ max_length: 513 }, /context of 512/],
    [{ max_steps: 0 }, /max_steps: 0/],
    [[], /not a JSON object/],
    [null, /not a JSON object/],
  ])('refuses %j', (json, message) => {
    expect(() => parse(json)).toThrow(InputError);
    expect(() => parse(json)).toThrow(message);
  });
});
