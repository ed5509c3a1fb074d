/** @file The loaded model as author: calls are gathered into batches, prompts that are too long are told alone. */
import { describe, expect, it } from 'vitest';
import type { Author } from '../../src/authors/author.ts';
import { createLocalAuthor } from '../../src/authors/local.ts';
import { promptsFromDisk } from '../../src/cli/prompts.ts';
import { InputError } from '../../src/formats/input_error.ts';
import type { GenerateOptions, Generation, Tuner } from '../../src/train/tuner.ts';
import { readPrompt, ruleReply } from './openai/replies.ts';
import { prepare, riverRows } from './openai/support.ts';

const BATCH = 8;
const rows = riverRows(10);

interface Engine {
  readonly author: Author;
  /** Prompts of each call of the engine. */
  readonly batches: { readonly prompts: readonly string[]; readonly temperature: number }[];
}

/** An author over an engine that replies by rules, in place of one that would need a GPU. */
async function engine(
  reply: (prompt: string, attempt: number) => string,
  check: (prompt: string, i: number) => void = () => {},
): Promise<Engine> {
  const batches: Engine['batches'] = [];
  let running = false;
  const tuner: Pick<Tuner, 'generate'> = {
    async generate(prompts: readonly string[], _adapter: unknown, options: GenerateOptions) {
      // The engine does one thing at a time.
      if (running) throw new Error('calls of the engine overlap');
      running = true;
      try {
        await new Promise((resolve) => setTimeout(resolve, 2));
        prompts.forEach(check);
        const temperature = options.sampling?.temperature ?? 0;
        batches.push({ prompts, temperature });
        return prompts.map((prompt): Generation => {
          const text = reply(prompt, temperature > 0 ? 2 : 1);
          return { text, ids: new Uint32Array(3), finish: text.endsWith('…') ? 'length' : 'eos' };
        });
      } finally {
        running = false;
      }
    },
  };
  const author = await createLocalAuthor(promptsFromDisk(), {
    ...{ tuner, adapter: null, model: { model: 'rules' }, batch: BATCH, maxNewTokens: 64 },
  });
  return { author, batches };
}

const prompts = promptsFromDisk();
const flawless = (prompt: string): string => {
  const names = ['extract', 'rewrite_question', 'rewrite_answer', 'rephrase', 'revise', 'answer'];
  const { instructions } = names
    .map((name) => prompts.get(name))
    .find((candidate) => prompt.startsWith(`${candidate.instructions}\n\n`))!;
  return JSON.stringify(ruleReply(readPrompt(instructions, prompt.slice(instructions.length + 2))));
};

describe('the loaded model', () => {
  it('answers several rows at a time, in batches that are nearly full', async () => {
    const { author, batches } = await engine(flawless);
    const project = await prepare(author, rows);
    expect(project.questions.flatMap(({ problems }) => problems)).toEqual([]);
    expect(project.questions.every(({ better }) => better !== null)).toBe(true);
    const calls = batches.reduce((sum, batch) => sum + batch.prompts.length, 0);
    expect(Math.max(...batches.map((batch) => batch.prompts.length))).toBe(BATCH);
    expect(calls / batches.length).toBeGreaterThan(BATCH / 2);
  });

  it('is asked again by sampling where a reply cannot be read, and once only', async () => {
    const patient = await engine((prompt, attempt) => (attempt === 2 ? flawless(prompt) : '{"facts": ["It'));
    expect(await patient.author.answer(rows[0]!)).toMatchObject({ ok: true });
    expect(patient.batches.map(({ temperature }) => temperature)).toEqual([0, 0.7]);
    const hopeless = await engine(() => 'and so on …');
    expect(await hopeless.author.answer(rows[0]!)).toEqual({
      ok: false,
      reason: 'The reply was cut off. So it was when asked again.',
      passing: true,
    });
    expect(hopeless.batches).toHaveLength(2);
  });

  it('says of a prompt that is too long, and writes the others', async () => {
    const { author } = await engine(flawless, (prompt, i) => {
      if (prompt.includes('Olt'))
        throw new InputError(`prompt ${i + 1}`, 'has 900 tokens; the context holds 512.', 'Shorten it.');
    });
    const project = await prepare(author, rows);
    for (const { question, problems, better } of project.questions) {
      const isLong = question.includes('Olt') || better === null;
      expect(problems.map(({ reason }) => reason)).toEqual(
        isLong ? ['The prompt has 900 tokens; the context holds 512 at most.'] : [],
      );
    }
    expect(project.questions.filter(({ better }) => better === null)).toHaveLength(1);
  });

  it('ends the run where the engine fails', async () => {
    const { author } = await engine(flawless, () => {
      throw new Error('the device is lost');
    });
    await expect(prepare(author, rows)).rejects.toThrow('the device is lost');
  });
});
