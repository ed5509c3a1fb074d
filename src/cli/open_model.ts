/** @file Opens what --model, --adapter and --template name, on Dawn. */
import { readFile } from 'node:fs/promises';
import { InputError } from '../formats/input_error.ts';
import { readPeft } from '../formats/peft.ts';
import { Gpu } from '../gpu/gpu.ts';
import { WEIGHT_CHOICES, type WeightChoice, type WeightChoices } from '../llama/weight_plan.ts';
import { matmulRate } from '../ops/matmul_rate.ts';
import { type OpenedTuner, openTuner } from '../train/open_tuner.ts';
import type { Adapter, TemplateName } from '../train/tuner.ts';
import type { OptionSpecs, Options } from './arguments.ts';
import { dawnDevice, shadersFromDisk } from './dawn.ts';
import { diskSource } from './disk_source.ts';
import { forcedVariants, KERNELS_OPTION } from './kernels_option.ts';
import { modelSource } from './model_source.ts';
import { preparationLines } from './preparation_lines.ts';
import { startTemplateThread } from './template_host.ts';

/** Short names of formats. */
const SHORT: Readonly<Record<string, WeightChoice>> = { q4: 'q4_0', q8: 'q8_0' };
const WEIGHT_NAMES = [...WEIGHT_CHOICES, ...Object.keys(SHORT)];

/** How weights are held on the GPU; `plan` and every command that loads a model take them. */
export const WEIGHT_OPTIONS: OptionSpecs = {
  weights: {
    default: 'auto',
    choices: WEIGHT_NAMES,
    help: 'how projections are held: native keeps what the file has (Q4_K, Q6_K as q8_0, BF16 as f16), auto holds small models in f32 and others natively',
  },
  'embedding-weights': {
    choices: WEIGHT_NAMES,
    help: 'how input and output embeddings are held (default: as --weights)',
  },
};

export const MODEL_OPTIONS: OptionSpecs = {
  model: {
    required: true,
    help: 'directory of a Llama (config.json, safetensors, tokenizer.json), or a model of the Hub: org/name[@revision][:file.gguf]',
  },
  template: {
    choices: ['none', 'auto', 'alpaca'],
    help: "how prompts are rendered: as given, by the model's chat template, or as the paper's scripts do (default: auto where the model has a chat template, else none)",
  },
  ...WEIGHT_OPTIONS,
  ...KERNELS_OPTION,
};

/** The choices of WEIGHT_OPTIONS. */
export function weightChoices(options: Options): WeightChoices {
  const choice = (name: string) => SHORT[name] ?? (name as WeightChoice);
  const weights = choice(options.get('weights'));
  const embedding = options.maybe('embedding-weights');
  return { weights, embedding: embedding === undefined ? weights : choice(embedding) };
}

/** Of commands that train. */
export const BUDGET_OPTION: OptionSpecs = {
  'memory-budget': {
    help: 'megabytes of GPU memory that training should fit: activations are computed twice as far as that takes (default: never)',
  },
};

/** Of commands that train by DPO. */
export const TREE_OPTION: OptionSpecs = {
  'tree-batching': {
    default: 'on',
    choices: ['on', 'off'],
    help: 'DPO: whether a question is computed once, with its answers as branches, instead of once per answer and pair (same loss)',
  },
};

/** Whether TREE_OPTION is on. */
export function treeBatching(options: Options): boolean {
  return options.maybe('tree-batching') !== 'off';
}

/** Bytes of BUDGET_OPTION. */
export function memoryBudget(options: Options): number | undefined {
  return options.maybe('memory-budget') === undefined ? undefined : 1e6 * options.integer('memory-budget', 1);
}

export const ADAPTER_OPTION: OptionSpecs = { adapter: { help: 'PEFT adapter directory to start from' } };

/** A model on a device, with the options' template. */
export async function openModel(options: Options): Promise<OpenedTuner & { readonly gpu: Gpu }> {
  const tell = (line: string) => process.stderr.write(`${line}\n`);
  const forced = forcedVariants(options);
  const source = await modelSource(options.get('model'), tell);
  const gpu = await Gpu.create(dawnDevice, shadersFromDisk(), { forced });
  try {
    const template = options.maybe('template') as TemplateName | undefined;
    const budget = memoryBudget(options);
    return {
      ...(await openTuner(gpu, source, {
        clock: () => performance.now(),
        matmulRate: () => matmulRate(gpu, () => performance.now()),
        onPreparation: preparationLines(tell, () => performance.now()),
        startTemplateWorker: startTemplateThread,
        ...(template ? { template } : {}),
        load: weightChoices(options),
        treeBatching: treeBatching(options),
        ...(budget === undefined ? {} : { memoryBudget: budget }),
      })),
      gpu,
    };
  } catch (error) {
    gpu.destroy();
    throw error;
  }
}

/** The adapter in a PEFT directory, or null where the option is not given. */
export async function openAdapter(
  options: Options,
  opened: OpenedTuner,
  option = 'adapter',
): Promise<Adapter | null> {
  const directory = options.maybe(option);
  if (directory === undefined) return null;
  return readPeft(await diskSource(directory), opened.config);
}

/** Bytes of a file that the command line names. @throws InputError where it cannot be read */
export async function readInput(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch {
    throw new InputError(path, 'cannot be read.', 'Check the path.');
  }
}
