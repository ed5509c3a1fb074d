/** @file An adapter with B ≠ 0 that Python and TypeScript make alike from nothing, since it is too large to commit. */
import { type LlamaConfig, PROJECTIONS, projectionShape } from '../../src/llama/config.ts';
import { projectionTensor } from '../../src/llama/weight_plan.ts';
import type { Adapter } from '../../src/train/tuner.ts';

/** Numbers from -2^exponent to 2^exponent, exact in f32: murmur3's finalizer over 2^20 number + index. */
export function hashed(number: number, count: number, exponent: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => {
    let x = (number * 2 ** 20 + index) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    x ^= x >>> 16;
    return ((x >>> 8) / 2 ** 23 - 1) * 2 ** exponent;
  });
}

/** The adapter of `write_adapter` in tools/reference/smollm2.py. */
export function hashedAdapter(config: LlamaConfig, r: number, loraAlpha: number): Adapter {
  const tensors = new Map<
    string,
    { readonly shape: readonly [number, number]; readonly data: Float32Array }
  >();
  let number = 0;
  for (let layer = 0; layer < config.numHiddenLayers; layer++)
    for (const projection of PROJECTIONS) {
      const shape = projectionShape(config, projection);
      const name = `base_model.model.${projectionTensor(layer, projection)}`;
      tensors.set(`${name}.lora_A.weight`, {
        shape: [r, shape.in],
        data: hashed(number++, r * shape.in, -4),
      });
      tensors.set(`${name}.lora_B.weight`, {
        shape: [shape.out, r],
        data: hashed(number++, shape.out * r, -6),
      });
    }
  return { options: { r, loraAlpha, targetModules: PROJECTIONS, useRslora: false }, tensors };
}
