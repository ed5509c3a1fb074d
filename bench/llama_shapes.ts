/** @file Shapes of published Llamas, as their config.json on the Hub has them: what `bench roofline` can be asked for. */
import type { LlamaConfig } from '../src/llama/config.ts';
import { STEP_MODEL } from './random_llama.ts';

export const LLAMA_SHAPES = {
  /** The default of `bench step`. */
  step: STEP_MODEL,
  // HuggingFaceTB/SmolLM2-135M
  'smollm2-135m': {
    ...STEP_MODEL,
    hiddenSize: 576,
    intermediateSize: 1536,
    numHiddenLayers: 30,
    numAttentionHeads: 9,
    numKeyValueHeads: 3,
    headDim: 64,
    vocabSize: 49152,
    maxPositionEmbeddings: 8192,
  },
  // meta-llama/Llama-3.2-1B
  'llama-3.2-1b': {
    ...STEP_MODEL,
    hiddenSize: 2048,
    intermediateSize: 8192,
    numHiddenLayers: 16,
    numAttentionHeads: 32,
    numKeyValueHeads: 8,
    headDim: 64,
    vocabSize: 128256,
    maxPositionEmbeddings: 131072,
  },
  // meta-llama/Llama-2-7b-hf
  'llama-2-7b': {
    ...STEP_MODEL,
    hiddenSize: 4096,
    intermediateSize: 11008,
    numHiddenLayers: 32,
    numAttentionHeads: 32,
    numKeyValueHeads: 32,
    headDim: 128,
    vocabSize: 32000,
    tieWordEmbeddings: false,
    maxPositionEmbeddings: 4096,
  },
} as const satisfies Readonly<Record<string, LlamaConfig>>;

export type LlamaShapeName = keyof typeof LLAMA_SHAPES;
