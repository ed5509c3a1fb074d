/** @file A directory of safetensors, a GGUF file, several of them: what a model's files are taken to say. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { diskSource } from '../../src/cli/disk_source.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { writeSafetensors } from '../../src/formats/safetensors.ts';
import { Tokenizer } from '../../src/text/tokenizer.ts';
import { openModelFiles } from '../../src/train/model_files.ts';
import { type GgufParts, ggufFile } from './gguf_bytes.ts';
import { expectedOf, ggufBytes } from './gguf_fixtures.ts';
import { MemorySource, utf8 } from './memory_source.ts';

const open = (files: Record<string, Uint8Array>, gguf?: string) =>
  openModelFiles(new MemorySource(files), gguf);
const CONFIG = utf8(JSON.stringify({ model_type: 'llama', _name_or_path: 'example/tiny' }));
const WEIGHTS = writeSafetensors(
  new Map([['model.norm.weight', { shape: [2], data: new Float32Array([1, 2]) }]]),
);
const text = (name: string) =>
  new Uint8Array(readFileSync(new URL(`../text/fixtures/${name}`, import.meta.url)));
const SAFETENSORS = {
  'config.json': CONFIG,
  'model.safetensors': WEIGHTS,
  'tokenizer.json': text('tokenizer.json'),
  'tokenizer_config.json': text('tokenizer_config.json'),
};

describe('safetensors', () => {
  it('are opened with what lies beside them', async () => {
    const files = await open({ ...SAFETENSORS, 'chat_template.jinja': utf8('{{ messages }}') });
    expect(files).toMatchObject({
      kind: 'safetensors',
      baseModel: 'example/tiny',
      chatTemplate: '{{ messages }}',
    });
    expect(files.config.hiddenSize).toBe(4096);
    expect(files.configSha256).toBe(createHash('sha256').update(CONFIG).digest('hex'));
    expect(files.tensors.type('model.norm.weight')).toBe('F32');
    expect(await files.tensors.readStored('model.norm.weight', 1, 1)).toEqual(
      new Uint8Array(Float32Array.of(2).buffer),
    );
  });
  it('go before a GGUF file that is not named', async () => {
    const both = { ...SAFETENSORS, 'model.gguf': ggufBytes('byte_level') };
    expect((await open(both)).kind).toBe('safetensors');
    expect((await open(both, 'model.gguf')).kind).toBe('gguf');
  });
});

describe('GGUF', () => {
  it('is a whole model', async () => {
    const files = await open({ 'tiny-llama.Q8_0.gguf': ggufBytes('sentencepiece') });
    expect(files).toMatchObject({ kind: 'gguf', baseModel: 'tiny-llama.Q8_0', chatTemplate: null });
    expect(files.configSha256).toBe(
      createHash('sha256').update(JSON.stringify(files.configJson)).digest('hex'),
    );
    const tokenizer = new Tokenizer(files.tokenizerJson, files.tokenizerConfigJson, 'tiny');
    expect(tokenizer.chatTemplate).toBe('{% for m in messages %}{{ m.content }}{% endfor %}');
    const [row, ids] = expectedOf.sentencepiece.rows[100]!;
    expect([...tokenizer.encode(row, { specialTokens: true })]).toEqual(ids);
  });
  it("leaves the tokenizer to the model's own tokenizer.json", async () => {
    const { 'tokenizer.json': own } = SAFETENSORS;
    const files = await open({ 'a.gguf': ggufBytes('sentencepiece'), 'tokenizer.json': own });
    expect(files.tokenizerJson).toEqual(own);
  });
  it('is opened by its path in the terminal', async () => {
    const path = fileURLToPath(new URL('fixtures/byte_level.gguf', import.meta.url));
    const source = await diskSource(path);
    expect(await source.list()).toEqual(['byte_level.gguf']);
    expect((await openModelFiles(source)).config.ropeScaling).toMatchObject({ type: 'llama3' });
    const directory = fileURLToPath(new URL('fixtures', import.meta.url));
    await expect(openModelFiles(await diskSource(directory))).rejects.toThrow(
      /several GGUF files: byte_level.gguf, sentencepiece.gguf/,
    );
    await expect(diskSource(`${directory}/gguf.json`)).rejects.toThrow(InputError);
  });
});

const VOCABULARY: GgufParts['keys'] = [
  ['general.architecture', ['string', 'llama']],
  ['llama.context_length', ['u32', 128]],
  ['llama.embedding_length', ['u32', 8]],
  ['llama.block_count', ['u32', 1]],
  ['llama.feed_forward_length', ['u32', 8]],
  ['llama.attention.head_count', ['u32', 2]],
  ['llama.attention.layer_norm_rms_epsilon', ['f32', 1e-5]],
  ['general.source.huggingface.repository', ['string', 'example/tiny']],
  ['tokenizer.ggml.model', ['string', 'llama']],
  ['tokenizer.ggml.tokens', ['strings', ['a', 'b', 'ab']]],
  ['tokenizer.ggml.scores', ['floats', [0, 0, 0]]],
];
const embedding = (rows: number): Uint8Array =>
  ggufFile({
    keys: VOCABULARY,
    tensors: [{ name: 'token_embd.weight', shape: [8, rows], type: 0, offset: 0 }],
    dataBytes: 32 * rows,
  });

it("takes a base model's name on the Hub from the file", async () => {
  expect((await open({ 'a.gguf': embedding(3) })).baseModel).toBe('example/tiny');
});

it.each<[string, Record<string, Uint8Array>, RegExp]>([
  ['no weights', { 'config.json': CONFIG }, /no model.safetensors and no model.safetensors.index.json/],
  ['nothing', {}, /config.json/],
  ['no tokenizer', { 'config.json': CONFIG, 'model.safetensors': WEIGHTS }, /tokenizer.json/],
  [
    'a part of a model',
    { 'a-00001-of-00002.gguf': embedding(3) },
    /part of a model.*llama-gguf-split --merge/,
  ],
  ['more tokens than are embedded', { 'a.gguf': embedding(2) }, /3 tokens, but embeds 2/],
  [
    'an end beyond the vocabulary',
    {
      'a.gguf': ggufFile({
        keys: [...VOCABULARY, ['tokenizer.ggml.eos_token_id', ['u32', 7]]],
        tensors: [],
        dataBytes: 0,
      }),
    },
    /eos_token_id 7 is not below vocab_size 3/,
  ],
])('refuses %s', async (_, files, message) => {
  const error = await open(files).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(InputError);
  expect((error as Error).message).toMatch(message);
});
