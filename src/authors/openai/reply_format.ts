/**
 * @file How an endpoint is asked for JSON. Not every one takes a schema, or knows that format at all: one that refuses
 * is asked more simply, and from then on at once.
 */
import { APIError } from 'openai';
import type { ChatCompletionCreateParamsNonStreaming } from 'openai/resources/chat/completions';
import type { PromptedCall } from '../prompted_author.ts';

/** From what is best to what every endpoint takes. */
export const REPLY_FORMATS = ['json_schema', 'json_object', 'text'] as const;
export type ReplyFormat = (typeof REPLY_FORMATS)[number];

/** What of a request some endpoints refuse. */
export interface RequestStyle {
  readonly format: ReplyFormat;
  /** Some models take no temperature but their own. */
  readonly temperature: boolean;
}

export const FULL_STYLE: RequestStyle = { format: 'json_schema', temperature: true };

/** Of a second try: an endpoint that is greedy and exact would only say the same again, and be paid for it again. */
const SECOND_TRY_TEMPERATURE = 0.7;

/** The body of a chat completion. Greedy, so that the same call gets the same reply as far as the endpoint can. */
export function chatRequest(
  model: string,
  call: PromptedCall,
  { format, temperature }: RequestStyle,
): ChatCompletionCreateParamsNonStreaming {
  const { name, schema } = call.form;
  return {
    model,
    messages: [
      { role: 'system', content: call.instructions },
      { role: 'user', content: call.message },
    ],
    ...(temperature ? { temperature: call.attempt === 1 ? 0 : SECOND_TRY_TEMPERATURE } : {}),
    ...(format === 'json_schema'
      ? { response_format: { type: format, json_schema: { name, strict: true, schema } } }
      : format === 'json_object'
        ? { response_format: { type: format } }
        : {}),
  };
}

/** What to try after an error: the same call in a simpler style; null where the style cannot be what was wrong. */
export function simplerStyle(error: unknown, style: RequestStyle): RequestStyle | null {
  if (!(error instanceof APIError) || (error.status !== 400 && error.status !== 422)) return null;
  const about = `${error.param ?? ''} ${error.message}`;
  if (style.temperature && /temperature/i.test(about)) return { ...style, temperature: false };
  if (error.code === 'context_length_exceeded') return null;
  const next = REPLY_FORMATS[REPLY_FORMATS.indexOf(style.format) + 1];
  return next ? { ...style, format: next } : null;
}
