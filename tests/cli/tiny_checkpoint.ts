/** @file A tiny random Llama on disk in Hugging Face's form, with the bundled tokenizer, for tests of the terminal. */
import { copyFileSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { randomWeights, tinyConfig } from '../oracle/random_model.ts';

const BUNDLED = fileURLToPath(new URL('../../public/model/', import.meta.url));

/** config.json of the checkpoint, with the keys given replaced. */
export function checkpointConfig(overrides: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    vocab_size: 1024,
    hidden_size: 16,
    intermediate_size: 24,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 1,
    head_dim: 8,
    max_position_embeddings: 96,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    tie_word_embeddings: true,
    bos_token_id: 1,
    eos_token_id: 2,
    hidden_act: 'silu',
    ...overrides,
  };
}

/** Writes the checkpoint into a new temporary directory and returns its path. */
export function writeTinyCheckpoint(layers = 1): string {
  const directory = join(mkdtempSync(join(tmpdir(), 'tabtune-')), 'model');
  mkdirSync(directory);
  const config = tinyConfig({
    hiddenSize: 16,
    intermediateSize: 24,
    numHiddenLayers: layers,
    numAttentionHeads: 2,
    numKeyValueHeads: 1,
    headDim: 8,
    vocabSize: 1024,
  });
  const tensors = new Map(
    [...randomWeights(config, 7)].map(([name, { shape, data }]) => [
      name,
      { shape, data: Float32Array.from(data) },
    ]),
  );
  writeFileSync(join(directory, 'model.safetensors'), writeSafetensors(tensors));
  writeFileSync(
    join(directory, 'config.json'),
    JSON.stringify(checkpointConfig({ num_hidden_layers: layers })),
  );
  for (const file of ['tokenizer.json', 'tokenizer_config.json'])
    copyFileSync(join(BUNDLED, file), join(directory, file));
  return directory;
}
