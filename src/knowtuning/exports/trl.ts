/** @file TRL's rows, plain (prompt, completion; prompt, chosen, rejected) and conversational (messages). */
import type { Message, PromptCompletion } from '../../train/tuner.ts';
import type { PreferenceRow } from '../compare.ts';

export interface TrlPreference {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
}

export interface TrlConversation {
  readonly messages: readonly Message[];
}

export interface TrlConversationPreference {
  readonly prompt: readonly Message[];
  readonly chosen: readonly Message[];
  readonly rejected: readonly Message[];
}

const user = (content: string): Message => ({ role: 'user', content });
const assistant = (content: string): Message => ({ role: 'assistant', content });

export function trlRow({ prompt, completion }: PromptCompletion): PromptCompletion {
  return { prompt, completion };
}

export function trlPreference({ prompt, chosen, rejected }: PreferenceRow): TrlPreference {
  return { prompt, chosen, rejected };
}

/** For SFTTrainer, which applies the model's chat template. OpenAI's fine-tuning reads the same. */
export function trlConversation({ prompt, completion }: PromptCompletion): TrlConversation {
  return { messages: [user(prompt), assistant(completion)] };
}

export function trlConversationPreference({
  prompt,
  chosen,
  rejected,
}: PreferenceRow): TrlConversationPreference {
  return { prompt: [user(prompt)], chosen: [assistant(chosen)], rejected: [assistant(rejected)] };
}
