/** @file GGUF against files that Python's gguf wrote and transformers read, and against files no one should have written. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { openGguf } from '../../src/formats/gguf.ts';
import { ggufLlama } from '../../src/formats/gguf_llama.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { parseLlamaConfig } from '../../src/llama/parse_config.ts';
import { type GgufParts, ggufFile, type TypedValue } from './gguf_bytes.ts';
import { expectedOf, GGUF_FIXTURES, ggufBytes, ggufSource } from './gguf_fixtures.ts';

const digest = (values: Float32Array) =>
  createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex');

async function open(bytes: Uint8Array) {
  const source = ggufSource(bytes);
  return { source, ...(await ggufLlama(source, await openGguf(source, 'model.gguf'))) };
}

describe.each(GGUF_FIXTURES)('reading what Python wrote: %s', (name) => {
  const expected = expectedOf[name].tensors;

  it('dequantises every tensor and puts the rows of q and k back', async () => {
    const { tensors } = await open(ggufBytes(name));
    for (const [tensor, sha256] of Object.entries(expected))
      expect(digest(await tensors.readF32(tensor)), tensor).toBe(sha256);
  });

  it('reads any rows, and no more than the heads they lie in', async () => {
    const { source, tensors } = await open(ggufBytes(name));
    for (const tensor of Object.keys(expected)) {
      const all = await tensors.readF32(tensor);
      const rows = tensors.shape(tensor)![0]!;
      const width = all.length / rows;
      const bytes = (await tensors.readStored(tensor)).length;
      for (const [start, count] of [
        [0, 1],
        [1, 2],
        [3, rows - 3],
        [rows - 1, 1],
        [rows, 0],
      ] as const) {
        source.bytesRead = 0;
        expect(await tensors.readF32(tensor, start, count)).toEqual(
          all.slice(start * width, (start + count) * width),
        );
        expect(source.bytesRead).toBeLessThanOrEqual((bytes / rows) * (count + 2 * 16));
        expect((await tensors.readStored(tensor, start, count)).length).toBe((bytes / rows) * count);
      }
    }
    await expect(tensors.readF32('model.norm.weight', 30, 40)).rejects.toThrow(RangeError);
    await expect(tensors.readF32('model.none.weight')).rejects.toThrow(/has no tensor model.none.weight/);
  });
});

describe('what config.json would say', () => {
  it('is read from metadata and tensors', async () => {
    const { config, tensors } = await open(ggufBytes('sentencepiece'));
    expect(parseLlamaConfig(config, 'model.gguf')).toEqual({
      hiddenSize: 32,
      intermediateSize: 256,
      numHiddenLayers: 2,
      numAttentionHeads: 4,
      numKeyValueHeads: 2,
      headDim: 16,
      vocabSize: 700,
      rmsNormEps: 1e-5,
      ropeTheta: 10000,
      ropeScaling: null,
      tieWordEmbeddings: false,
      attentionBias: true,
      mlpBias: true,
      maxPositionEmbeddings: 256,
      bosTokenId: 1,
      eosTokenIds: [2],
    });
    expect(tensors.type('model.layers.1.mlp.down_proj.weight')).toBe('Q6_K');
    expect(tensors.type('model.none.weight')).toBeUndefined();
  });

  it("has llama3's scaling where the file has its factors", async () => {
    const { config } = await open(ggufBytes('byte_level'));
    const parsed = parseLlamaConfig(config, 'model.gguf');
    expect(parsed).toMatchObject({ tieWordEmbeddings: true, attentionBias: false, ropeTheta: 500000 });
    expect(parsed.ropeScaling).toEqual({
      type: 'llama3',
      factor: 32,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositionEmbeddings: 8192,
    });
  });
});

const KEYS: [string, TypedValue][] = [
  ['general.architecture', ['string', 'llama']],
  ['llama.context_length', ['u32', 128]],
  ['llama.embedding_length', ['u32', 8]],
  ['llama.block_count', ['u32', 1]],
  ['llama.feed_forward_length', ['u32', 8]],
  ['llama.attention.head_count', ['u32', 2]],
  ['llama.attention.layer_norm_rms_epsilon', ['f32', 1e-5]],
  ['llama.vocab_size', ['u32', 8]],
];
const norm = { name: 'output_norm.weight', shape: [8], type: 0, offset: 0 };
const GOOD: GgufParts = { keys: KEYS, tensors: [norm], dataBytes: 32 };
const without = (key: string) => KEYS.filter(([name]) => name !== key);
const withKey = (key: string, value: TypedValue): GgufParts => ({
  ...GOOD,
  keys: [...without(key), [key, value]],
});
const withTensors = (...tensors: GgufParts['tensors']): GgufParts => ({ ...GOOD, tensors });

describe('files made by hand', () => {
  it('are read where nothing is wrong', async () => {
    const { config, tensors } = await open(ggufFile(GOOD));
    expect(config).toMatchObject({ head_dim: 4, num_key_value_heads: 2, eos_token_id: null, vocab_size: 8 });
    expect(await tensors.readF32('model.norm.weight')).toEqual(new Float32Array(8));
  });

  it.each<[string, GgufParts, object]>([
    [
      'linear scaling',
      withKey('llama.rope.scaling.factor', ['f32', 2]),
      { rope_scaling: { rope_type: 'linear', factor: 2 } },
    ],
    [
      'several end tokens',
      {
        ...GOOD,
        keys: [
          ...KEYS,
          ['tokenizer.ggml.eos_token_id', ['u32', 3]],
          ['tokenizer.ggml.eot_token_id', ['u32', 4]],
        ],
      },
      { eos_token_id: [3, 4] },
    ],
    ['wide counts', withKey('llama.context_length', ['u64', 64n]), { max_position_embeddings: 64 }],
    [
      'the base of rotary embeddings',
      withKey('llama.rope.freq_base', ['f32', 500000]),
      { rope_theta: 500000 },
    ],
  ])('%s', async (_, parts, config) => {
    expect((await open(ggufFile(parts))).config).toMatchObject(config);
  });

  const half = ggufFile(GOOD);
  it.each<[string, Uint8Array | GgufParts, RegExp]>([
    ['too short', new Uint8Array(23), /23 bytes, too few/],
    ['another magic', { ...GOOD, magic: 'GGML' }, /does not begin with GGUF/],
    ['version 1', { ...GOOD, version: 1 }, /version 1; 2 and 3/],
    ['big-endian', { ...GOOD, version: 3 << 24 }, /big-endian/],
    ['cut in its header', half.slice(0, 100), /its header wants .* but the file has 100/],
    ['cut in its data', half.slice(0, -1), /"output_norm.weight" ends at byte \d+, but the file has/],
    ['a key twice', { ...GOOD, keys: [...KEYS, KEYS[0]!] }, /the key "general.architecture" twice/],
    ['a key of the library', withKey('kv_count', ['u32', 1]), /a key that no GGUF file has/],
    [
      'a key that is no own property',
      withKey('__proto__', ['strings', ['a']]),
      /a key that no GGUF file has/,
    ],
    ['a tensor twice', withTensors(norm, norm), /tensor "output_norm.weight" twice/],
    [
      'two names of one tensor',
      withTensors(
        { ...norm, name: 'blk.1.attn_norm.weight' },
        { ...norm, name: 'blk.01.attn_norm.weight', offset: 32 },
      ),
      /ends at byte|no part of a Llama/,
    ],
    ['overlap', { ...withTensors(norm, { ...norm, name: 'output.weight' }), dataBytes: 64 }, /overlaps/],
    ['beyond the file', withTensors({ ...norm, offset: 2n ** 40n }), /ends at byte/],
    ['an offset of 2^64 - 32', withTensors({ ...norm, offset: 2n ** 64n - 32n }), /ends at byte/],
    [
      'an offset between two alignments',
      withTensors({ ...norm, offset: 8 }),
      /begins at 8, no multiple of 32/,
    ],
    [
      'a size of 2^63',
      withTensors({ ...norm, shape: [2n ** 63n] }),
      /header that cannot be read|has the shape/,
    ],
    ['sizes whose product is absurd', withTensors({ ...norm, shape: [2 ** 31, 2 ** 31] }), /has the shape/],
    ['a size of 0', withTensors({ ...norm, shape: [8, 0] }), /has the shape \[8, 0\]/],
    ['five dimensions', withTensors({ ...norm, shape: [1, 1, 1, 1, 8] }), /has 5 dimensions/],
    ['no dimensions', withTensors({ ...norm, shape: [] }), /has 0 dimensions/],
    ['an unknown type', withTensors({ ...norm, type: 99 }), /unknown type 99/],
    [
      'a type that is not supported',
      withTensors({ ...norm, type: 13 }),
      /Q5_K, which is not supported.*Q4_0, Q4_1, Q4_K/,
    ],
    [
      'rows of half a block',
      withTensors({ ...norm, shape: [16, 2], type: 8 }),
      /rows of 16 weights, no whole blocks of Q8_0/,
    ],
    ['a vector in blocks', withTensors({ ...norm, shape: [32], type: 8 }), /is a vector in Q8_0/],
    ['alignment 0', withKey('general.alignment', ['u32', 0]), /cannot be read|general.alignment/],
    ['alignment 48', withKey('general.alignment', ['u32', 48]), /general.alignment of 48/],
    ['alignment as text', withKey('general.alignment', ['string', '32']), /general.alignment/],
    [
      'another architecture',
      withKey('general.architecture', ['string', 'qwen2']),
      /architecture qwen2; llama is supported/,
    ],
    ['no architecture', { ...GOOD, keys: without('general.architecture') }, /names no architecture/],
    ['experts', withKey('llama.expert_count', ['u32', 8]), /mixture of experts/],
    [
      'a tensor of experts',
      withTensors({ ...norm, name: 'blk.0.ffn_gate_inp.weight' }),
      /blk.0.ffn_gate_inp.weight, which is no part/,
    ],
    ['no width', { ...GOOD, keys: without('llama.embedding_length') }, /llama.embedding_length is missing/],
    [
      'a width as text',
      withKey('llama.embedding_length', ['string', '8']),
      /llama.embedding_length is 8, but should be a count/,
    ],
    ['heads by layer', withKey('llama.attention.head_count', ['floats', [2, 4]]), /head_count is a list/],
    ['no heads', withKey('llama.attention.head_count', ['u32', 0]), /head_count is 0/],
    [
      'values wider than keys',
      withKey('llama.attention.value_length', ['u32', 8]),
      /value_length differs from the length 4/,
    ],
    [
      'rotation of a part',
      withKey('llama.rope.dimension_count', ['u32', 2]),
      /dimension_count is not the size 4/,
    ],
    ['yarn', withKey('llama.rope.scaling.type', ['string', 'yarn']), /by yarn, which is not supported/],
    [
      'factors of another scaling',
      withTensors({ name: 'rope_freqs.weight', shape: [2], type: 0, offset: 0 }),
      /not llama3's scaling/,
    ],
    [
      'too many factors',
      withTensors({ name: 'rope_freqs.weight', shape: [3], type: 0, offset: 0 }),
      /shape \[3\], not \[2\]/,
    ],
  ])('%s', async (_, parts, message) => {
    const error = await open(parts instanceof Uint8Array ? parts : ggufFile(parts)).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
    expect((error as InputError).place).toContain('model.gguf');
  });
});
