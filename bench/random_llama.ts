/** @file A Llama with random weights, for benchmarks: timing does not depend on what the numbers are. */
import type { TensorSource } from '../src/formats/tensor_source.ts';
import type { LlamaConfig } from '../src/llama/config.ts';
import { planWeights } from '../src/llama/weight_plan.ts';

/** The default of `bench step`: a Llama of 8 million parameters. */
export const STEP_MODEL: LlamaConfig = {
  hiddenSize: 288,
  intermediateSize: 768,
  numHiddenLayers: 6,
  numAttentionHeads: 6,
  numKeyValueHeads: 6,
  headDim: 48,
  vocabSize: 4096,
  rmsNormEps: 1e-5,
  ropeTheta: 10000,
  ropeScaling: null,
  tieWordEmbeddings: true,
  attentionBias: false,
  mlpBias: false,
  maxPositionEmbeddings: 4096,
  bosTokenId: 1,
  eosTokenIds: [2],
};

/** Values of a few hundredths in size, the same every time; gains are 1. */
export function randomWeights(config: LlamaConfig): TensorSource {
  const shapes = new Map<string, readonly number[]>();
  const plan = planWeights(
    config,
    { weights: 'f32', embedding: 'f32' },
    () => 'F32',
    Number.MAX_SAFE_INTEGER,
  );
  for (const { parts, columns } of plan.matrices)
    for (const { tensor, rows } of parts) shapes.set(tensor, [rows, columns]);
  for (const { parts } of plan.vectors) for (const { tensor, rows } of parts) shapes.set(tensor, [rows]);
  const readF32 = async (name: string, first = 0, count?: number) => {
    const [rows, columns] = shapes.get(name)!;
    const taken = count ?? rows! - first;
    if (columns === undefined) return new Float32Array(taken).fill(1);
    const values = new Float32Array(taken * columns);
    for (let i = 0; i < values.length; i++)
      values[i] = 0.04 * Math.sin(12.9898 * (first * columns + i) + 0.1 * name.length);
    return values;
  };
  return {
    name: 'random weights',
    shape: (name) => shapes.get(name),
    type: (name) => (shapes.has(name) ? 'F32' : undefined),
    readF32,
    readStored: async (...rows) => new Uint8Array((await readF32(...rows)).buffer),
  };
}
