/** @file The oracle's random models on the GPU, and rows of token ids as the engine's text. */

import type { TensorSource } from '../../src/formats/tensor_source.ts';
import type { Gpu } from '../../src/gpu/gpu.ts';
import type { LlamaConfig } from '../../src/llama/config.ts';
import { type LlamaModel, type LoadOptions, loadLlama } from '../../src/llama/model.ts';
import type { TextCodec } from '../../src/train/text_codec.ts';
import type { Adapter } from '../../src/train/tuner.ts';
import type { OracleAdapter, OracleWeights } from '../oracle/model.ts';

/** The oracle's weights as a checkpoint of f32. */
export function oracleSource(weights: OracleWeights): TensorSource {
  const readF32 = async (name: string, rowStart = 0, rowCount?: number) => {
    const { shape, data } = weights.get(name)!;
    const columns = shape[1] ?? 1;
    const end = rowCount === undefined ? data.length : (rowStart + rowCount) * columns;
    return new Float32Array(data.subarray(rowStart * columns, end));
  };
  return {
    name: 'random weights',
    shape: (name) => weights.get(name)?.shape,
    type: (name) => (weights.has(name) ? 'F32' : undefined),
    readF32,
    readStored: async (...rows) => new Uint8Array((await readF32(...rows)).buffer),
  };
}

/** Uploads the oracle's weights. */
export function loadOracleModel(
  gpu: Gpu,
  config: LlamaConfig,
  weights: OracleWeights,
  options: LoadOptions = {},
): Promise<LlamaModel> {
  return loadLlama(gpu, config, oracleSource(weights), options);
}

/** The oracle's adapter in f32. */
export function f32Adapter(adapter: OracleAdapter): Adapter {
  return {
    options: adapter.options,
    tensors: new Map(
      [...adapter.tensors].map(([name, { shape, data }]) => [
        name,
        { shape: [shape[0]!, shape[1]!] as const, data: new Float32Array(data) },
      ]),
    ),
  };
}

/** Token ids as text: "5 17 3". */
export function idText(ids: Iterable<number>): string {
  return [...ids].join(' ');
}

function idsOf(text: string): Uint32Array {
  return Uint32Array.from(text === '' ? [] : text.split(' ').map(Number));
}

/** Text is ids already; no end-of-sequence token is added, whatever `eos` says. */
export const idCodec: TextCodec = {
  encodePrompts: async (prompts) => prompts.map(idsOf),
  encodeBare: (text) => ({ ids: idsOf(text), promptLength: 1, trained: null }),
  encodeRows: async (rows) =>
    rows.map((row) => {
      if ('messages' in row) throw new Error('Rows of ids are no conversations.');
      const { prompt, completion } = row;
      return {
        ids: Uint32Array.from([...idsOf(prompt), ...idsOf(completion)]),
        promptLength: idsOf(prompt).length,
        trained: null,
      };
    }),
  decode: idText,
};
