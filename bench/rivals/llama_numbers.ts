/** @file The numbers of the training step that engines are compared by: weights, and adapter; the same for each. */
import type { TensorSource } from '../../src/formats/tensor_source.ts';
import { loraLayout } from '../../src/llama/lora_layout.ts';
import type { Adapter, LoraOptions } from '../../src/train/tuner.ts';
import { noise, randomWeights, STEP_MODEL, seedOf } from '../random_llama.ts';

export const LORA: LoraOptions = {
  r: 8,
  loraAlpha: 16,
  targetModules: ['q_proj', 'v_proj'],
  useRslora: false,
};

/** Of AdamW or of plain descent: the update of so few parameters costs next to nothing. */
export const LEARNING_RATE = 1e-4;

/** An adapter whose B is not 0: else every gradient of A would be, and no loss would depend on A. */
export function startAdapter(): Adapter {
  const { tensors } = loraLayout(STEP_MODEL, { rank: LORA.r, scale: 1, targets: LORA.targetModules });
  return {
    options: LORA,
    tensors: new Map(
      tensors.map(({ name, shape, matrix }) => {
        const at = noise(seedOf(name));
        const size = matrix === 'A' ? 1 / Math.sqrt(shape[1]) : 0.02;
        const data = Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => size * at(i));
        return [name, { shape, data }];
      }),
    ),
  };
}

/** All weights by their names in a checkpoint, drawn before any clock starts. */
export async function stepWeights(
  names: readonly string[],
): Promise<ReadonlyMap<string, Float32Array<ArrayBuffer>>> {
  const source = randomWeights(STEP_MODEL);
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, new Float32Array(await source.readF32(name))] as const),
    ),
  );
}

/** Names of all tensors of the model, as a checkpoint has them. */
export function weightNames(): string[] {
  const layers = Array.from({ length: STEP_MODEL.numHiddenLayers }, (_, i) => `model.layers.${i}.`);
  const parts = ['q_proj', 'k_proj', 'v_proj', 'o_proj'].map((p) => `self_attn.${p}`);
  const mlp = ['gate_proj', 'up_proj', 'down_proj'].map((p) => `mlp.${p}`);
  return [
    'model.embed_tokens.weight',
    'model.norm.weight',
    ...layers.flatMap((layer) =>
      [...parts, ...mlp, 'input_layernorm', 'post_attention_layernorm'].map((p) => `${layer}${p}.weight`),
    ),
  ];
}

/** The same weights as a checkpoint to load from. */
export function sourceOf(weights: ReadonlyMap<string, Float32Array<ArrayBuffer>>): TensorSource {
  const random = randomWeights(STEP_MODEL);
  const readF32: TensorSource['readF32'] = async (name, first = 0, count) => {
    const width = random.shape(name)![1] ?? 1;
    const values = weights.get(name)!;
    return values.slice(first * width, count === undefined ? values.length : (first + count) * width);
  };
  return {
    ...random,
    readF32,
    readStored: async (...rows) => new Uint8Array((await readF32(...rows)).buffer),
  };
}
