/** @file From a directory of files to a tuner: what the terminal and the worker both do to open a model. */
import type { ByteSource } from '../formats/byte_source.ts';
import { parseJson } from '../formats/json.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { LlamaConfig } from '../llama/config.ts';
import { type LlamaModel, loadLlama } from '../llama/model.ts';
import { parseLlamaConfig } from '../llama/parse_config.ts';
import { RowEncoder } from '../text/template.ts';
import type { StartTemplateWorker } from '../text/template_renderer.ts';
import { Tokenizer } from '../text/tokenizer.ts';
import { createTuner, type EngineOptions } from './engine.ts';
import type { Clock } from './trainer.ts';
import type { TemplateName, Tuner } from './tuner.ts';

export interface OpenTunerOptions extends EngineOptions {
  readonly clock: Clock;
  /** Default: auto where the model has a chat template, else none. */
  readonly template?: TemplateName;
  /** How this host starts the worker that renders chat templates. */
  readonly startTemplateWorker?: StartTemplateWorker;
}

export interface OpenedTuner {
  readonly tuner: Tuner;
  readonly model: LlamaModel;
  readonly config: LlamaConfig;
  readonly tokenizer: Tokenizer;
  /** To be closed when the model is no longer needed: it may have a worker. */
  readonly codec: RowEncoder;
  readonly template: TemplateName;
  /** Name for `base_model_name_or_path`: what config.json calls the model, else the source's last path segment. */
  readonly baseModel: string;
  readonly configSha256: string;
}

/**
 * Opens config.json, tokenizer.json, tokenizer_config.json and the safetensors of a model, and uploads its weights.
 * @throws InputError naming the file that is missing or wrong
 */
export async function openTuner(
  gpu: Gpu,
  source: ByteSource,
  options: OpenTunerOptions,
): Promise<OpenedTuner> {
  const files = new Set(await source.list());
  const configBytes = await source.read('config.json');
  const place = (file: string) => `${source.name}/${file}`;
  const json = parseJson(configBytes, place('config.json'));
  const config = parseLlamaConfig(json, place('config.json'));
  const tokenizer = new Tokenizer(
    await source.read('tokenizer.json'),
    files.has('tokenizer_config.json')
      ? await source.read('tokenizer_config.json')
      : new TextEncoder().encode('{}'),
    source.name,
  );
  const chatTemplate = files.has('chat_template.jinja')
    ? new TextDecoder().decode(await source.read('chat_template.jinja'))
    : null;
  const template = options.template ?? ((chatTemplate ?? tokenizer.chatTemplate) === null ? 'none' : 'auto');
  const codec = await RowEncoder.open(tokenizer, template, {
    chatTemplate,
    eosTokenIds: config.eosTokenIds,
    ...(options.startTemplateWorker ? { startTemplateWorker: options.startTemplateWorker } : {}),
  });
  const model = await loadLlama(gpu, config, await openSafetensors(source));
  const digest = new Uint8Array(
    await crypto.subtle.digest('SHA-256', configBytes as Uint8Array<ArrayBuffer>),
  );
  return {
    tuner: createTuner(model, codec, options.clock, options),
    model,
    config,
    tokenizer,
    codec,
    template,
    baseModel: baseModelName(json, source.name),
    configSha256: [...digest].map((b) => b.toString(16).padStart(2, '0')).join(''),
  };
}

function baseModelName(config: unknown, sourceName: string): string {
  const named = (config as { _name_or_path?: unknown })._name_or_path;
  if (typeof named === 'string' && /^[\w.-]+\/[\w.-]+$/.test(named)) return named;
  return sourceName.split(/[\\/]/).filter(Boolean).at(-1) ?? sourceName;
}
