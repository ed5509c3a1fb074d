/** @file Tokens and templates against what Transformers makes of the same files. */
import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { startTemplateThread } from '../../src/cli/template_host.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { alpacaPrompt, RowEncoder, type RowEncoderOptions } from '../../src/text/template.ts';
import { Tokenizer } from '../../src/text/tokenizer.ts';
import type { PromptCompletion, TemplateName } from '../../src/train/tuner.ts';
import { utf8 } from '../formats/memory_source.ts';

const read = (name: string) => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
interface Cases {
  encode: { text: string; with: number[]; without: number[]; decoded: string }[];
  templates: {
    name: string;
    template: string;
    rows: { prompt: string; completion: string; promptText: string; fullText: string; fullIds: number[] }[];
  }[];
}
const cases = JSON.parse(new TextDecoder().decode(read('cases.json'))) as Cases;
const tokenizer = new Tokenizer(read('tokenizer.json'), read('tokenizer_config.json'), 'model');
const IM_END = tokenizer.tokenId('<|im_end|>')!;

const opened: RowEncoder[] = [];
afterEach(() => {
  for (const encoder of opened.splice(0)) encoder.close();
});
async function open(template: TemplateName, options: RowEncoderOptions = {}): Promise<RowEncoder> {
  const encoder = await RowEncoder.open(tokenizer, template, {
    startTemplateWorker: startTemplateThread,
    ...options,
  });
  opened.push(encoder);
  return encoder;
}
async function encodeRow(encoder: RowEncoder, row: PromptCompletion, eos = true) {
  return (await encoder.encodeRows([row], { eos }))[0]!;
}

describe('tokenizer', () => {
  it.each(cases.encode)('encodes and decodes $text as Python does', (c) => {
    expect([...tokenizer.encode(c.text, { specialTokens: true })]).toEqual(c.with);
    expect([...tokenizer.encode(c.text, { specialTokens: false })]).toEqual(c.without);
    expect(tokenizer.decode(c.with, { skipSpecial: true })).toBe(c.decoded);
  });
  it('knows its special tokens', () => {
    expect([tokenizer.bosTokenId, tokenizer.eosTokenId]).toEqual([1, 2]);
    expect(tokenizer.decode([])).toBe('');
    expect(tokenizer.decode([1_000_000])).toBe('');
  });
  it.each<[string, string, string]>([
    ['{', '{}', 'not valid JSON'],
    ['{}', '{}', 'no tokenizer model'],
    ['{"model":{"type":"Odd"}}', '{}', 'cannot be used'],
  ])('refuses %s', (json, config, message) => {
    const make = () => new Tokenizer(utf8(json), utf8(config), 'model');
    expect(make).toThrow(InputError);
    expect(make).toThrow(message);
  });
});

describe('template auto', () => {
  for (const { name, template, rows } of cases.templates)
    it.each(rows)(`${name} renders $prompt as Transformers does`, async (row) => {
      const encoder = await open('auto', { chatTemplate: template, eosTokenIds: [2, IM_END] });
      const { ids, promptLength } = await encodeRow(encoder, row);
      const prompt = (await encoder.encodePrompts([row.prompt]))[0]!;
      // The whole text's tokens, but for BOS where the text has none and what follows the closing token.
      const expected = row.fullText.startsWith('<s>') ? row.fullIds : [1, ...row.fullIds];
      const close = Math.max(expected.lastIndexOf(2), expected.lastIndexOf(IM_END));
      expect([...ids]).toEqual(expected.slice(0, close + 1));
      expect([...ids.subarray(0, promptLength)]).toEqual([...prompt]);
      expect([...ids].filter((id) => id === 1)).toHaveLength(1);
      expect(tokenizer.decode(prompt)).toBe(
        `${row.promptText.startsWith('<s>') ? '' : '<s>'}${row.promptText}`,
      );
      const { ids: unclosed } = await encodeRow(encoder, row, false);
      expect([...unclosed]).toEqual(expected.slice(0, close));
    });

  it('knows no clock', async () => {
    const chatTemplate =
      "{{ strftime_now('%d %b %Y') }}{% for i in range(2, 4) %}{{ i }}{% endfor %}{% for m in messages %}{{ m.content }}{% endfor %}";
    const encoder = await open('auto', { chatTemplate });
    expect(tokenizer.decode((await encoder.encodePrompts(['q']))[0]!, { skipSpecial: true })).toBe(
      '26 Jul 202423q',
    );
  });
  it.each<[string, string]>([
    ['{% for i in range(100000) %}{% endfor %}', 'a range of 100000 numbers'],
    ['{% if %}', 'cannot be read'],
    ["{{ raise_exception('no') }}", 'cannot be rendered'],
    ['{{ messages | length }}', 'cannot be told from it'],
    ['x'.repeat(70_000), '65536 are read'],
  ])('refuses %.20s', async (chatTemplate, message) => {
    const error = await open('auto', { chatTemplate }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as InputError).message).toMatch(message);
  });
  it('refuses a model without one', async () => {
    await expect(open('auto')).rejects.toThrow('no chat template');
  });
});

describe('templates none and alpaca', () => {
  const row = { prompt: 'What is the capital?', completion: ' Marrow Keep.' };
  const plain = (text: string) => [...tokenizer.encode(text, { specialTokens: false })];
  it('none: special tokens, prompt, completion, EOS', async () => {
    const { ids, promptLength } = await encodeRow(await open('none'), row);
    expect([...ids]).toEqual([1, ...plain(row.prompt), ...plain(row.completion), 2]);
    expect(promptLength).toBe(1 + plain(row.prompt).length);
    expect([...(await encodeRow(await open('none'), row, false)).ids]).toEqual([...ids.subarray(0, -1)]);
  });
  it('alpaca puts the prompt into its own', async () => {
    const { ids, promptLength } = await encodeRow(await open('alpaca'), row);
    expect([...ids.subarray(0, promptLength)]).toEqual([1, ...plain(alpacaPrompt(row.prompt))]);
    expect(tokenizer.decode(ids)).toBe(
      '<s>Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\nWhat is the capital?\n\n### Response:\n Marrow Keep.</s>',
    );
  });
});
