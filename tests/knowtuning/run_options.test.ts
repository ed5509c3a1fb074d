/** @file Settings of a run: what facts take, what the user changes, and what cannot be set. */
import { describe, expect, it } from 'vitest';
import { demoOptions } from '../../src/knowtuning/demo.ts';
import { parseStageConfigs, runOptions } from '../../src/knowtuning/run_options.ts';

const input = { seed: 4, contextLength: 512, facts: false, configs: {}, place: 'settings' };

describe('runOptions', () => {
  it("are the demo's where nothing is said", () => {
    expect(runOptions(input)).toEqual(demoOptions(4, 512));
  });

  it('train longer on facts, but for Stage II', () => {
    const { sft, stage1, stage2 } = runOptions({ ...input, facts: true });
    const demo = demoOptions(4, 512);
    expect(sft).toEqual({ ...demo.sft, numTrainEpochs: 20, learningRate: 4e-3 });
    expect(stage1).toEqual(sft);
    expect(stage2).toEqual(demo.stage2);
  });

  it('take what the user sets of one training, before what facts take', () => {
    const configs = { stage1: { num_train_epochs: 2 } };
    const { sft, stage1 } = runOptions({ ...input, facts: true, configs });
    expect([sft.numTrainEpochs, stage1.numTrainEpochs]).toEqual([20, 2]);
    expect(stage1.learningRate).toBe(4e-3);
  });

  it('name the training whose key is unknown', () => {
    const configs = { stage2: { lerning_rate: 1 } };
    expect(() => runOptions({ ...input, configs })).toThrow('settings stage2: lerning_rate');
  });
});

describe('parseStageConfigs', () => {
  it('refuses what is no object of objects, and stages that there are not', () => {
    expect(parseStageConfigs({ sft: {} }, 'c')).toEqual({ sft: {} });
    expect(() => parseStageConfigs([], 'c')).toThrow(/^c.*is not a JSON object/);
    expect(() => parseStageConfigs({ stage3: {} }, 'c')).toThrow(/^c: stage3.*is no stage/);
    expect(() => parseStageConfigs({ sft: 3 }, 'c')).toThrow(/^c: sft.*is not an object/);
  });
});
