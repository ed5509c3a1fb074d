/** @file Rows of OpenAI's preference fine-tuning (DPO): the question as input, one message of the assistant on each side. */
import type { Message } from '../../train/tuner.ts';
import type { PreferenceRow } from '../compare.ts';

export interface OpenAiPreference {
  readonly input: { readonly messages: readonly Message[] };
  readonly preferred_output: readonly Message[];
  readonly non_preferred_output: readonly Message[];
}

export function openAiPreference({ prompt, chosen, rejected }: PreferenceRow): OpenAiPreference {
  return {
    input: { messages: [{ role: 'user', content: prompt }] },
    preferred_output: [{ role: 'assistant', content: chosen }],
    non_preferred_output: [{ role: 'assistant', content: rejected }],
  };
}
