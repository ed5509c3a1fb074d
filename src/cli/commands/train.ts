/** @file `train`: SFT or DPO on rows of a file; writes a PEFT adapter, trainer_state.json and run.json. */
import { InputError } from '../../formats/input_error.ts';
import { parseJson } from '../../formats/json.ts';
import { writePeft } from '../../formats/peft.ts';
import { trainerState } from '../../formats/trainer_state.ts';
import { kernelVariants } from '../../ops/kernel_variants.ts';
import { matmulRate } from '../../ops/matmul_rate.ts';
import { DATE_STRING } from '../../text/jinja_environment.ts';
import { parseTrainConfig } from '../../train/config.ts';
import { trainConfigToJson } from '../../train/config_json.ts';
import type {
  Adapter,
  OnStep,
  ReferencePolicy,
  StepLog,
  TrainConfig,
  TrainResult,
} from '../../train/tuner.ts';
import type { Options } from '../arguments.ts';
import type { Command } from '../command.ts';
import { DATA_HELP } from '../data_input.ts';
import { DATA_OPTIONS, readData } from '../data_options.ts';
import {
  ADAPTER_OPTION,
  BUDGET_OPTION,
  MODEL_OPTIONS,
  openAdapter,
  openModel,
  readInput,
  TREE_OPTION,
  treeBatching,
} from '../open_model.ts';
import { writeDirectory } from '../output_directory.ts';
import { weightsReport } from './doctor.ts';

/** Keys of --config that an adapter given by --adapter decides. */
const ADAPTER_KEYS = ['r', 'lora_alpha', 'target_modules', 'use_rslora'] as const;

export const train: Command = {
  summary: 'fine-tune by SFT or DPO; writes a PEFT adapter, trainer_state.json and run.json',
  options: {
    method: { required: true, choices: ['sft', 'dpo'], help: 'the loss' },
    ...MODEL_OPTIONS,
    ...BUDGET_OPTION,
    ...TREE_OPTION,
    ...ADAPTER_OPTION,
    reference: { default: 'start', help: 'reference of DPO: start, base, or a PEFT directory' },
    data: {
      required: true,
      help: `JSONL, JSON, CSV or Parquet: prompt and completion, Alpaca, chat messages, ShareGPT; for DPO prompt, chosen and rejected, or OpenAI preference; ${DATA_HELP}`,
    },
    ...DATA_OPTIONS,
    config: { help: "JSON of training options under Transformers' and PEFT's names" },
    out: { required: true, help: 'directory for the result' },
  },
  async run(options, progress) {
    const method = options.get('method') as 'sft' | 'dpo';
    const dataPath = options.get('data');
    const configPath = options.maybe('config');
    const configPlace = configPath ?? '--config';
    const given = configPath === undefined ? {} : parseJson(await readInput(configPath), configPath);
    const rows = method === 'sft' ? await readData(options, 'sft', progress) : null;
    const groups = method === 'dpo' ? await readData(options, 'preference', progress) : null;
    const data = (rows ?? groups)!;
    const opened = await openModel(options);
    try {
      let config = parseTrainConfig(given, configPlace, opened.config.maxPositionEmbeddings);
      const start = await openAdapter(options, opened);
      if (start) config = withAdapter(config, given as Readonly<Record<string, unknown>>, start, configPlace);
      const reference = await openReference(options, opened);
      const started = new Date();
      const onStep: OnStep = (log, total) =>
        progress(
          `step ${log.step}/${total}  loss ${log.loss.toFixed(4)}  grad_norm ${log.grad_norm.toFixed(3)}${log.skipped ? '  skipped: the gradient is not finite' : ''}  ${(log.tokens / Math.max(1e-9, log.seconds / log.step)).toFixed(0)} tokens/s${log.mfu === undefined ? '' : `  mfu ${(100 * log.mfu).toFixed(0)} %`}`,
        );
      // Measured now: its buffers are no part of the training's.
      await matmulRate(opened.gpu, () => performance.now());
      opened.gpu.ledger.resetPeak();
      const result = await data.run(() =>
        rows
          ? opened.tuner.trainSft(rows.rows, config, start, onStep)
          : opened.tuner.trainDpo(groups!.rows, config, start, reference, onStep),
      );
      const summary = summarize(result, opened.tuner.memory().peakBytes);
      const manifest = {
        tool: 'TabTune',
        method,
        started: started.toISOString(),
        finished: new Date().toISOString(),
        model: { name: options.get('model'), config_sha256: opened.configSha256 },
        template: opened.template,
        // What a chat template that prints the day was told.
        ...(opened.template === 'auto' ? { date_string: DATE_STRING } : {}),
        data: {
          name: dataPath,
          rows: data.rows.length,
          ...data.manifest,
        },
        ...(method === 'dpo'
          ? {
              reference: options.get('reference'),
              tree_batching: treeBatching(options),
              rows_are: 'questions: rows of one prompt and chosen answer',
            }
          : {}),
        start_adapter: options.maybe('adapter') ?? null,
        config: trainConfigToJson(config),
        adapter: opened.gpu.adapter,
        kernels: kernelVariants(opened.gpu),
        weights: weightsReport(opened.model),
        summary,
        order: result.order,
      };
      await writeDirectory(
        options.get('out'),
        adapterFiles(result, config, opened.baseModel, manifest, [method, 'tabtune']),
      );
      return { out: options.get('out'), ...summary, log_history: result.log };
    } finally {
      opened.gpu.destroy();
    }
  },
  text(result: {
    out: string;
    steps: number;
    first_loss: number;
    last_loss: number;
    tokens_per_second: number;
  }) {
    return `${result.steps} steps, loss ${result.first_loss.toFixed(4)} -> ${result.last_loss.toFixed(4)}, ${result.tokens_per_second.toFixed(0)} tokens per second; adapter in ${result.out}`;
  },
};

/** The adapter decides rank, alpha and targets; a configuration that says otherwise is refused. */
function withAdapter(
  config: TrainConfig,
  given: Readonly<Record<string, unknown>>,
  start: Adapter,
  place: string,
): TrainConfig {
  const said = trainConfigToJson(config);
  const merged = { ...config, lora: start.options };
  const actual = trainConfigToJson(merged);
  for (const key of ADAPTER_KEYS)
    if (key in given && JSON.stringify(said[key]) !== JSON.stringify(actual[key]))
      throw new InputError(
        `${place}: ${key}`,
        `is ${JSON.stringify(said[key])}, but the adapter of --adapter has ${JSON.stringify(actual[key])}.`,
        `Leave ${key} out, or start without --adapter.`,
      );
  return merged;
}

async function openReference(
  options: Options,
  opened: Awaited<ReturnType<typeof openModel>>,
): Promise<ReferencePolicy> {
  const reference = options.get('reference');
  if (reference === 'start' || reference === 'base') return reference;
  return (await openAdapter(options, opened, 'reference'))!;
}

/** Figures of a run as its manifest and `--json` hold them. */
export function summarize(result: TrainResult, peakBytes: number) {
  const tokens = result.log.reduce((n, l) => n + l.tokens, 0);
  const seconds = result.log.at(-1)?.seconds ?? 0;
  return {
    steps: result.steps,
    first_loss: result.log[0]?.loss ?? Number.NaN,
    last_loss: result.log.at(-1)?.loss ?? Number.NaN,
    seconds,
    seconds_to_first_step: result.log[0]?.seconds ?? 0,
    tokens,
    target_tokens: result.log.reduce((n, l) => n + l.target_tokens, 0),
    tokens_per_second: tokens / seconds,
    /** FLOP per second of the adapter's best product, and the share of it that the steps reached after the first. */
    matmul_flops_per_second: result.matmulFlopsPerSecond,
    mfu: meanUtilisation(result.log),
    skipped_steps: result.log.filter((l) => l.skipped).length,
    recomputed_layers: result.recomputedLayers,
    planned_gpu_bytes: result.plannedBytes,
    peak_gpu_bytes: peakBytes,
  };
}

/** Of all steps but the first, in which some drivers compile; weighed by their time. Null where it was not measured. */
function meanUtilisation(log: readonly StepLog[]): number | null {
  let [weighed, time] = [0, 0];
  for (const [i, { mfu, seconds }] of log.slice(1).entries()) {
    if (mfu === undefined) return null;
    const took = seconds - log[i]!.seconds;
    weighed += mfu * took;
    time += took;
  }
  return time > 0 ? weighed / time : null;
}

/** Files of a result directory: PEFT's, trainer_state.json, run.json. */
export function adapterFiles(
  result: TrainResult,
  config: TrainConfig,
  baseModel: string,
  manifest: unknown,
  tags: readonly string[],
): Map<string, Uint8Array | string> {
  return new Map<string, Uint8Array | string>([
    ...writePeft(result.adapter, { baseModel, tags }),
    ['trainer_state.json', trainerState(result.log, result.steps, config)],
    ['run.json', `${JSON.stringify(manifest, null, 2)}\n`],
  ]);
}
