/**
 * @file The lines of OpenAI's Batch files: calls that are answered within a day at half the price, by custom_id and in
 * any order. A call's key is its custom_id, so that an answer needs nothing else to find its place.
 */
import * as v from 'valibot';
import { InputError } from '../../formats/input_error.ts';
import type { ModelReply, PromptedCall } from '../prompted_author.ts';
import { readCompletion } from './endpoint.ts';
import { chatRequest, FULL_STYLE } from './reply_format.ts';
import type { CallTokens } from './usage.ts';

/** What a file may hold at most: https://platform.openai.com/docs/guides/batch */
export const BATCH_LIMITS = { lines: 50_000, bytes: 200_000_000 };

/** One line of a batch's input, without its end. */
export function batchLine(key: string, model: string, call: PromptedCall): string {
  const body = chatRequest(model, call, FULL_STYLE);
  return JSON.stringify({ custom_id: key, method: 'POST', url: '/v1/chat/completions', body });
}

export interface BatchAnswer {
  readonly key: string;
  readonly reply: ModelReply;
  /** Null where the answer does not say. */
  readonly tokens: CallTokens | null;
}

const errorSchema = v.nullish(v.object({ code: v.nullish(v.string()), message: v.nullish(v.string()) }));
const answerSchema = v.object({
  custom_id: v.string(),
  response: v.nullish(v.object({ status_code: v.number(), body: v.nullish(v.unknown()) })),
  error: errorSchema,
});
const completionSchema = v.object({
  choices: v.array(
    v.object({
      message: v.object({ content: v.nullish(v.string()), refusal: v.nullish(v.string()) }),
      finish_reason: v.nullish(v.string()),
    }),
  ),
  usage: v.nullish(v.object({ prompt_tokens: v.number(), completion_tokens: v.number() })),
});

/**
 * Reads a line of a batch's output or error file.
 * @throws InputError for a line that is none
 */
export function parseBatchAnswer(line: string, place: string): BatchAnswer {
  const cure = "Use the output and error files of OpenAI's Batch API, as they are.";
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw new InputError(place, 'is not JSON.', cure);
  }
  const parsed = v.safeParse(answerSchema, json);
  if (!parsed.success) throw new InputError(place, 'is no answer of a batch.', cure);
  const { custom_id: key, response, error } = parsed.output;
  const failed = (reason: string): BatchAnswer => ({ key, reply: { kind: 'failed', reason }, tokens: null });
  if (error) return failed(`The batch failed on it (${error.code ?? ''}: ${error.message ?? 'no reason'}).`);
  if (!response) return failed('The batch has no answer to it.');
  if (response.status_code !== 200) {
    const said = v.safeParse(v.object({ error: errorSchema }), response.body);
    const reason = said.success ? (said.output.error?.message ?? 'no reason') : 'no reason';
    return failed(`The batch failed on it (${response.status_code}: ${reason}).`);
  }
  const completion = v.safeParse(completionSchema, response.body);
  if (!completion.success) return failed('The batch answered it with something that is no chat completion.');
  const { usage } = completion.output;
  return {
    key,
    reply: readCompletion(completion.output),
    tokens: usage ? { prompt: usage.prompt_tokens, completion: usage.completion_tokens } : null,
  };
}
