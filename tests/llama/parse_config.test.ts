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
  it.each<[string, object, object]>([
    [
      'Llama 2 7B',
      {
        hidden_size: 4096,
        intermediate_size: 11008,
        num_hidden_layers: 32,
        num_attention_heads: 32,
        num_key_value_heads: 32,
        vocab_size: 32000,
        rms_norm_eps: 1e-5,
        max_position_embeddings: 4096,
        rope_scaling: null,
        tie_word_embeddings: false,
        pretraining_tp: 1,
      },
      { headDim: 128, numKeyValueHeads: 32, ropeTheta: 10000, ropeScaling: null, tieWordEmbeddings: false },
    ],
    [
      'Llama 3.2 1B',
      {
        hidden_size: 2048,
        intermediate_size: 8192,
        num_hidden_layers: 16,
        num_attention_heads: 32,
        num_key_value_heads: 8,
        head_dim: 64,
        vocab_size: 128256,
        rms_norm_eps: 1e-5,
        max_position_embeddings: 131072,
        rope_theta: 500000.0,
        rope_scaling: { rope_type: 'llama3', ...llama3 },
        tie_word_embeddings: true,
        bos_token_id: 128000,
        eos_token_id: [128001, 128008, 128009],
        attention_bias: false,
        mlp_bias: false,
      },
      {
        headDim: 64,
        numKeyValueHeads: 8,
        ropeTheta: 500000,
        tieWordEmbeddings: true,
        eosTokenIds: [128001, 128008, 128009],
      },
    ],
    [
      'TinyLlama 1.1B',
      {
        hidden_size: 2048,
        intermediate_size: 5632,
        num_hidden_layers: 22,
        num_attention_heads: 32,
        num_key_value_heads: 4,
        vocab_size: 32000,
        rms_norm_eps: 1e-5,
        max_position_embeddings: 2048,
      },
      { headDim: 64, numKeyValueHeads: 4, maxPositionEmbeddings: 2048, attentionBias: false },
    ],
    [
      'SmolLM2 135M',
      {
        hidden_size: 576,
        intermediate_size: 1536,
        num_hidden_layers: 30,
        num_attention_heads: 9,
        num_key_value_heads: 3,
        vocab_size: 49152,
        rms_norm_eps: 1e-5,
        max_position_embeddings: 8192,
        rope_theta: 100000,
        tie_word_embeddings: true,
        bos_token_id: 1,
        eos_token_id: 2,
        rope_interleaved: false,
      },
      { headDim: 64, numKeyValueHeads: 3, ropeTheta: 100000, eosTokenIds: [2] },
    ],
    [
      'one with all biases',
      {
        attention_bias: true,
        mlp_bias: true,
        hidden_act: 'swish',
        eos_token_id: null,
        num_key_value_heads: null,
      },
      { attentionBias: true, mlpBias: true, eosTokenIds: [], numKeyValueHeads: 32 },
    ],
  ])('reads the config.json of %s', (_, json, expected) => {
    expect(parse({ model_type: 'llama', architectures: ['LlamaForCausalLM'], ...json })).toMatchObject(
      expected,
    );
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
    [{ quantization_config: { quant_method: 'gptq' } }, /quantised by gptq/],
    [{ partial_rotary_factor: 0.5 }, /partial_rotary_factor/],
    [{ rope_parameters: { rope_theta: 1e4, partial_rotary_factor: 0.5 } }, /partial_rotary_factor/],
    [{ num_hidden_layers: 1e9 }, /num_hidden_layers/],
    [{ vocab_size: 2 ** 40 }, /vocab_size/],
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
