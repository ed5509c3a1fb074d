/** @file Fresh adapters as PEFT makes them: A from kaiming_uniform(a = sqrt 5), which is U(-1/sqrt(in), 1/sqrt(in)); B zero. */

import { flatten } from '../llama/adapter_transfer.ts';
import type { LlamaConfig } from '../llama/config.ts';
import { type LoraLayout, type LoraShape, loraLayout } from '../llama/lora_layout.ts';
import { MT19937 } from './mt19937.ts';
import type { Adapter, LoraOptions } from './tuner.ts';

/** alpha / r, or alpha / sqrt(r) with rank-stabilised LoRA (Kalajdzievski 2023). */
export function loraScale({ r, loraAlpha, useRslora }: LoraOptions): number {
  return useRslora ? loraAlpha / Math.sqrt(r) : loraAlpha / r;
}

export function loraShape(options: LoraOptions): LoraShape {
  return { rank: options.r, scale: loraScale(options), targets: options.targetModules };
}

/** Flat parameters of a fresh adapter, drawn from the seed tensor by tensor. */
export function initialParameters(layout: LoraLayout, seed: number): Float32Array<ArrayBuffer> {
  const flat = new Float32Array(layout.count);
  const generator = new MT19937(seed);
  for (const { matrix, shape, offset } of layout.tensors) {
    if (matrix === 'B') continue;
    const bound = 1 / Math.sqrt(shape[1]);
    for (let i = 0; i < shape[0] * shape[1]; i++) flat[offset + i] = (2 * generator.uniform() - 1) * bound;
  }
  return flat;
}

/** Layout and flat parameters of an adapter for a model. @throws InputError where they do not fit */
export function flatAdapter(
  config: LlamaConfig,
  adapter: Adapter,
): { layout: LoraLayout; parameters: Float32Array<ArrayBuffer> } {
  const layout = loraLayout(config, loraShape(adapter.options));
  return { layout, parameters: flatten(layout, adapter.tensors) };
}
