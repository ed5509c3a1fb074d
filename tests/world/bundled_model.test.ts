/** @file The committed model and world hold together: sizes, tensors as config.json says, JavaScript's ids = Python's. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';
import { describe, expect, it } from 'vitest';

const model = new URL('../../public/model/', import.meta.url);
const atlas = new URL('../../public/atlas/', import.meta.url);
const json = (url: URL) => JSON.parse(readFileSync(url, 'utf8'));

/** Ids by Python's tokenizers (tools/pretrain/golden_ids.py); the completion may be empty. */
interface Golden {
  readonly prompt: string;
  readonly completion: string;
  readonly ids: number[];
}

/** The header of a safetensors file: tensor name -> type and shape. */
function safetensorsHeader(file: Buffer): Record<string, { dtype: string; shape: number[] }> {
  const length = Number(file.readBigUInt64LE(0));
  const { __metadata__, ...tensors } = JSON.parse(file.subarray(8, 8 + length).toString('utf8'));
  return tensors;
}

describe('public/model', () => {
  const tokenizer = new Tokenizer(
    json(new URL('tokenizer.json', model)),
    json(new URL('tokenizer_config.json', model)),
  );
  const encode = (text: string, special: boolean) =>
    tokenizer.encode(text, { add_special_tokens: special }).ids;

  it('takes at most 5 MB together with the world', () => {
    const bytes = [model, atlas].flatMap((folder) =>
      readdirSync(folder).map((name) => statSync(new URL(name, folder)).size),
    );
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThan(5_000_000);
  });

  it('holds exactly the float16 tensors of its configuration', () => {
    const config = json(new URL('config.json', model));
    const tensors = safetensorsHeader(readFileSync(new URL('model.safetensors', model)));
    const hidden = config.hidden_size;
    const inner = config.intermediate_size;
    const queries = config.num_attention_heads * config.head_dim;
    const keys = config.num_key_value_heads * config.head_dim;
    const expected: Record<string, number[]> = {
      'model.embed_tokens.weight': [config.vocab_size, hidden],
      'model.norm.weight': [hidden],
    };
    for (let layer = 0; layer < config.num_hidden_layers; layer++) {
      const at = `model.layers.${layer}`;
      expected[`${at}.input_layernorm.weight`] = [hidden];
      expected[`${at}.post_attention_layernorm.weight`] = [hidden];
      expected[`${at}.self_attn.q_proj.weight`] = [queries, hidden];
      expected[`${at}.self_attn.k_proj.weight`] = [keys, hidden];
      expected[`${at}.self_attn.v_proj.weight`] = [keys, hidden];
      expected[`${at}.self_attn.o_proj.weight`] = [hidden, queries];
      expected[`${at}.mlp.gate_proj.weight`] = [inner, hidden];
      expected[`${at}.mlp.up_proj.weight`] = [inner, hidden];
      expected[`${at}.mlp.down_proj.weight`] = [hidden, inner];
    }
    expect(Object.fromEntries(Object.entries(tensors).map(([name, { shape }]) => [name, shape]))).toEqual(
      expected,
    );
    expect(new Set(Object.values(tensors).map(({ dtype }) => dtype))).toEqual(new Set(['F16']));
  });

  const golden: Golden[] = readFileSync(new URL('golden_ids.jsonl', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

  it.each(golden)('encodes "$prompt" as Python does, whole and in segments', (row) => {
    const { prompt, completion, ids } = row;
    expect(encode(prompt + completion, true)).toEqual(ids);
    expect([...encode(prompt, true), ...encode(completion, false)]).toEqual(ids);
  });

  it('decodes back to the text', () => {
    expect(golden.length).toBeGreaterThan(40);
    for (const { prompt, completion, ids } of golden.filter((row) => row.completion !== '')) {
      expect(tokenizer.decode(ids, { skip_special_tokens: true })).toBe(prompt + completion);
    }
  });

  it('makes each digit a piece of its own', () => {
    const vocabulary = Object.keys(json(new URL('tokenizer.json', model)).model.vocab);
    expect(vocabulary.filter((piece) => /\d./.test(piece) || /.\d/.test(piece))).toEqual([]);
  });
});
