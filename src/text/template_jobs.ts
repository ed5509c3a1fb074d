/**
 * @file What is asked of the worker that renders chat templates, and how it answers: plain objects, many conversations
 * at a time. Every host's worker is this one function behind that host's way of passing messages.
 */
import type { Message } from '../train/tuner.ts';
import { ChatTemplate } from './chat_template.ts';
import { ConversationRenderer, type RenderedConversation } from './rendered_conversation.ts';

/** A template, and what it and its renderer must know of the model. */
export interface TemplateSpec {
  /** Jinja. */
  readonly source: string;
  /** Special tokens by the names that templates know them by (bos_token ...). */
  readonly tokens: Readonly<Record<string, string>>;
  /** Tokens that end a turn, as text. */
  readonly closingTokens: readonly string[];
}

/** A conversation, with the assistant messages that are wanted as answers; none: as a prompt to be answered. */
export interface TemplateJob {
  readonly messages: readonly Message[];
  readonly answers: readonly number[];
}

/** What became of a job; a prompt has no answers. */
export type TemplateResult =
  | { readonly ok: true; readonly rendered: RenderedConversation }
  | { readonly ok: false; readonly problem: string };

export interface TemplateRequest {
  readonly spec: TemplateSpec;
  readonly jobs: readonly TemplateJob[];
}

/** What the worker sends: first that it has started, then one answer to each request. */
export type TemplateAnswer =
  | { readonly kind: 'ready' }
  /** The template cannot be read. */
  | { readonly kind: 'unreadable'; readonly problem: string }
  | { readonly kind: 'rendered'; readonly results: readonly TemplateResult[] };

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The worker's side; keeps the last template, since requests mostly come for the same one. */
export function createTemplateServer(): (request: TemplateRequest) => TemplateAnswer {
  let known: { readonly key: string; readonly renderer: ConversationRenderer } | null = null;
  return ({ spec, jobs }) => {
    const key = JSON.stringify(spec);
    if (known?.key !== key)
      try {
        const template = new ChatTemplate(spec.source, spec.tokens);
        known = { key, renderer: new ConversationRenderer(template, spec.closingTokens) };
      } catch (error) {
        return { kind: 'unreadable', problem: reason(error) };
      }
    const { renderer } = known;
    return {
      kind: 'rendered',
      results: jobs.map(({ messages, answers }): TemplateResult => {
        try {
          const rendered =
            answers.length === 0
              ? { text: renderer.prompt(messages), answers: [], needsEos: false }
              : renderer.render(messages, answers);
          return { ok: true, rendered };
        } catch (error) {
          return { ok: false, problem: reason(error) };
        }
      }),
    };
  };
}
