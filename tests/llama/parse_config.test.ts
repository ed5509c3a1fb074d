/** @file config.json: both spellings of rope, Transformers' defaults, and refusals by name. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/formats/input_error.ts';
import { parseLlamaConfig } from '../../src/llama/parse_config.ts';

const parse = (json: unknown) => parseLlamaConfig(json, 'config.json');
const llama3 = {
  factor: 32,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};

describe('parseLlamaConfig', () => {
  it("takes Transformers' defaults", () => {
    expect(parse({ model_type: 'llama' })).toEqual({
      hiddenSize: 4096,
      intermediateSize: 11008,
      numHiddenLayers: 32,
      numAttentionHeads: 32,
      numKeyValueHeads: 32,
      headDim: 128,
      vocabSize: 32000,
      rmsNormEps: 1e-6,
      ropeTheta: 10000,
      ropeScaling: null,
      tieWordEmbeddings: false,
      attentionBias: false,
      mlpBias: false,
      maxPositionEmbeddings: 2048,
      bosTokenId: 1,
      eosTokenIds: [2],
    });
  });
  it('reads both spellings of rope scaling alike', () => {
    const old = parse({ rope_theta: 5e5, rope_scaling: { rope_type: 'llama3', ...llama3 } });
    const v5 = parse({ rope_parameters: { rope_type: 'llama3', rope_theta: 5e5, ...llama3 } });
    expect(v5).toEqual(old);
    expect(old.ropeTheta).toBe(5e5);
    expect(old.ropeScaling).toEqual({
      type: 'llama3',
      factor: 32,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositionEmbeddings: 8192,
    });
    expect(parse({ rope_scaling: { type: 'linear', factor: 2 } }).ropeScaling).toEqual({
      type: 'linear',
      factor: 2,
    });
  });
  it('takes an explicit head_dim and several eos ids', () => {
    const config = parse({
      hidden_size: 60,
      num_attention_heads: 7,
      num_key_value_heads: 1,
      head_dim: 48,
      eos_token_id: [3, 4],
    });
    expect(config.headDim).toBe(48);
    expect(config.eosTokenIds).toEqual([3, 4]);
  });
  it.each<[object, RegExp]>([
    [{ model_type: 'qwen2' }, /model_type qwen2/],
    [{ architectures: ['LlamaForSequenceClassification'] }, /LlamaForSequenceClassification/],
    [{ attention_bias: 'yes' }, /attention_bias/],
    [{ mlp_bias: 1 }, /mlp_bias/],
    [{ hidden_act: 'gelu' }, /hidden_act gelu/],
    [{ rope_scaling: { rope_type: 'yarn', factor: 2 } }, /rope type yarn/],
    [{ rope_scaling: { rope_type: 'linear' } }, /no factor/],
    [{ head_dim: 33 }, /head_dim 33 is odd/],
    [{ num_attention_heads: 6, num_key_value_heads: 4 }, /not a multiple of num_key_value_heads/],
    [{ hidden_size: 100, num_attention_heads: 32 }, /head_dim is missing/],
    [{ hidden_size: 0 }, /hidden_size/],
    [{ vocab_size: 1.5 }, /vocab_size/],
    [{ rms_norm_eps: -1 }, /rms_norm_eps/],
    [{ eos_token_id: 40000 }, /eos_token_id 40000 is not below/],
  ])('refuses %j', (json, message) => {
    expect(() => parse(json)).toThrow(InputError);
    expect(() => parse(json)).toThrow(message);
  });
  it('reads or refuses any JSON', () => {
    const keys = fc.constantFrom(
      'hidden_size',
      'head_dim',
      'rope_scaling',
      'rope_parameters',
      'eos_token_id',
      'architectures',
      'model_type',
    );
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(keys, fc.jsonValue())), (json) => {
        try {
          parse(json);
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
