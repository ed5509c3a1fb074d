/**
 * @file A Llama with random weights, for benchmarks: timing does not depend on what the numbers are, but two engines
 * that are given them must compute the same loss.
 */
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

/** Pseudo-random numbers in [-1, 1), the same every time: murmur3's finaliser of the index, from a seed. */
export function noise(seed: number): (index: number) => number {
  const start = Math.imul(seed, 0x9e3779b1);
  return (index) => {
    let h = (index + start) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) / 2 ** 31;
  };
}

/** The seed of a tensor's numbers: no two tensors are alike, so that mixing them up shows. */
export function seedOf(name: string): number {
  return [...name].reduce((seed, c) => (Math.imul(seed, 31) + c.charCodeAt(0)) | 0, 1);
}

/** Values of a few hundredths in size, gains about 1; the same every time. */
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
    const at = noise(seedOf(name));
    if (columns === undefined) return Float32Array.from({ length: taken }, (_, i) => 1 + 0.1 * at(first + i));
    const values = new Float32Array(taken * columns);
    for (let i = 0; i < values.length; i++) values[i] = 0.07 * at(first * columns + i);
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

/** [tokens + 1] ids of one sequence: all but the last are read, all but the first are targets. */
export function sequenceIds(tokens: number, vocabulary: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: tokens + 1 }, (_, i) => (i * 7919) % vocabulary);
}
