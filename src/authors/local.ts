/**
 * @file The loaded model as author: the same prompts as for an endpoint, answered by this project's engine, several
 * rows in one batch. For those with no key; small models write poorly, and what cannot be read is named.
 */
import { InputError } from '../formats/input_error.ts';
import type { Sampling } from '../llama/generate.ts';
import type { Adapter, Tuner } from '../train/tuner.ts';
import type { Author } from './author.ts';
import { createPromptedAuthor, type ModelReply, type PromptedCall } from './prompted_author.ts';
import type { Prompts } from './prompts.ts';

export interface LocalAuthorOptions {
  readonly tuner: Pick<Tuner, 'generate'>;
  readonly adapter: Adapter | null;
  /** What tells this model from others, as plain data: its name and configuration. */
  readonly model: Readonly<Record<string, unknown>>;
  /** Calls that are answered together. */
  readonly batch: number;
  readonly maxNewTokens: number;
}

/** How long a batch waits for further calls, in milliseconds: they come in a burst, as the batch before is answered. */
const GATHER_MS = 5;

/** Of a second try: the likeliest words have been had. */
const SECOND_TRY: Partial<Sampling> = { temperature: 0.7, topP: 0.95, seed: 1 };

interface Waiting {
  readonly call: PromptedCall;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (reply: ModelReply) => void;
  readonly reject: (reason: unknown) => void;
}

/** An author that asks the loaded model. Nothing else may use the tuner while its calls are under way. */
export function createLocalAuthor(prompts: Prompts, options: LocalAuthorOptions): Promise<Author> {
  const { tuner, adapter, model, batch, maxNewTokens } = options;
  const waiting: Waiting[] = [];
  let running = false;

  return createPromptedAuthor({
    name: 'local',
    prompts,
    settings: { ...model, maxNewTokens },
    concurrency: batch,
    ask: (call, signal) =>
      new Promise((resolve, reject) => {
        waiting.push({ call, signal, resolve, reject });
        if (!running) void run();
      }),
  });

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      if (waiting.length < batch) await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
      // First and second tries are sampled differently, and so not together.
      const { attempt } = waiting[0]!.call;
      const members = waiting.filter(({ call }) => call.attempt === attempt).slice(0, batch);
      for (const member of members) waiting.splice(waiting.indexOf(member), 1);
      await answer(members, attempt === 1 ? {} : SECOND_TRY);
    }
    running = false;
  }

  /** Answers calls together; one whose prompt the model cannot hold is left out and told so. */
  async function answer(members: Waiting[], sampling: Partial<Sampling>): Promise<void> {
    const open = [...members];
    while (open.length > 0) {
      try {
        const signals = [...new Set(open.flatMap(({ signal }) => signal ?? []))];
        const texts = open.map(({ call }) => `${call.instructions}\n\n${call.message}`);
        const generations = await tuner.generate(texts, adapter, {
          ...{ maxNewTokens, sampling },
          ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
        });
        for (const [i, { text, finish }] of generations.entries())
          open[i]!.resolve({ kind: 'text', text, truncated: finish === 'length' });
        return;
      } catch (error) {
        const place = error instanceof InputError ? /^prompt (\d+)$/.exec(error.place) : null;
        const [tooLong] = place ? open.splice(Number(place[1]) - 1, 1) : [];
        if (!tooLong) {
          for (const { reject } of open) reject(error);
          return;
        }
        const { problem } = error as InputError;
        tooLong.resolve({ kind: 'refused', reason: `The prompt ${problem.replace(/\.$/, '')} at most.` });
      }
    }
  }
}
