/** @file GGUF vocabularies against transformers' own conversion, on texts that tokenizers disagree on. */
import { describe, expect, it } from 'vitest';
import { openGguf } from '../../src/formats/gguf.ts';
import { GgufMetadata } from '../../src/formats/gguf_metadata.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { ggufTokenizer } from '../../src/text/gguf_tokenizer.ts';
import { Tokenizer } from '../../src/text/tokenizer.ts';
import { expectedOf, GGUF_FIXTURES, ggufBytes, ggufSource } from '../formats/gguf_fixtures.ts';

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
type Values = Record<string, number | boolean | string | readonly (string | number)[]>;

function tokenizer(metadata: GgufMetadata): Tokenizer {
  const files = ggufTokenizer(metadata);
  return new Tokenizer(json(files.tokenizer), json(files.tokenizerConfig), 'model.gguf');
}
const made = (values: Values) =>
  new GgufMetadata({ place: 'model.gguf', metadata: new Map(Object.entries(values)) });

describe.each(GGUF_FIXTURES)('%s', (name) => {
  it('encodes and decodes as transformers does', async () => {
    const words = tokenizer(new GgufMetadata(await openGguf(ggufSource(ggufBytes(name)), 'model.gguf')));
    const { rows } = expectedOf[name];
    expect(rows.length).toBeGreaterThan(990);
    for (const [text, ids, decoded] of rows) {
      expect([...words.encode(text, { specialTokens: true })], JSON.stringify(text)).toEqual(ids);
      if (decoded !== undefined)
        expect(words.decode(ids, { skipSpecial: true }), JSON.stringify(text)).toBe(decoded);
    }
  });
});

/** Tokens a, b and their pair, cut by no rule that matters here. */
const PLAIN: Values = {
  'tokenizer.ggml.model': 'gpt2',
  'tokenizer.ggml.tokens': ['a', 'b', 'ab', '<s>', '</s>'],
  'tokenizer.ggml.token_type': [1, 1, 1, 3, 3],
  'tokenizer.ggml.merges': ['a b'],
  'tokenizer.ggml.bos_token_id': 3,
  'tokenizer.ggml.eos_token_id': 4,
};
/** The same with scores for merges. */
const SCORED: Values = {
  'tokenizer.ggml.model': 'llama',
  'tokenizer.ggml.tokens': ['a', 'b', 'ab', 'ba', '<s>', '▁'],
  'tokenizer.ggml.scores': [0, 0, -2, -1, 0, 0],
  'tokenizer.ggml.bos_token_id': 4,
};

describe('what the file may leave open', () => {
  const ids = (values: Values, text: string) => [
    ...tokenizer(made(values)).encode(text, { specialTokens: true }),
  ];

  it('puts BOS where the file or its kind says so', () => {
    expect(ids(PLAIN, 'ab')).toEqual([2]);
    expect(ids({ ...PLAIN, 'tokenizer.ggml.add_bos_token': true }, 'ab')).toEqual([3, 2]);
    expect(ids({ ...PLAIN, 'tokenizer.ggml.add_eos_token': true }, 'ab')).toEqual([2, 4]);
    expect(ids({ ...PLAIN, 'tokenizer.ggml.pre': 'llama-bpe' }, 'ab')).toEqual([3, 2]);
    expect(ids(SCORED, 'a')).toEqual([4, 5, 0]);
    expect(ids({ ...SCORED, 'tokenizer.ggml.add_bos_token': false }, 'a')).toEqual([5, 0]);
  });

  it('merges by score, and puts a space before the text unless the file says no', () => {
    expect(ids(SCORED, 'aba')).toEqual([4, 5, 0, 3]);
    expect(ids({ ...SCORED, 'tokenizer.ggml.scores': [0, 0, -1, -2, 0, 0] }, 'aba')).toEqual([4, 5, 2, 0]);
    expect(ids({ ...SCORED, 'tokenizer.ggml.add_space_prefix': false }, 'aba')).toEqual([4, 0, 3]);
  });

  it('keeps a token that an object would take for its prototype', () => {
    const tokens = ['_', 'p', 'r', 'o', 't', '__proto__'];
    const words = tokenizer(
      made({
        ...PLAIN,
        'tokenizer.ggml.tokens': [...tokens, '<s>', '</s>'],
        'tokenizer.ggml.token_type': [1, 1, 1, 1, 1, 4, 3, 3],
        'tokenizer.ggml.merges': [],
        'tokenizer.ggml.bos_token_id': 6,
        'tokenizer.ggml.eos_token_id': 7,
      }),
    );
    expect([...words.encode('p__proto__', { specialTokens: false })]).toEqual([1, 5]);
  });

  it.each<[Values, RegExp]>([
    [{ ...PLAIN, 'tokenizer.ggml.model': 'bert' }, /kind bert, which is not supported/],
    [{}, /holds no tokenizer/],
    [{ ...PLAIN, 'tokenizer.ggml.pre': 'deepseek-llm' }, /pre-tokenizer "deepseek-llm"/],
    [{ ...PLAIN, 'tokenizer.ggml.tokens': [] }, /tokens is empty/],
    [{ ...PLAIN, 'tokenizer.ggml.tokens': 'abc' }, /tokens is no list of texts/],
    [{ ...PLAIN, 'tokenizer.ggml.token_type': [1] }, /token_type has 1 entries for 5 tokens/],
    [{ ...PLAIN, 'tokenizer.ggml.merges': ['a b c'] }, /"a b c", which is no pair/],
    [{ ...PLAIN, 'tokenizer.ggml.merges': ['b a'] }, /no token "ba"/],
    [{ ...PLAIN, 'tokenizer.ggml.bos_token_id': 5 }, /bos_token_id is 5; there are 5 tokens/],
    [{ ...SCORED, 'tokenizer.ggml.scores': [1] }, /scores has 1 entries for 6 tokens/],
    [
      { ...SCORED, 'tokenizer.ggml.tokens': ['a', 'b', 'c', 'd', 'e', 'x'.repeat(2000)] },
      /a token of 2000 characters/,
    ],
  ])('refuses %#', (values, message) => {
    expect(() => ggufTokenizer(made(values))).toThrow(InputError);
    expect(() => ggufTokenizer(made(values))).toThrow(message);
  });
});
