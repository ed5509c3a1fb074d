/** @file What planning memory needs to know of a model, read from its configuration and the heads of its weights. */
import type { ByteSource } from '../formats/byte_source.ts';
import { openGguf } from '../formats/gguf.ts';
import { ggufLlama } from '../formats/gguf_llama.ts';
import { parseJson } from '../formats/json.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import type { StoredType, TensorSource } from '../formats/tensor_source.ts';
import type { LlamaConfig } from '../llama/config.ts';
import { parseLlamaConfig } from '../llama/parse_config.ts';
import { planWeights } from '../llama/weight_plan.ts';
import { SAFETENSORS } from '../store/model_files.ts';
import type { ModelFacts } from './model_protocol.ts';

/** A configuration has a few kilobytes. */
const MAX_CONFIG_BYTES = 2 ** 20;

/**
 * @param variant "safetensors" or the name of a .gguf file of the source
 * @throws InputError where the model is no Llama that can be loaded, saying why
 */
export async function modelFacts(source: ByteSource, variant: string): Promise<ModelFacts> {
  const { json, tensors } = await read(source, variant);
  const config = parseLlamaConfig(json, `${source.name}/config.json`);
  return { config, stored: storedTypes(config, tensors) };
}

async function read(source: ByteSource, variant: string): Promise<{ json: unknown; tensors: TensorSource }> {
  if (variant !== SAFETENSORS) {
    const { config, tensors } = await ggufLlama(source, await openGguf(source, variant));
    return { json: config, tensors };
  }
  const place = `${source.name}/config.json`;
  const json = parseJson(await source.read('config.json'), place, MAX_CONFIG_BYTES);
  return { json, tensors: await openSafetensors(source) };
}

/** Types of all tensors that this configuration makes a plan ask for. */
function storedTypes(config: LlamaConfig, tensors: TensorSource): ReadonlyMap<string, StoredType> {
  const stored = new Map<string, StoredType>();
  planWeights(
    config,
    { weights: 'native', embedding: 'native' },
    (tensor) => {
      const type = tensors.type(tensor) ?? 'F32';
      stored.set(tensor, type);
      return type;
    },
    Number.MAX_SAFE_INTEGER,
  );
  return stored;
}
