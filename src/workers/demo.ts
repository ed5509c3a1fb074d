/** @file The demo: which rows of the bundled data it takes, and how it trains. */
import type { World } from '../authors/world.ts';
import type { KnowtuneOptions } from '../knowtuning/pipeline.ts';
import { defaultMethod, type TrainRow } from '../knowtuning/project.ts';
import { SYSTEMS } from '../knowtuning/report.ts';
import type { TestRow } from '../knowtuning/rows.ts';
import { parseTrainConfig } from '../train/config.ts';

/** The first `count` training rows, and as many test questions, a third of each set, about the same things first. */
export function demoRows(
  train: readonly TrainRow[],
  test: readonly TestRow[],
  world: World,
  count: number,
): { readonly train: readonly TrainRow[]; readonly test: readonly TestRow[] } {
  const chosen = train.slice(0, count);
  const taught = new Set(
    [...world.entities.keys()].filter((name) => chosen.some((row) => row.answer.includes(name))),
  );
  const sets = [...new Set(test.map((row) => row.set))];
  const queues = sets.map((set) => {
    const rows = test.filter((row) => row.set === set);
    const near = rows.filter((row) => taught.has(row.entity ?? ''));
    return [...near, ...rows.filter((row) => !near.includes(row))];
  });
  const asked: TestRow[] = [];
  for (let i = 0; asked.length < Math.min(count, test.length); i++) {
    const row = queues[i % queues.length]!.shift();
    if (row) asked.push(row);
  }
  return { train: chosen, test: asked };
}

const LORA = { r: 8, lora_alpha: 16, target_modules: 'all-linear' };
const SFT = {
  ...LORA,
  learning_rate: 2e-3,
  lr_scheduler_type: 'cosine',
  per_device_train_batch_size: 8,
  num_train_epochs: 8,
};
const DPO = {
  ...LORA,
  learning_rate: 3e-4,
  lr_scheduler_type: 'cosine',
  per_device_train_batch_size: 4,
  num_train_epochs: 4,
  beta: 0.1,
  pref_ftx: 0.2,
};

/** How the demo trains; `contextLength` in tokens. */
export function demoOptions(seed: number, contextLength: number): KnowtuneOptions {
  const config = (values: object) => parseTrainConfig({ ...values, seed }, 'demo', contextLength);
  return {
    method: { ...defaultMethod, seed },
    sft: config(SFT),
    stage1: config(SFT),
    stage2: config(DPO),
    reference: 'start',
    systems: SYSTEMS,
    maxNewTokens: 128,
    evaluationBatch: 8,
  };
}
