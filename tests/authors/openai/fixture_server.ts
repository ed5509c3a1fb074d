/**
 * @file An endpoint for tests: chat completions over node:http, with the faults that real ones have, by script. Counts
 * what it is asked.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuthorOperation } from '../../../src/authors/author.ts';
import type { ReplyFormat } from '../../../src/authors/openai/reply_format.ts';
import { type ReadPrompt, readPrompt, ruleReply } from './replies.ts';

/** What may go wrong with one request. */
export const FAULTS = [
  'unauthorised',
  'busy',
  'error',
  'truncated',
  'cut-off',
  'refusal',
  'slow',
  'dropped',
  'half',
  'empty',
] as const;
export type Fault = (typeof FAULTS)[number];

export interface Asked extends ReadPrompt {
  readonly format: ReplyFormat;
  readonly temperature: number | undefined;
  readonly authorization: string | undefined;
  readonly headers: readonly string[];
  /** Milliseconds since the server started. */
  readonly at: number;
  readonly fault: Fault | null;
}

export interface FixtureOptions {
  /** Asked for each request, by its number from 0; null: no fault. */
  faults?: (number: number, prompt: ReadPrompt) => Fault | null;
  /** The reply's text, where it is not the JSON that was asked for. */
  reply?: (prompt: ReadPrompt) => string;
  formats?: readonly ReplyFormat[];
  takesTemperature?: boolean;
  /** The only key it takes; null: any or none. */
  key?: string | null;
  /** So many requests in each window of time, as its headers say; more are refused. */
  limit?: { readonly requests: number; readonly windowMs: number } | null;
  /** Milliseconds that every answer takes, and a slow one. */
  delayMs?: number;
  slowMs?: number;
  /** Seconds of Retry-After. */
  retryAfter?: number;
  /** Null: its answers do not say. */
  countTokens?: ((text: string) => number) | null;
}

interface ChatRequest {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly temperature?: number;
  readonly response_format?: { readonly type: ReplyFormat };
}

export class FixtureServer {
  readonly asked: Asked[] = [];
  /** Most requests that were under way at once. */
  most = 0;
  /** Tokens by operation of answers that were sent whole. */
  readonly tokens = new Map<AuthorOperation, { prompt: number; completion: number }>();
  #underWay = 0;
  #window = { start: 0, requests: 0 };
  readonly #started = performance.now();

  private constructor(
    private readonly server: ReturnType<typeof createServer>,
    readonly options: FixtureOptions,
  ) {}

  static async start(options: FixtureOptions = {}): Promise<FixtureServer> {
    const server = createServer();
    const fixture = new FixtureServer(server, options);
    server.on('request', (request, response) => {
      fixture.#answer(request, response).catch((error: unknown) => {
        response.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return fixture;
  }

  /** Such as http://127.0.0.1:12345/v1 */
  get baseUrl(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1`;
  }

  close(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((done) => this.server.close(() => done()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-allow-headers', 'authorization, content-type');
    response.setHeader('access-control-expose-headers', 'x-ratelimit-remaining-requests, retry-after');
    if (request.method === 'OPTIONS') return void response.writeHead(204).end();
    if (request.method !== 'POST' || request.url !== '/v1/chat/completions')
      return fail(response, 404, { message: `no such path: ${request.url}` });
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const chat = JSON.parse(Buffer.concat(parts).toString('utf8')) as ChatRequest;
    const [system, user] = chat.messages;
    const prompt = readPrompt(system!.content, user!.content);
    const fault = this.options.faults?.(this.asked.length, prompt) ?? null;
    const format = chat.response_format?.type ?? 'text';
    this.asked.push({
      ...prompt,
      ...{ format, fault, temperature: chat.temperature },
      authorization: request.headers.authorization,
      headers: Object.keys(request.headers),
      at: performance.now() - this.#started,
    });
    this.most = Math.max(this.most, ++this.#underWay);
    try {
      await this.#reply(chat, prompt, format, fault, request, response);
    } finally {
      this.#underWay--;
    }
  }

  async #reply(
    chat: ChatRequest,
    prompt: ReadPrompt,
    format: ReplyFormat,
    fault: Fault | null,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const { key, formats, takesTemperature, retryAfter, delayMs = 0, slowMs = 3000 } = this.options;
    const authorization = request.headers.authorization;
    if ((key != null && authorization !== `Bearer ${key}`) || fault === 'unauthorised')
      // Real endpoints repeat part of a wrong key; this one is worse.
      return fail(response, 401, { message: `Incorrect API key provided: ${authorization}` });
    if (!this.#allow(response)) return;
    await new Promise((done) => setTimeout(done, fault === 'slow' ? slowMs : delayMs));
    if (fault === 'dropped') return void request.socket.destroy();
    if (fault === 'busy') {
      response.setHeader('retry-after', String(retryAfter ?? 0.02));
      return fail(response, 429, { message: 'Too many requests.' });
    }
    if (fault === 'error') return fail(response, 500, { message: 'The server had an error.' });
    if (formats && !formats.includes(format))
      return fail(response, 400, { message: `response_format ${format} is unavailable` });
    if (takesTemperature === false && chat.temperature !== undefined)
      return fail(response, 400, { message: "Unsupported value: 'temperature'.", param: 'temperature' });

    const whole = this.options.reply?.(prompt) ?? JSON.stringify(ruleReply(prompt));
    const cut = fault === 'truncated' || fault === 'cut-off';
    const content = fault === 'empty' ? '' : cut ? whole.slice(0, Math.ceil(whole.length / 2)) : whole;
    const count = this.options.countTokens ?? ((text: string) => Math.ceil(text.length / 4));
    const usage = {
      prompt_tokens: chat.messages.reduce((sum, message) => sum + count(message.content) + 4, 0),
      completion_tokens: count(content) + 1,
    };
    const body = JSON.stringify({
      object: 'chat.completion',
      model: chat.model,
      choices: [
        {
          index: 0,
          message:
            fault === 'refusal'
              ? { role: 'assistant', content: null, refusal: 'I cannot help with that.' }
              : { role: 'assistant', content, refusal: null },
          finish_reason: fault === 'cut-off' ? 'length' : 'stop',
        },
      ],
      ...(this.options.countTokens === null ? {} : { usage }),
    });
    if (fault === 'half') {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
      response.write(body.slice(0, body.length / 2));
      await new Promise((done) => setTimeout(done, 10));
      return void request.socket.destroy();
    }
    const sums = this.tokens.get(prompt.operation) ?? { prompt: 0, completion: 0 };
    this.tokens.set(prompt.operation, {
      prompt: sums.prompt + usage.prompt_tokens,
      completion: sums.completion + usage.completion_tokens,
    });
    response.writeHead(200, { 'content-type': 'application/json' }).end(body);
  }

  /** Counts a request against the limit, says so in headers, and refuses it beyond. */
  #allow(response: ServerResponse): boolean {
    const { limit } = this.options;
    if (!limit) return true;
    const now = performance.now() - this.#started;
    if (now - this.#window.start >= limit.windowMs) this.#window = { start: now, requests: 0 };
    this.#window.requests++;
    const reset = this.#window.start + limit.windowMs - now;
    response.setHeader('x-ratelimit-limit-requests', String(limit.requests));
    response.setHeader(
      'x-ratelimit-remaining-requests',
      String(Math.max(0, limit.requests - this.#window.requests)),
    );
    response.setHeader('x-ratelimit-reset-requests', `${Math.ceil(reset)}ms`);
    if (this.#window.requests <= limit.requests) return true;
    response.setHeader('retry-after', String(reset / 1000));
    fail(response, 429, { message: 'Rate limit reached.' });
    return false;
  }
}

function fail(response: ServerResponse, status: number, error: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
}
