/**
 * @file An endpoint that speaks OpenAI's chat completions: at most so many calls at once, slower as its limits near,
 * tried again as often as it helps, and every token counted.
 */
import OpenAI from 'openai';
import type { ChatCompletion } from 'openai/resources/chat/completions';
import pLimit from 'p-limit';
import { InputError } from '../../formats/input_error.ts';
import type { ModelReply, PromptedCall } from '../prompted_author.ts';
import { parseRetryAfter, RateLimits } from './allowance.ts';
import { type EndpointFailure, endpointFailure } from './failure.ts';
import { chatRequest, FULL_STYLE, type RequestStyle, simplerStyle } from './reply_format.ts';
import type { UsageMeter } from './usage.ts';
import { wholeFetch } from './whole_fetch.ts';

export interface EndpointOptions {
  /** Such as https://api.openai.com/v1 */
  readonly baseUrl: string;
  readonly model: string;
  /** Held in memory only; null where the endpoint needs none. */
  readonly key: string | null;
  /** Calls under way at most. */
  readonly concurrency: number;
  readonly fetch: typeof fetch;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly meter: UsageMeter;
  /** How often a call is tried again, in all growing intervals or when Retry-After says. */
  readonly maxRetries?: number;
  /** After how many milliseconds without an answer a try has failed. */
  readonly timeoutMs?: number;
  /** Told where calls are held back for a while, in milliseconds; not again before that while is over. */
  readonly onWait?: (milliseconds: number) => void;
}

const MAX_RETRIES = 6;
const TIMEOUT_MS = 600_000;

/** Waits that are told. */
const LONG_WAIT_MS = 3000;

/** So many calls in a row that fail, retries and all, and the endpoint counts as broken. */
const FAILURES_IN_A_ROW = 12;

/** Tokens of a text by its characters, where all that matters is not to be far off. */
const CHARACTERS_PER_TOKEN = 4;

export class ChatEndpoint {
  readonly #client: OpenAI;
  readonly #inTurn;
  readonly #limits: RateLimits;
  #style: RequestStyle = FULL_STYLE;
  #underWay = { calls: 0, tokens: 0 };
  #hasWorked = false;
  #failuresInARow = 0;
  #toldUntil = 0;

  constructor(private readonly options: EndpointOptions) {
    const { baseUrl, key, concurrency, now } = options;
    this.#inTurn = pLimit(concurrency);
    this.#limits = new RateLimits(now);
    this.#client = new OpenAI({
      baseURL: baseUrl,
      // The library wants one; what is sent is up to wholeFetch.
      apiKey: key ?? 'none',
      // What the environment says is not asked: the same settings mean the same everywhere.
      ...{ organization: null, project: null, webhookSecret: null, logLevel: 'off' },
      dangerouslyAllowBrowser: true,
      maxRetries: options.maxRetries ?? MAX_RETRIES,
      timeout: options.timeoutMs ?? TIMEOUT_MS,
      fetch: wholeFetch({
        fetch: options.fetch,
        key,
        onAnswer: (status, headers) => this.#note(status, headers),
      }),
    });
  }

  /**
   * Asks for one reply.
   * @throws InputError where the endpoint cannot be worked with; the reason of `runSignal` where it is aborted
   */
  ask(call: PromptedCall, runSignal?: AbortSignal): Promise<ModelReply> {
    return this.#inTurn(async () => {
      runSignal?.throwIfAborted();
      // Of its own, so that a run with many calls does not gather their listeners on one signal.
      const signal = runSignal && AbortSignal.any([runSignal]);
      try {
        const completion = await this.#complete(call, signal);
        const { usage } = completion;
        const tokens = usage ? { prompt: usage.prompt_tokens, completion: usage.completion_tokens } : null;
        this.options.meter.add(call.operation, tokens);
        this.#hasWorked = true;
        this.#failuresInARow = 0;
        return { ...readCompletion(completion), tokens };
      } catch (error) {
        signal?.throwIfAborted();
        return this.#fail(endpointFailure(error, this.options.key));
      }
    });
  }

  async #complete(call: PromptedCall, signal: AbortSignal | undefined): Promise<ChatCompletion> {
    let style = this.#style;
    for (;;) {
      const request = chatRequest(this.options.model, call, style);
      const tokens = Math.ceil(JSON.stringify(request).length / CHARACTERS_PER_TOKEN);
      const wait = this.#limits.take(tokens);
      this.#tellWait(wait);
      // From here on: what an answer's headers say does not count calls that wait to be sent, either.
      this.#underWay.calls++;
      this.#underWay.tokens += tokens;
      try {
        await pause(wait, signal);
        const asked = this.#client.chat.completions.create(request, signal ? { signal } : {});
        const completion = await orAborted(asked, signal);
        if (style !== this.#style) this.#style = style;
        return completion;
      } catch (error) {
        const simpler = simplerStyle(error, style);
        if (!simpler) throw error;
        style = simpler;
      } finally {
        this.#underWay.calls--;
        this.#underWay.tokens -= tokens;
      }
    }
  }

  #fail({ kind, reason, cure }: EndpointFailure): ModelReply {
    this.#failuresInARow++;
    const hopeless =
      kind === 'hopeless' ||
      (kind === 'setup' && !this.#hasWorked) ||
      (kind !== 'row' && this.#failuresInARow >= FAILURES_IN_A_ROW);
    if (hopeless) throw new InputError(this.options.baseUrl, reason, cure);
    return { kind: kind === 'row' ? 'refused' : 'failed', reason };
  }

  #note(status: number, headers: Headers): void {
    const { calls, tokens } = this.#underWay;
    // The call that is answered here is counted in the headers.
    const mean = calls > 0 ? tokens / calls : 0;
    this.#limits.read(headers, { calls: Math.max(0, calls - 1), tokens: Math.max(0, tokens - mean) });
    if (status !== 429 && status !== 503) return;
    const wait = parseRetryAfter(headers.get('retry-after'), this.options.now());
    if (wait === null) return;
    this.#limits.pause(wait);
    this.#tellWait(wait);
  }

  #tellWait(milliseconds: number): void {
    const now = this.options.now();
    if (milliseconds < LONG_WAIT_MS || now < this.#toldUntil) return;
    this.#toldUntil = now + milliseconds;
    this.options.onWait?.(milliseconds);
  }
}

/** What of a chat completion is looked at. */
interface Completion {
  readonly choices?:
    | readonly {
        readonly message?: {
          readonly content?: string | null | undefined;
          readonly refusal?: string | null | undefined;
        };
        readonly finish_reason?: string | null | undefined;
      }[]
    | undefined;
}

/** What a chat completion says: also of one that comes from a batch. */
export function readCompletion({ choices }: Completion): ModelReply {
  const choice = choices?.[0];
  if (!choice) return { kind: 'failed', reason: 'The endpoint answered without a reply.' };
  const { message, finish_reason } = choice;
  if (message?.refusal) return { kind: 'refused', reason: `The model refuses: ${message.refusal}` };
  if (finish_reason === 'content_filter')
    return { kind: 'refused', reason: "The endpoint's content filter stopped the reply." };
  return { kind: 'text', text: message?.content ?? '', truncated: finish_reason === 'length' };
}

/** The result of a request, or the signal's reason without waiting for the library, which sleeps through aborts. */
function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  if (milliseconds <= 0) return Promise.resolve();
  let timer: ReturnType<typeof setTimeout>;
  const slept = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  return orAborted(slept, signal).finally(() => clearTimeout(timer));
}
