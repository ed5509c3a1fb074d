/**
 * @file PEFT's directory of a LoRA adapter: adapter_config.json, adapter_model.safetensors, README.md. Only keys that
 * PEFT has long known are written, since versions before 0.14 raise TypeError on any other.
 */
import * as v from 'valibot';
import type { LlamaConfig, Projection } from '../llama/config.ts';
import type { Adapter, LoraOptions } from '../train/tuner.ts';
import type { ByteSource } from './byte_source.ts';
import { InputError } from './input_error.ts';
import { parseJson } from './json.ts';
import { openSafetensors, type TensorIndex, writeSafetensors } from './safetensors.ts';
import { sortedJson } from './sorted_json.ts';

const CONFIG_FILE = 'adapter_config.json';
const MAX_CONFIG_BYTES = 2 ** 20;

type Sizes = Pick<
  LlamaConfig,
  'hiddenSize' | 'intermediateSize' | 'headDim' | 'numAttentionHeads' | 'numKeyValueHeads'
>;

/** Each projection's block, and its weight as [out, in]. */
const MODULES: Readonly<
  Record<Projection, { readonly block: string; readonly shape: (c: Sizes) => readonly [number, number] }>
> = {
  q_proj: { block: 'self_attn', shape: (c) => [c.numAttentionHeads * c.headDim, c.hiddenSize] },
  k_proj: { block: 'self_attn', shape: (c) => [c.numKeyValueHeads * c.headDim, c.hiddenSize] },
  v_proj: { block: 'self_attn', shape: (c) => [c.numKeyValueHeads * c.headDim, c.hiddenSize] },
  o_proj: { block: 'self_attn', shape: (c) => [c.hiddenSize, c.numAttentionHeads * c.headDim] },
  gate_proj: { block: 'mlp', shape: (c) => [c.intermediateSize, c.hiddenSize] },
  up_proj: { block: 'mlp', shape: (c) => [c.intermediateSize, c.hiddenSize] },
  down_proj: { block: 'mlp', shape: (c) => [c.hiddenSize, c.intermediateSize] },
};
const ALL_PROJECTIONS = Object.keys(MODULES) as Projection[];

/** Every tensor of an adapter with its shape: A [r, in], B [out, r]. */
export function peftTensorShapes(config: LlamaConfig, options: LoraOptions): Map<string, [number, number]> {
  const shapes = new Map<string, [number, number]>();
  for (let layer = 0; layer < config.numHiddenLayers; layer++)
    for (const projection of options.targetModules) {
      const { block, shape } = MODULES[projection];
      const [out, inner] = shape(config);
      const stem = `base_model.model.model.layers.${layer}.${block}.${projection}`;
      shapes.set(`${stem}.lora_A.weight`, [options.r, inner]);
      shapes.set(`${stem}.lora_B.weight`, [out, options.r]);
    }
  return shapes;
}

/** What the model card says beside PEFT's own fields. */
export interface AdapterCard {
  /** Hub id of the base model; PEFT loads the base from it, so that a local path works on one machine only. */
  readonly baseModel: string;
  /** Hub ids or names of the data. */
  readonly datasets?: readonly string[];
  /** SPDX id. */
  readonly license?: string;
  /** Further tags, such as "sft" or "dpo". */
  readonly tags?: readonly string[];
  /** Markdown after the heading: what was trained, on what, how to repeat it. */
  readonly text?: string;
}

function modelCard({ options }: Adapter, card: AdapterCard): string {
  // A JSON string is a YAML string: no value can break out of the front matter.
  const quote = (value: string) => JSON.stringify(value);
  const list = (key: string, values: readonly string[]) =>
    values.length === 0 ? '' : `${key}:\n${values.map((value) => `- ${quote(value)}\n`).join('')}`;
  const tags = [
    ...new Set([`base_model:adapter:${card.baseModel}`, 'lora', 'transformers', ...(card.tags ?? [])]),
  ];
  return `---
base_model: ${quote(card.baseModel)}
${list('datasets', card.datasets ?? [])}library_name: peft
${card.license === undefined ? '' : `license: ${quote(card.license)}\n`}pipeline_tag: text-generation
${list('tags', tags.sort())}---

# LoRA adapter for ${card.baseModel.replace(/[\r\n]+/g, ' ')}

Trained by TabTune with rank ${options.r}, lora_alpha ${options.loraAlpha}${options.useRslora ? ' (rank-stabilised)' : ''} on ${options.targetModules.join(', ')}.
${card.text === undefined ? '' : `\n${card.text.trim()}\n`}`;
}

/** adapter_config.json as PEFT writes it (keys sorted, indent 2). */
function adapterConfig({ r, loraAlpha, targetModules, useRslora }: LoraOptions, baseModel: string): string {
  if (!Number.isInteger(loraAlpha)) throw new RangeError(`lora_alpha ${loraAlpha} is not an integer`);
  return sortedJson(
    {
      alpha_pattern: {},
      auto_mapping: null,
      base_model_name_or_path: baseModel,
      bias: 'none',
      fan_in_fan_out: false,
      inference_mode: true,
      init_lora_weights: true,
      layer_replication: null,
      layers_pattern: null,
      layers_to_transform: null,
      loftq_config: {},
      lora_alpha: loraAlpha,
      lora_dropout: 0,
      megatron_config: null,
      megatron_core: 'megatron.core',
      modules_to_save: null,
      peft_type: 'LORA',
      r,
      rank_pattern: {},
      revision: null,
      target_modules: [...targetModules].sort(),
      task_type: 'CAUSAL_LM',
      use_dora: false,
      use_rslora: useRslora,
    },
    new Set(['lora_dropout']),
  );
}

/** Files of a PEFT adapter directory by name. The same adapter and card give the same bytes. */
export function writePeft(adapter: Adapter, card: AdapterCard): Map<string, Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  return new Map([
    ['README.md', encoder.encode(modelCard(adapter, card))],
    [CONFIG_FILE, encoder.encode(adapterConfig(adapter.options, card.baseModel))],
    ['adapter_model.safetensors', writeSafetensors(adapter.tensors)],
  ]);
}

const isEmpty = (value: unknown) =>
  value === undefined ||
  value === null ||
  value === false ||
  (typeof value === 'object' && Object.keys(value).length === 0);

/** Options of PEFT that change what an adapter computes, and that the engine does not have: refused unless unused. */
const UNSUPPORTED = [
  'use_dora',
  'rank_pattern',
  'alpha_pattern',
  'modules_to_save',
  'layers_to_transform',
  'layers_pattern',
  'layer_replication',
  'exclude_modules',
  'target_parameters',
  'trainable_token_indices',
  'fan_in_fan_out',
  'lora_bias',
  'use_qalora',
  'use_bdlora',
  'alora_invocation_tokens',
  'arrow_config',
] as const;

const schema = v.looseObject({
  peft_type: v.literal('LORA'),
  r: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  lora_alpha: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  target_modules: v.union([
    v.literal('all-linear'),
    v.pipe(v.array(v.picklist(ALL_PROJECTIONS)), v.minLength(1)),
  ]),
  use_rslora: v.optional(v.boolean(), false),
  bias: v.optional(v.literal('none'), 'none'),
});

/** @throws InputError naming the key of adapter_config.json that is missing, wrong or not supported */
function parseAdapterConfig(json: unknown, place: string): LoraOptions {
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const key = v.getDotPath(issue);
    throw new InputError(
      place,
      `${key ?? 'the configuration'}: ${issue.message}.`,
      'Use a LoRA adapter on the seven projections of a Llama, without biases.',
    );
  }
  const c = parsed.output;
  for (const key of UNSUPPORTED)
    if (!isEmpty(c[key]))
      throw new InputError(
        place,
        `${key} ${JSON.stringify(c[key])} is not supported.`,
        `Use a LoRA adapter without ${key}.`,
      );
  const targets = c.target_modules;
  return {
    r: c.r,
    loraAlpha: c.lora_alpha,
    targetModules: ALL_PROJECTIONS.filter((p) => targets === 'all-linear' || targets.includes(p)),
    useRslora: c.use_rslora,
  };
}

/** Tensors that an adapter has where its model is not known: one A and one B per module, with r between them. */
function pairedShapes(
  index: TensorIndex,
  options: LoraOptions,
  place: string,
): Map<string, [number, number]> {
  const shapes = new Map<string, [number, number]>();
  for (const name of index.names()) {
    const match =
      /^base_model\.model\.model\.layers\.\d+\.(?:self_attn|mlp)\.(\w+_proj)\.lora_([AB])\.weight$/.exec(
        name,
      );
    if (!match || !options.targetModules.some((p) => p === match[1])) continue;
    const stem = name.slice(0, -'A.weight'.length);
    const [a, b] = [index.shape(`${stem}A.weight`), index.shape(`${stem}B.weight`)];
    if (a?.length !== 2 || b?.length !== 2)
      throw new InputError(place, `lacks the A or the B of ${stem}.`, 'Fetch the adapter again.');
    shapes.set(name, match[2] === 'A' ? [options.r, a[1]!] : [b[0]!, options.r]);
  }
  if (shapes.size === 0)
    throw new InputError(place, 'holds no LoRA matrices.', 'Use a LoRA adapter of a Llama.');
  return shapes;
}

/**
 * Reads a PEFT adapter directory for a model, or (config null) for any Llama.
 * @throws InputError for an option that is not supported, and for a tensor that is missing, unexpected or of another shape
 */
export async function readPeft(source: ByteSource, config: LlamaConfig | null): Promise<Adapter> {
  const place = `${source.name}/${CONFIG_FILE}`;
  if (!(await source.list()).includes(CONFIG_FILE))
    throw new InputError(source.name, `has no ${CONFIG_FILE}.`, 'Use the directory of a PEFT adapter.');
  const options = parseAdapterConfig(
    parseJson(await source.read(CONFIG_FILE), place, MAX_CONFIG_BYTES),
    place,
  );
  const index = await openSafetensors(source, 'adapter_model');
  const shapes = config ? peftTensorShapes(config, options) : pairedShapes(index, options, source.name);
  const cure = 'Use an adapter that was made for this model.';
  for (const [name, expected] of shapes) {
    const shape = index.shape(name);
    if (!shape) throw new InputError(source.name, `has no tensor ${name}.`, cure);
    if (shape.join() !== expected.join())
      throw new InputError(
        source.name,
        `tensor ${name} has shape [${shape.join(', ')}], but the model and r ${options.r} make it [${expected.join(', ')}].`,
        cure,
      );
  }
  const extra = index.names().find((name) => !shapes.has(name));
  if (extra !== undefined)
    throw new InputError(
      source.name,
      `has a tensor ${extra} that adapter_config.json does not account for.`,
      cure,
    );
  const tensors = new Map<string, { shape: [number, number]; data: Float32Array }>();
  for (const [name, shape] of shapes) tensors.set(name, { shape, data: await index.readF32(name) });
  return { options, tensors };
}
