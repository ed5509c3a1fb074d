/** @file What training and generation need of the text layer. */
import type { TrainingRow } from './tuner.ts';

export interface EncodedTokens {
  readonly ids: Uint32Array;
  /** How many of the ids come before the first that is trained or scored. */
  readonly promptLength: number;
  /** [ids.length - promptLength] 1 where a token after them is trained; null where all are. */
  readonly trained: Uint8Array | null;
}

/** Text to ids and back; text/template.ts has it. */
export interface TextCodec {
  /** Ids of prompts as they are given to the model, with what the template puts around them. */
  encodePrompts(prompts: readonly string[]): Promise<Uint32Array[]>;
  /** Ids of a text on its own, without template, after the one token that begins texts (promptLength 1). */
  encodeBare(text: string): EncodedTokens;
  /** Ids of whole rows: prompt, then completion (then EOS); of a conversation, up to its last answer that is trained. */
  encodeRows(
    rows: readonly TrainingRow[],
    options: { readonly eos: boolean; readonly trainOn?: 'all' | 'last' },
  ): Promise<EncodedTokens[]>;
  decode(ids: Uint32Array): string;
}
