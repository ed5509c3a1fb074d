/**
 * @file A real model behind a real endpoint, and the same model as local author: replies are read, tokens counted, and a
 * server that knows no JSON mode is worked with.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Author } from '../../src/authors/author.ts';
import { createLocalAuthor } from '../../src/authors/local.ts';
import { createOpenAiAuthor } from '../../src/authors/openai/openai_author.ts';
import { UsageMeter } from '../../src/authors/openai/usage.ts';
import { diskSource } from '../../src/cli/disk_source.ts';
import { promptsFromDisk } from '../../src/cli/prompts.ts';
import { startTemplateThread } from '../../src/cli/template_host.ts';
import { type OpenedTuner, openTuner } from '../../src/train/open_tuner.ts';
import type { ChatServer } from '../authors/openai/chat_server.ts';
import { serveEngine } from '../authors/openai/engine_server.ts';
import { getTestGpu } from '../support/gpu.ts';
import { smolLm2 } from '../support/smollm2.ts';

/** Most tokens of a reply: enough for these, since a software GPU takes its time. */
const NEW_TOKENS = 48;

const ROW = { id: 'peru', question: 'What is Peru?', answer: 'Peru is a country. Its capital is Lima.' };
const ATOM = 'The capital of Peru is Lima.';

const file = smolLm2();
if ('skipped' in file) it.skip(`SmolLM2: ${file.skipped}`, () => {});
else
  describe('SmolLM2 as author', () => {
    let opened: OpenedTuner;
    let server: ChatServer;
    let local: Author;
    let remote: Author;
    const meter = new UsageMeter(null);
    beforeAll(async () => {
      opened = await openTuner(await getTestGpu(), await diskSource(file.path), {
        clock: () => performance.now(),
        load: { weights: 'native' },
        startTemplateWorker: startTemplateThread,
      });
      server = await serveEngine(opened, { newTokens: NEW_TOKENS });
      const prompts = promptsFromDisk();
      remote = await createOpenAiAuthor(prompts, {
        ...{ baseUrl: server.baseUrl, model: 'smollm2', key: null, concurrency: 4 },
        ...{ fetch, now: Date.now, meter, maxRetries: 0 },
      });
      local = await createLocalAuthor(prompts, {
        ...{
          tuner: opened.tuner,
          adapter: null,
          model: { model: 'smollm2' },
          batch: 4,
          maxNewTokens: NEW_TOKENS,
        },
      });
    });
    afterAll(async () => {
      await server?.close();
      opened?.codec.close();
      opened?.model.gpu.ledger.releaseOwner('weights');
    });

    it('writes the same through the endpoint as in the tab, and its tokens are counted', async () => {
      const [there, revised] = await Promise.all([remote.extract(ROW), remote.revise(ROW, ATOM, 0)]);
      const [here, revisedHere] = await Promise.all([local.extract(ROW), local.revise(ROW, ATOM, 0)]);
      // What it took is known of the endpoint only.
      expect({ ...there, took: undefined }).toEqual(here);
      expect({ ...revised, took: undefined }).toEqual(revisedHere);
      // What so small a model says is another matter.
      expect(there).toMatchObject({ ok: true, value: expect.arrayContaining([expect.any(String)]) });
      const { operations, uncounted_calls } = meter.report();
      expect(operations.extract!.prompt_tokens).toBeGreaterThan(150);
      expect(operations.extract!.completion_tokens).toBeGreaterThan(5);
      expect(uncounted_calls).toBe(0);
    });

    it('is told what it cannot hold', async () => {
      const long = { ...ROW, answer: 'Peru is a country. '.repeat(2000) };
      const refused = await local.extract(long);
      expect(refused).toMatchObject({
        ok: false,
        reason: expect.stringMatching(/tokens; the context holds/),
      });
    });
  });
