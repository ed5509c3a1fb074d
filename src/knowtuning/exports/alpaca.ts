/** @file Alpaca rows: what the paper's scripts and LLaMA-Factory read. */
import type { PromptCompletion } from '../../train/tuner.ts';
import type { PreferenceRow } from '../compare.ts';

export interface AlpacaRow {
  readonly instruction: string;
  readonly input: string;
  readonly output: string;
}

export interface AlpacaPreference {
  readonly instruction: string;
  readonly input: string;
  readonly chosen: string;
  readonly rejected: string;
}

export function alpacaRow({ prompt, completion }: PromptCompletion): AlpacaRow {
  return { instruction: prompt, input: '', output: completion };
}

/** With the columns of LLaMA-Factory's ranking data. */
export function alpacaPreference({ prompt, chosen, rejected }: PreferenceRow): AlpacaPreference {
  return { instruction: prompt, input: '', chosen, rejected };
}
