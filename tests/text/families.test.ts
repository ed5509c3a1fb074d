/**
 * @file Tokenizers of each family against Python's: 1,000 texts of the kind that implementations disagree on, as hashes
 * of their ids (families/make_families.py wrote both).
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Tokenizer } from '../../src/text/tokenizer.ts';
import { utf8 } from '../formats/memory_source.ts';

const read = (name: string) => new Uint8Array(readFileSync(new URL(`families/${name}`, import.meta.url)));
const json = <T>(name: string) => JSON.parse(new TextDecoder().decode(read(name))) as T;

interface Golden {
  /** 12 hexadecimal digits of SHA-256 per text: of its ids (u32, little-endian), of the decoded text (UTF-8). */
  readonly with: string;
  readonly without: string;
  readonly decoded: string;
  /** Random ids, and what they decode to. */
  readonly sequences: number[][];
  readonly sequences_decoded: string;
  /** Ids of the first texts, for whoever looks for a difference. */
  readonly first: number[][];
}

const texts = json<string[]>('texts.json');
const digest = (data: Uint8Array | string) => createHash('sha256').update(data).digest('hex').slice(0, 12);
const nth = (digests: string, i: number) => digests.slice(12 * i, 12 * (i + 1));
const idDigest = (ids: Uint32Array) => {
  const bytes = new DataView(new ArrayBuffer(4 * ids.length));
  for (const [i, id] of ids.entries()) bytes.setUint32(4 * i, id, true);
  return digest(new Uint8Array(bytes.buffer));
};

describe.each(['llama3', 'llama2_legacy', 'llama2', 'smollm2', 'bundled'])('%s', (family) => {
  const golden = json<Golden>(`${family}.golden.json`);
  const file = family === 'bundled' ? '../../../public/model/tokenizer.json' : `${family}.tokenizer.json`;
  const tokenizer = new Tokenizer(read(file), utf8('{}'), family);
  const encode = (text: string, specialTokens: boolean) => tokenizer.encode(text, { specialTokens });

  it('begins with what Python gives', () => {
    expect(golden.first.map((_, i) => [...encode(texts[i]!, false)])).toEqual(golden.first);
  });
  it('encodes all texts as Python does', () => {
    expect(texts).toHaveLength(1000);
    expect(texts.filter((text, i) => idDigest(encode(text, false)) !== nth(golden.without, i))).toEqual([]);
    expect(texts.filter((text, i) => idDigest(encode(text, true)) !== nth(golden.with, i))).toEqual([]);
  });
  it('decodes them as Python does', () => {
    const decode = (text: string) => tokenizer.decode(encode(text, false), { skipSpecial: true });
    expect(texts.filter((text, i) => digest(decode(text)) !== nth(golden.decoded, i))).toEqual([]);
  });
  it('decodes ids that no text has as Python does', () => {
    const { sequences, sequences_decoded: decoded } = golden;
    expect(sequences.filter((ids, i) => digest(tokenizer.decode(ids)) !== nth(decoded, i))).toEqual([]);
  });
  it('would show one id that is off by one', () => {
    const ids = encode(texts[1]!, false);
    ids[0]!++;
    expect(idDigest(ids)).not.toBe(nth(golden.without, 1));
  });
});
