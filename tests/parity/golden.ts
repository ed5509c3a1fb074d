/** @file Golden numbers of the reference stack (tests/golden/README.md), read with the product's own readers. */
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { diskSource } from '../../src/cli/disk_source.ts';
import { readPeft } from '../../src/formats/peft.ts';
import { parsePreferenceRows, parseSftRows } from '../../src/formats/rows.ts';
import { openSafetensors } from '../../src/formats/safetensors.ts';
import { parseTrainConfig } from '../../src/train/config.ts';
import type { Adapter, StepLog, TrainConfig } from '../../src/train/tuner.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GOLDEN = `${ROOT}tests/golden/`;

/** Context of the models, for max_length. */
const CONTEXT = 128;

/** A step of the reference's log_history. */
export interface GoldenStep
  extends Omit<StepLog, 'skipped' | 'tokens' | 'target_tokens' | 'seconds' | 'sft_loss' | 'dpo_loss'> {
  readonly dpo_loss: number;
  readonly sft_loss: number;
  /** Smallest reward margin of a pair in absolute terms. */
  readonly smallest_margin: number;
}

interface GoldenRun {
  readonly log_history: readonly GoldenStep[];
  /** Norm of the final adapter minus the start. */
  readonly update_norm: number;
}

/** golden.json, as far as tests read it. */
interface GoldenFigures {
  readonly model: string;
  readonly model_sha256?: string;
  readonly scored: readonly { readonly ids: readonly number[]; readonly prompt_length: number }[];
  readonly gradients: {
    readonly sft: { readonly rows: readonly number[]; readonly loss: number };
    readonly dpo: {
      readonly rows: readonly number[];
      readonly beta: number;
      readonly pref_ftx: number;
      readonly lf: GoldenStep;
      readonly trl: GoldenStep;
    };
  };
  readonly sft: GoldenRun;
  readonly dpo: GoldenRun;
}

/** Golden models: all directories with numbers. */
export const GOLDEN_MODELS = readdirSync(GOLDEN).filter((name) => existsSync(`${GOLDEN}${name}/golden.json`));

/** One golden directory. */
export async function openGolden(name: string) {
  const directory = `${GOLDEN}${name}`;
  const bytes = (file: string) => readFile(`${directory}/${file}`);
  const json = async (file: string): Promise<unknown> => JSON.parse((await bytes(file)).toString());
  const figures = (await json('golden.json')) as GoldenFigures;
  const index = await openSafetensors(await diskSource(directory), 'golden');
  const own = `${directory}/${figures.model}`;
  return {
    figures,
    modelDirectory: existsSync(own) ? own : `${ROOT}${figures.model}`,
    /** Rows as texts. */
    scored: parseSftRows(await bytes('score.jsonl'), 'score.jsonl'),
    sft: parseSftRows(await bytes('sft.jsonl'), 'sft.jsonl'),
    dpo: parsePreferenceRows(await bytes('dpo.jsonl'), 'dpo.jsonl'),
    config: async (method: 'sft' | 'dpo', changes: object = {}): Promise<TrainConfig> =>
      parseTrainConfig({ ...((await json(`${method}.config.json`)) as object), ...changes }, method, CONTEXT),
    /** A tensor of golden.safetensors. */
    tensor: (key: string) => index.readF32(key),
    /** The tensors whose names begin so, without that beginning. */
    tensors: async (prefix: string): Promise<Map<string, Float32Array>> => {
      const names = index.names().filter((n) => n.startsWith(prefix));
      if (names.length === 0) throw new Error(`${name} has no golden numbers ${prefix}`);
      return new Map(
        await Promise.all(names.map(async (n) => [n.slice(prefix.length), await index.readF32(n)] as const)),
      );
    },
    adapter: async (path = 'adapter_start'): Promise<Adapter> =>
      readPeft(await diskSource(`${directory}/${path}`), null),
  };
}

export type Golden = Awaited<ReturnType<typeof openGolden>>;
