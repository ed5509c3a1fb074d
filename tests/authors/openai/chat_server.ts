/** @file What real endpoints of the tests share: chat completions over node:http, whoever writes the replies. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ChatRequest {
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly temperature?: number;
  readonly seed?: number;
  readonly max_tokens?: number;
  readonly response_format?: {
    readonly type: 'text' | 'json_object' | 'json_schema';
    readonly json_schema?: { readonly schema: object };
  };
}

export interface ChatReply {
  readonly text: string;
  /** Whether the model ended it; else it was cut off. */
  readonly ended: boolean;
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** An answer that is an error, with its status. */
export class ChatError extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly code?: string,
  ) {
    super(message);
  }
}

export interface ChatServer {
  /** Such as http://127.0.0.1:12345/v1 */
  readonly baseUrl: string;
  close(): Promise<void>;
}

/**
 * Serves chat completions on this machine.
 * @param answer is told by its signal when whoever asked has gone
 */
export async function serveChat(
  model: string,
  port: number,
  answer: (request: ChatRequest, signal: AbortSignal) => Promise<ChatReply>,
): Promise<ChatServer> {
  const server = createServer(async (request, response) => {
    const send = (status: number, body: object) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    if (request.url !== '/v1/chat/completions') return send(404, { error: { message: 'no such path' } });
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const chat = JSON.parse(Buffer.concat(parts).toString('utf8')) as ChatRequest;
      const reply = await answer(chat, gone.signal);
      send(200, {
        object: 'chat.completion',
        model,
        choices: [
          {
            index: 0,
            message: { role: 'assistant', content: reply.text },
            finish_reason: reply.ended ? 'stop' : 'length',
          },
        ],
        usage: { prompt_tokens: reply.promptTokens, completion_tokens: reply.completionTokens },
      });
    } catch (error) {
      if (error instanceof ChatError)
        send(error.status, { error: { message: error.message, code: error.code ?? null } });
      else send(500, { error: { message: String(error) } });
    }
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}
