/** @file Pieces of tokens: one after another they are the text, whatever the family, and none is half a character. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { tokenPieces } from '../../src/text/token_pieces.ts';
import { Tokenizer } from '../../src/text/tokenizer.ts';
import { utf8 } from '../formats/memory_source.ts';

const read = (name: string) => new Uint8Array(readFileSync(new URL(`families/${name}`, import.meta.url)));
const texts = JSON.parse(new TextDecoder().decode(read('texts.json'))) as string[];

describe.each(['llama3', 'llama2_legacy', 'llama2', 'smollm2'])('%s', (family) => {
  const tokenizer = new Tokenizer(read(`${family}.tokenizer.json`), utf8('{}'), family);

  it('join to the text, with no half characters', () => {
    for (const text of texts.filter((t) => !t.includes('\ufffd'))) {
      const ids = tokenizer.encode(text, { specialTokens: false });
      const pieces = tokenPieces(tokenizer, ids);
      expect(pieces.map((piece) => piece.text).join('')).toBe(tokenizer.decode(ids));
      expect(pieces.reduce((n, { count }) => n + count, 0)).toBe(ids.length);
      expect(pieces.filter((piece) => piece.text.includes('\ufffd'))).toEqual([]);
    }
  });
});

it('tells special tokens, and takes a character of several tokens for one piece', () => {
  const tokenizer = new Tokenizer(read('smollm2.tokenizer.json'), utf8('{}'), 'smollm2');
  const ids = tokenizer.encode('<|im_start|>ab🧭<|im_end|>', { specialTokens: false });
  const pieces = tokenPieces(tokenizer, ids);
  expect(pieces.filter(({ special }) => special).map(({ text }) => text)).toEqual([
    '<|im_start|>',
    '<|im_end|>',
  ]);
  expect(pieces.find(({ text }) => text === '🧭')!.count).toBeGreaterThan(1);
});
