/**
 * @file A real endpoint: chat completions over llama.cpp, as its own server gives them: several at a time, the model's
 * own chat template, replies held to a JSON schema by a grammar, every token counted. By hand:
 * node --import tsx tests/authors/openai/llama_cpp_server.ts --model MODEL.gguf
 */
import { fileURLToPath } from 'node:url';
import { Template } from '@huggingface/jinja';
import pLimit from 'p-limit';
import { loadLlamaCpp, type Sequence, type Token } from '../../../scripts/llama_cpp_package.mjs';
import { parseOptions } from '../../../src/cli/arguments.ts';
import { ChatError, type ChatReply, type ChatRequest, type ChatServer, serveChat } from './chat_server.ts';

/** As Ollama has it by default: without, the smallest models say the same again and again. */
const REPEAT_PENALTY = { penalty: 1.1, lastTokens: 64 };

export interface LlamaCppOptions {
  readonly port?: number;
  /** Requests that are answered at once; further ones wait. */
  readonly parallel?: number;
  /** More than one wait for each other actively, which is ruinous where others want the processor, too. */
  readonly threads?: number;
  /** Most tokens of a prompt with its reply. */
  readonly contextSize?: number;
  /** Most tokens of a reply, where a request does not say: small models repeat themselves without end. */
  readonly newTokens?: number;
}

/** Serves a GGUF file. @throws Error where llama.cpp or the file cannot be had */
export async function serveLlamaCpp(
  modelPath: string,
  { port = 0, parallel = 8, threads = 1, contextSize = 4096, newTokens = 512 }: LlamaCppOptions = {},
): Promise<ChatServer> {
  const { llama, LlamaGrammarEvaluationState } = await loadLlamaCpp();
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({ contextSize, sequences: parallel, threads });
  const template = new Template(model.fileInfo.metadata.tokenizer.chat_template);
  const free: Sequence[] = Array.from({ length: parallel }, () => context.getSequence());
  // In turn, since whoever waits for a sequence must not be overtaken for ever.
  const inTurn = pLimit(parallel);
  const grammars = new Map<string, ReturnType<typeof llama.createGrammarForJsonSchema>>();

  const encode = (chat: ChatRequest): Token[] =>
    model.tokenize(template.render({ messages: chat.messages, add_generation_prompt: true }), true);

  /** A fresh state of the grammar that the request asks for, or undefined where it asks for none. */
  async function grammarState(format: ChatRequest['response_format']) {
    if (!format || format.type === 'text') return undefined;
    const schema = format.json_schema?.schema;
    const key = JSON.stringify(schema ?? 'any');
    if (!grammars.has(key))
      grammars.set(key, schema ? llama.createGrammarForJsonSchema(schema) : llama.getGrammarFor('json'));
    return new LlamaGrammarEvaluationState({ model, grammar: await grammars.get(key)! });
  }

  /** The free sequence that remembers most of a prompt: instructions that many calls share are read once. */
  function takeSequence(prompt: readonly Token[]): Sequence {
    const shared = free.map((sequence) => sequence.compareContextTokens(prompt).firstDifferentIndex);
    return free.splice(shared.indexOf(Math.max(...shared)), 1)[0]!;
  }

  async function answer(chat: ChatRequest, signal: AbortSignal): Promise<ChatReply> {
    const prompt = encode(chat);
    const room = contextSize - prompt.length;
    if (room < 1)
      throw new ChatError(
        400,
        `the request has ${prompt.length} tokens; the context size is ${contextSize}`,
        'context_length_exceeded',
      );
    const grammar = await grammarState(chat.response_format);
    const sequence = takeSequence(prompt);
    try {
      // The last token is always read anew: the first of the reply follows from it.
      const { firstDifferentIndex } = sequence.compareContextTokens(prompt);
      const kept = Math.min(firstDifferentIndex, prompt.length - 1);
      await sequence.eraseContextTokenRanges([{ start: kept, end: sequence.nextTokenIndex }]);
      const { temperature = 1, seed = 1 } = chat;
      const limit = Math.min(chat.max_tokens ?? newTokens, room);
      const reply: Token[] = [];
      let ended = true;
      const evaluation = sequence.evaluate(prompt.slice(kept), {
        ...{ temperature, topK: 0, topP: 1, seed, yieldEogToken: false },
        repeatPenalty: {
          penalty: REPEAT_PENALTY.penalty,
          punishTokens: () => reply.slice(-REPEAT_PENALTY.lastTokens),
        },
        ...(grammar ? { grammarEvaluationState: grammar } : {}),
      });
      for await (const token of evaluation) {
        signal.throwIfAborted();
        reply.push(token);
        // A grammar of the package allows line breaks after the value; the value is the reply.
        if (grammar && isWhole(model.detokenize(reply))) break;
        if (reply.length < limit) continue;
        ended = false;
        break;
      }
      return {
        text: model.detokenize(reply),
        ended,
        promptTokens: prompt.length,
        completionTokens: reply.length,
      };
    } finally {
      free.push(sequence);
    }
  }

  const server = await serveChat('llama.cpp', port, (chat, signal) => inTurn(() => answer(chat, signal)));
  return {
    baseUrl: server.baseUrl,
    async close() {
      await server.close();
      await llama.dispose();
    },
  };
}

function isWhole(text: string): boolean {
  if (!text.trimEnd().endsWith('}')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const options = parseOptions(process.argv.slice(2), {
    model: { required: true, help: 'a GGUF file' },
    port: { default: '8080', help: 'port' },
    parallel: { default: '8', help: 'requests that are answered at once' },
    threads: { default: '1', help: 'threads that compute' },
    'new-tokens': { default: '512', help: 'most tokens of a reply' },
  });
  const { baseUrl } = await serveLlamaCpp(options.get('model'), {
    port: options.integer('port', 0),
    parallel: options.integer('parallel', 1),
    threads: options.integer('threads', 1),
    newTokens: options.integer('new-tokens', 1),
  });
  console.log(baseUrl);
}
