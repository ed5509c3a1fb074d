/** @file The author behind an endpoint that speaks OpenAI's chat completions: OpenAI's own, or any compatible one. */
import type { Author } from '../author.ts';
import { createPromptedAuthor } from '../prompted_author.ts';
import type { Prompts } from '../prompts.ts';
import { ChatEndpoint, type EndpointOptions } from './endpoint.ts';

/** What replies depend on besides the prompt. The address does not count: a server may move. */
export function endpointSettings(model: string): Readonly<Record<string, unknown>> {
  return { model, temperature: 0 };
}

/** An author that asks an endpoint. */
export function createOpenAiAuthor(prompts: Prompts, options: EndpointOptions): Promise<Author> {
  const endpoint = new ChatEndpoint(options);
  return createPromptedAuthor({
    name: 'openai',
    prompts,
    settings: endpointSettings(options.model),
    concurrency: options.concurrency,
    ask: (call, signal) => endpoint.ask(call, signal),
  });
}
