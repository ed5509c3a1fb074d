/** @file Settings of a whole run: the demo's, with what a list of facts takes, and what the user changes of them. */
import { InputError } from '../formats/input_error.ts';
import { parseTrainConfig } from '../train/config.ts';
import { trainConfigToJson } from '../train/config_json.ts';
import { demoOptions } from './demo.ts';
import type { KnowtuneOptions } from './options.ts';
import { FACT_TRAINING } from './ten_facts.ts';

/** The three trainings of a run. */
export const STAGES = ['sft', 'stage1', 'stage2'] as const;
export type Stage = (typeof STAGES)[number];

/** What the user sets of each training, with the keys of `train`. */
export type StageConfigs = Readonly<Partial<Record<Stage, object>>>;

/** @throws InputError for what is no object of objects, and for a stage that there is not */
export function parseStageConfigs(json: unknown, place: string): StageConfigs {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw new InputError(
      place,
      'is not a JSON object.',
      'Write {"sft": {...}, "stage1": {...}, "stage2": {...}}.',
    );
  for (const [stage, value] of Object.entries(json)) {
    if (!STAGES.includes(stage as Stage))
      throw new InputError(`${place}: ${stage}`, 'is no stage.', 'There are sft, stage1 and stage2.');
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      throw new InputError(
        `${place}: ${stage}`,
        'is not an object.',
        "Give it the keys of `train`'s --config.",
      );
  }
  return json;
}

export interface RunOptionsInput {
  readonly seed: number;
  /** Of the model, in tokens. */
  readonly contextLength: number;
  /** Whether a list of facts is learned, which takes more. */
  readonly facts: boolean;
  readonly configs: StageConfigs;
  /** Where the configs come from, for messages. */
  readonly place: string;
}

/** @throws InputError for a key of a config that is not known, or a value that cannot be */
export function runOptions({ seed, contextLength, facts, configs, place }: RunOptionsInput): KnowtuneOptions {
  const base = demoOptions(seed, contextLength);
  const own = (stage: Stage) => (facts && stage !== 'stage2' ? FACT_TRAINING : {});
  const config = (stage: Stage) =>
    parseTrainConfig(
      { ...trainConfigToJson(base[stage]), ...own(stage), ...configs[stage] },
      `${place} ${stage}`,
      contextLength,
    );
  return { ...base, sft: config('sft'), stage1: config('stage1'), stage2: config('stage2') };
}
