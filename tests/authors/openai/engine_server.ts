/**
 * @file A real endpoint: chat completions over this project's own engine, several at a time. By hand:
 * node scripts/with_gpu.mjs node --import tsx tests/authors/openai/engine_server.ts --model MODEL
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseOptions } from '../../../src/cli/arguments.ts';
import { MODEL_OPTIONS, openModel } from '../../../src/cli/open_model.ts';
import { InputError } from '../../../src/formats/input_error.ts';
import type { OpenedTuner } from '../../../src/train/open_tuner.ts';

const BATCH = 16;
const NEW_TOKENS = 400;

interface Waiting {
  readonly prompt: string;
  readonly maxTokens: number;
  readonly send: (status: number, body: object) => void;
}

export interface EngineServer {
  /** Such as http://127.0.0.1:12345/v1 */
  readonly baseUrl: string;
  close(): Promise<void>;
}

/** Serves a loaded model. It takes no schema and no other JSON mode, as small servers do not. */
export async function serveEngine(
  opened: OpenedTuner,
  { port = 0, newTokens = NEW_TOKENS } = {},
): Promise<EngineServer> {
  const waiting: Waiting[] = [];
  let running = false;

  const server = createServer(async (request, response) => {
    const send: Waiting['send'] = (status, body) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    if (request.url !== '/v1/chat/completions') return send(404, { error: { message: 'no such path' } });
    const chat = JSON.parse(Buffer.concat(parts).toString('utf8')) as {
      readonly messages: readonly { readonly content: string }[];
      readonly response_format?: { readonly type: string };
      readonly max_tokens?: number;
    };
    if (chat.response_format)
      return send(400, { error: { message: 'response_format is not supported', code: 'unsupported' } });
    const prompt = chat.messages.map(({ content }) => content).join('\n\n');
    waiting.push({ prompt, maxTokens: chat.max_tokens ?? newTokens, send });
    if (!running) void run();
  });

  async function run(): Promise<void> {
    running = true;
    await new Promise((done) => setTimeout(done, 20));
    while (waiting.length > 0) await answer(waiting.splice(0, BATCH));
    running = false;
  }

  async function answer(members: Waiting[]): Promise<void> {
    const prompts = members.map(({ prompt }) => prompt);
    try {
      const encoded = await opened.codec.encodePrompts(prompts);
      const generations = await opened.tuner.generate(prompts, null, {
        maxNewTokens: Math.max(...members.map(({ maxTokens }) => maxTokens)),
      });
      for (const [i, { text, ids, finish }] of generations.entries())
        members[i]!.send(200, {
          object: 'chat.completion',
          model: opened.baseModel,
          choices: [
            {
              index: 0,
              message: { role: 'assistant', content: text },
              finish_reason: finish === 'eos' ? 'stop' : 'length',
            },
          ],
          usage: { prompt_tokens: encoded[i]!.length, completion_tokens: ids.length },
        });
    } catch (error) {
      const [status, message] = error instanceof InputError ? [400, error.message] : [500, String(error)];
      for (const { send } of members) send(status, { error: { message } });
    }
  }

  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return {
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    close: () => {
      server.closeAllConnections();
      return new Promise((done) => server.close(() => done()));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = parseOptions(process.argv.slice(2), {
    ...MODEL_OPTIONS,
    port: { default: '8080', help: 'port' },
  });
  const { baseUrl } = await serveEngine(await openModel(options), { port: options.integer('port', 0) });
  console.log(baseUrl);
}
