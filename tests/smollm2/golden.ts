/** @file Golden numbers of SmolLM2 (tools/reference/smollm2.py): transformers and PEFT on the same GGUF file, in f32. */
import { readFileSync } from 'node:fs';
import type { PromptCompletion } from '../../src/train/tuner.ts';

const read = (name: string) => readFileSync(new URL(`golden/${name}`, import.meta.url), 'utf8');
const lines = <T>(name: string) =>
  read(name)
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);

export interface GoldenText extends PromptCompletion {
  readonly ids: readonly number[];
  readonly prompt_length: number;
  readonly logprobs: readonly number[];
}

export interface GoldenContinuation {
  readonly prompt: string;
  readonly ids: readonly number[];
  readonly new_ids: readonly number[];
  /** Between the two largest logits at each new token. */
  readonly gaps: readonly number[];
}

export interface GoldenSft {
  readonly row: PromptCompletion;
  readonly adapter: { readonly r: number; readonly lora_alpha: number };
  readonly config: Readonly<Record<string, unknown>>;
  readonly losses: readonly number[];
}

export const goldenTokens = () => lines<[text: string, ids: number[]]>('tokens.jsonl');
export const goldenTexts = () => lines<GoldenText>('texts.jsonl');
export const goldenContinuations = () => lines<GoldenContinuation>('continuations.jsonl');
export const goldenSft = () => JSON.parse(read('sft.json')) as GoldenSft;
