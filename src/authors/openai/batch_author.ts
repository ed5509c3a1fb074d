/**
 * @file An author whose calls are not made but written down for a batch, and answered from what batches have brought.
 * Everything else, from keys to how a reply is read, is as with an endpoint: one may go on where the other stopped.
 */
import type { Author, AuthorOperation } from '../author.ts';
import { authorCallKey } from '../call_input.ts';
import { createPromptedAuthor, type ModelReply, type PromptedCall } from '../prompted_author.ts';
import type { Prompts } from '../prompts.ts';
import type { BatchAnswer } from './batch_lines.ts';
import { endpointSettings } from './openai_author.ts';
import type { UsageMeter } from './usage.ts';

/** A call that a batch answered in vain. It waits for the next one. */
export interface BatchError {
  readonly row: string;
  readonly operation: AuthorOperation;
  readonly reason: string;
}

export interface BatchAuthor {
  readonly author: Author;
  /** Keys of the calls that wait for a batch. */
  readonly waiting: ReadonlySet<string>;
  readonly errors: readonly BatchError[];
  /** Keys of all calls that were made. */
  readonly asked: ReadonlySet<string>;
}

export interface BatchAuthorOptions {
  readonly prompts: Prompts;
  readonly model: string;
  /** What batches have brought, by key. */
  readonly answers: ReadonlyMap<string, BatchAnswer>;
  readonly meter: UsageMeter;
  /** Given each call that waits, once, and awaited: there may be more of them than memory holds. */
  readonly onWaiting: (key: string, call: PromptedCall) => void | Promise<void>;
}

/** Reason of calls that wait. */
export const WAITS = 'It waits for a batch.';

export async function createBatchAuthor(options: BatchAuthorOptions): Promise<BatchAuthor> {
  const { prompts, model, answers, meter, onWaiting } = options;
  const waiting = new Set<string>();
  const errors: BatchError[] = [];
  const asked = new Set<string>();

  async function ask(call: PromptedCall): Promise<ModelReply> {
    const { row, operation, attempt } = call;
    const key = await authorCallKey(author, operation, call.input);
    asked.add(key);
    const wait = async (): Promise<ModelReply> => {
      if (!waiting.has(key)) {
        waiting.add(key);
        await onWaiting(key, { ...call, attempt: 1 });
      }
      return { kind: 'failed', reason: WAITS };
    };
    if (attempt === 2) {
      errors.push({ row, operation, reason: 'The reply cannot be read.' });
      return wait();
    }
    const answer = answers.get(key);
    if (!answer) return wait();
    if (answer.reply.kind === 'failed') {
      errors.push({ row, operation, reason: answer.reply.reason });
      return wait();
    }
    meter.add(operation, answer.tokens);
    return { ...answer.reply, tokens: answer.tokens };
  }

  const author: Author = await createPromptedAuthor({
    ...{ name: 'openai', prompts, ask, concurrency: 1 },
    settings: endpointSettings(model),
  });
  return { author, waiting, errors, asked };
}
