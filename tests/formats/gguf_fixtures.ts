/** @file Two small Llamas as GGUF, and what Python's gguf and transformers make of them (fixtures/make_gguf.py). */
import { readFileSync } from 'node:fs';
import { MemorySource } from './memory_source.ts';

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));

/** A text, its ids with special tokens, and for some what they decode to without special tokens. */
export type EncodedText = readonly [text: string, ids: readonly number[], decoded?: string];

interface Expected {
  /** SHA-256 of the f32 bytes of each tensor, under Hugging Face's names. */
  readonly tensors: Readonly<Record<string, string>>;
  readonly rows: readonly EncodedText[];
}

export type GgufFixture = 'sentencepiece' | 'byte_level';
export const GGUF_FIXTURES = ['sentencepiece', 'byte_level'] as const;

export const expectedOf = JSON.parse(new TextDecoder().decode(fixture('gguf.json'))) as Readonly<
  Record<GgufFixture, Expected>
>;

export const ggufBytes = (name: GgufFixture): Uint8Array => fixture(`${name}.gguf`);

/** A directory with that file alone, under the name model.gguf. */
export const ggufSource = (bytes: Uint8Array): MemorySource => new MemorySource({ 'model.gguf': bytes });
