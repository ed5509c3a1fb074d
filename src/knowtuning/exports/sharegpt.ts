/** @file ShareGPT rows: conversations of turns with "from" and "value", as LLaMA-Factory and Axolotl read them. */
import type { PromptCompletion } from '../../train/tuner.ts';
import type { PreferenceRow } from '../compare.ts';

export interface ShareGptTurn {
  readonly from: 'human' | 'gpt';
  readonly value: string;
}

export interface ShareGptRow {
  readonly conversations: readonly ShareGptTurn[];
}

export interface ShareGptPreference extends ShareGptRow {
  readonly chosen: ShareGptTurn;
  readonly rejected: ShareGptTurn;
}

const human = (value: string): ShareGptTurn => ({ from: 'human', value });
const gpt = (value: string): ShareGptTurn => ({ from: 'gpt', value });

export function shareGptRow({ prompt, completion }: PromptCompletion): ShareGptRow {
  return { conversations: [human(prompt), gpt(completion)] };
}

export function shareGptPreference({ prompt, chosen, rejected }: PreferenceRow): ShareGptPreference {
  return { conversations: [human(prompt)], chosen: gpt(chosen), rejected: gpt(rejected) };
}
