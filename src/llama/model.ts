/** @file A loaded model: configuration and frozen weights on one device. */
import type { TensorSource } from '../formats/tensor_source.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { LlamaConfig } from './config.ts';
import type { WeightChoices } from './weight_plan.ts';
import { type LlamaWeights, loadWeights } from './weights.ts';

export interface LlamaModel {
  readonly gpu: Gpu;
  readonly config: LlamaConfig;
  readonly weights: LlamaWeights;
}

export interface LoadOptions extends Partial<WeightChoices> {
  /** Told bytes of GPU memory that are filled, and all of them. */
  readonly onProgress?: (filled: number, total: number) => void;
}

/** Uploads a checkpoint's weights. @throws InputError where they do not fit the configuration or the adapter */
export async function loadLlama(
  gpu: Gpu,
  config: LlamaConfig,
  source: TensorSource,
  { weights = 'auto', embedding = weights, onProgress }: LoadOptions = {},
): Promise<LlamaModel> {
  return { gpu, config, weights: await loadWeights(gpu, config, source, { weights, embedding }, onProgress) };
}
