/** @file From a directory of files to a tuner: what the terminal and the worker both do to open a model. */
import type { ByteSource } from '../formats/byte_source.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Clock } from '../gpu/pace.ts';
import type { LlamaConfig } from '../llama/config.ts';
import { type LlamaModel, type LoadOptions, loadLlama } from '../llama/model.ts';
import { RowEncoder } from '../text/template.ts';
import type { StartTemplateWorker } from '../text/template_renderer.ts';
import { Tokenizer } from '../text/tokenizer.ts';
import { createTuner, type EngineOptions } from './engine.ts';
import { openModelFiles } from './model_files.ts';
import type { TemplateName, Tuner } from './tuner.ts';

export interface OpenTunerOptions extends EngineOptions {
  /** How weights are held; see llama/weight_plan.ts. */
  readonly load?: LoadOptions;
  readonly clock: Clock;
  /** The GGUF file to open, where the source has several files of weights. */
  readonly gguf?: string;
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
 * Opens the files of a model (model_files.ts says which), and uploads its weights.
 * @throws InputError naming the file that is missing or wrong
 */
export async function openTuner(
  gpu: Gpu,
  source: ByteSource,
  options: OpenTunerOptions,
): Promise<OpenedTuner> {
  const files = await openModelFiles(source, options.gguf);
  const { config, chatTemplate } = files;
  const tokenizer = new Tokenizer(files.tokenizerJson, files.tokenizerConfigJson, source.name);
  const template = options.template ?? ((chatTemplate ?? tokenizer.chatTemplate) === null ? 'none' : 'auto');
  const codec = await RowEncoder.open(tokenizer, template, {
    chatTemplate,
    eosTokenIds: config.eosTokenIds,
    ...(options.startTemplateWorker ? { startTemplateWorker: options.startTemplateWorker } : {}),
  });
  const model = await loadLlama(gpu, config, files.tensors, options.load);
  return {
    tuner: createTuner(model, codec, options.clock, options),
    model,
    config,
    tokenizer,
    codec,
    template,
    baseModel: files.baseModel,
    configSha256: files.configSha256,
  };
}
