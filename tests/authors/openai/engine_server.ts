/**
 * @file A real endpoint: chat completions over this project's own engine, several at a time. By hand:
 * node scripts/with_gpu.mjs node --import tsx tests/authors/openai/engine_server.ts --model MODEL
 */
import { fileURLToPath } from 'node:url';
import { parseOptions } from '../../../src/cli/arguments.ts';
import { MODEL_OPTIONS, openModel } from '../../../src/cli/open_model.ts';
import { InputError } from '../../../src/formats/input_error.ts';
import type { OpenedTuner } from '../../../src/train/open_tuner.ts';
import { ChatError, type ChatReply, type ChatServer, serveChat } from './chat_server.ts';

const BATCH = 16;
const NEW_TOKENS = 400;

interface Waiting {
  readonly prompt: string;
  readonly maxTokens: number;
  readonly resolve: (reply: ChatReply) => void;
  readonly reject: (error: unknown) => void;
}

/** Serves a loaded model. It takes no schema and no other JSON mode, as small servers do not. */
export function serveEngine(
  opened: OpenedTuner,
  { port = 0, newTokens = NEW_TOKENS } = {},
): Promise<ChatServer> {
  const waiting: Waiting[] = [];
  let running = false;

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
        members[i]!.resolve({
          text,
          ended: finish === 'eos',
          promptTokens: encoded[i]!.length,
          completionTokens: ids.length,
        });
    } catch (error) {
      const told = error instanceof InputError ? new ChatError(400, error.message) : error;
      for (const { reject } of members) reject(told);
    }
  }

  return serveChat(opened.baseModel, port, (chat) => {
    if (chat.response_format) throw new ChatError(400, 'response_format is not supported', 'unsupported');
    const prompt = chat.messages.map(({ content }) => content).join('\n\n');
    return new Promise((resolve, reject) => {
      waiting.push({ prompt, maxTokens: chat.max_tokens ?? newTokens, resolve, reject });
      if (!running) void run();
    });
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = parseOptions(process.argv.slice(2), {
    ...MODEL_OPTIONS,
    port: { default: '8080', help: 'port' },
  });
  const { baseUrl } = await serveEngine(await openModel(options), { port: options.integer('port', 0) });
  console.log(baseUrl);
}
