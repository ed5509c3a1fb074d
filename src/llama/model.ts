/** @file A loaded model: configuration and frozen weights on one device. */
import type { Gpu } from '../gpu/gpu.ts';
import type { LlamaConfig } from './config.ts';
import { type LlamaWeights, loadWeights, type TensorSource } from './weights.ts';

export interface LlamaModel {
  readonly gpu: Gpu;
  readonly config: LlamaConfig;
  readonly weights: LlamaWeights;
}

/** Uploads a checkpoint's weights. @throws InputError where they do not fit the configuration or the adapter */
export async function loadLlama(gpu: Gpu, config: LlamaConfig, source: TensorSource): Promise<LlamaModel> {
  return { gpu, config, weights: await loadWeights(gpu, config, source) };
}
