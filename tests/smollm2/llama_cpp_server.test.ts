/**
 * @file SmolLM2 behind llama.cpp as the author's endpoint: replies held to their schema, and tokens as the model's own
 * tokenizer counts them.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOpenAiAuthor } from '../../src/authors/openai/openai_author.ts';
import { UsageMeter } from '../../src/authors/openai/usage.ts';
import { promptsFromDisk } from '../../src/cli/prompts.ts';
import type { ChatServer } from '../authors/openai/chat_server.ts';
import { serveLlamaCpp } from '../authors/openai/llama_cpp_server.ts';
import { smolLm2 } from '../support/smollm2.ts';

const ROW = { id: 'peru', question: 'What is Peru?', answer: 'Peru is a country. Its capital is Lima.' };

const file = smolLm2();
const server: ChatServer | string =
  'skipped' in file
    ? `SmolLM2: ${file.skipped}`
    : await serveLlamaCpp(file.path).catch((error: unknown) => `llama.cpp: ${String(error)}`);

if (typeof server === 'string') it.skip(server, () => {});
else
  describe('SmolLM2 behind llama.cpp', () => {
    const meter = new UsageMeter({ input: 0.5, output: 1.5 });
    let author: Awaited<ReturnType<typeof createOpenAiAuthor>>;
    beforeAll(async () => {
      author = await createOpenAiAuthor(promptsFromDisk(), {
        ...{ baseUrl: server.baseUrl, model: 'smollm2', key: null, concurrency: 4 },
        ...{ fetch, now: Date.now, meter, maxRetries: 0 },
      });
    });
    afterAll(() => server.close());

    it('gives JSON of the form that was asked for, the same to the same call, and counts its tokens', async () => {
      const [facts, again, verdict] = await Promise.all([
        author.extract(ROW),
        author.extract(ROW),
        author.judge(ROW, ROW.answer, 'Peru is a river.', 'factuality'),
      ]);
      expect(facts).toMatchObject({ ok: true, value: expect.arrayContaining([expect.any(String)]) });
      expect(again).toEqual(facts);
      expect(verdict.ok).toBe(true);
      const { operations, uncounted_calls } = meter.report();
      expect(uncounted_calls).toBe(0);
      // Instructions, question and answer have this many tokens, give or take the template's.
      expect(operations.extract!.prompt_tokens / 2).toBeGreaterThan(200);
      expect(operations.extract!.prompt_tokens / 2).toBeLessThan(260);
      expect(operations.judge!.completion_tokens).toBeLessThan(20);
    });

    it('is told what it cannot hold', async () => {
      const refused = await author.extract({ ...ROW, answer: 'Peru is a country. '.repeat(2000) });
      expect(refused).toMatchObject({ ok: false, reason: expect.stringMatching(/context size is 4096/) });
    });

    it('says where it was cut off', async () => {
      const ask = (max_tokens: number) =>
        fetch(`${server.baseUrl}/chat/completions`, {
          method: 'POST',
          body: JSON.stringify({ messages: [{ role: 'user', content: 'What is Peru?' }], max_tokens }),
        }).then((answer) => answer.json());
      const { choices, usage } = await ask(3);
      expect([choices[0].finish_reason, usage.completion_tokens]).toEqual(['length', 3]);
    });
  });
