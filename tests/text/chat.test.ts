/**
 * @file Chat templates of the families against Transformers: the rendered text, the tokens, and which of them are
 * trained (chat/make_chat.py); and that nothing in a message can shift what is trained.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { startTemplateThread } from '../../src/cli/template_host.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { RowEncoder } from '../../src/text/template.ts';
import { createTemplateServer } from '../../src/text/template_jobs.ts';
import { Tokenizer } from '../../src/text/tokenizer.ts';
import type { Message } from '../../src/train/tuner.ts';
import { utf8 } from '../formats/memory_source.ts';

interface Case {
  readonly refused?: string;
  readonly text: string;
  /** Of the first message alone, with the generation prompt. */
  readonly prompt: string;
  /** Up to the token that closes the last answer; absent where there is no answer. */
  readonly ids?: number[];
  readonly mask: string;
}
interface Golden {
  readonly conversations: Message[][];
  readonly templates: Readonly<
    Record<
      string,
      { template: string; family: string; tokens: Readonly<Record<string, string>>; cases: Case[] }
    >
  >;
}
const read = (name: string) => new Uint8Array(readFileSync(new URL(name, import.meta.url)));
const golden = JSON.parse(new TextDecoder().decode(read('chat/golden.json'))) as Golden;

const encoders: RowEncoder[] = [];
afterAll(() => {
  for (const encoder of encoders) encoder.close();
});
async function openFamily(name: string) {
  const { template, family, tokens } = golden.templates[name]!;
  const tokenizer = new Tokenizer(
    read(`families/${family}.tokenizer.json`),
    utf8(JSON.stringify({ ...tokens, chat_template: template })),
    family,
  );
  const encoder = await RowEncoder.open(tokenizer, 'auto', { startTemplateWorker: startTemplateThread });
  encoders.push(encoder);
  return { tokenizer, encoder };
}

/** The mask over all ids, as text of 0 and 1. */
function maskText({ ids, promptLength, trained }: Awaited<ReturnType<RowEncoder['encodeRows']>>[number]) {
  return `${'0'.repeat(promptLength)}${trained ? trained.join('') : '1'.repeat(ids.length - promptLength)}`;
}

describe.each(Object.keys(golden.templates))('%s', (name) => {
  const { template, tokens, cases } = golden.templates[name]!;

  it('renders as Transformers does, or refuses what it refuses', () => {
    const server = createTemplateServer();
    const spec = { source: template, tokens, closingTokens: [tokens.eos_token!] };
    for (const [i, expected] of cases.entries()) {
      const messages = golden.conversations[i]!;
      const answers = messages.flatMap(({ role }, k) => (role === 'assistant' ? [k] : []));
      const jobs = [{ messages: messages.slice(0, 1), answers: [] }];
      const answer = server({ spec, jobs: answers.length > 0 ? [...jobs, { messages, answers }] : jobs });
      if (answer.kind !== 'rendered') throw new Error(answer.kind);
      const [prompt, whole] = answer.results;
      if (expected.refused !== undefined) {
        expect(whole).toEqual({ ok: false, problem: expect.stringContaining(expected.refused.slice(0, 40)) });
        continue;
      }
      expect(prompt).toMatchObject({ ok: true, rendered: { text: expected.prompt } });
      if (whole) expect(whole).toMatchObject({ ok: true, rendered: { text: expected.text } });
    }
  });

  it('encodes and masks as Transformers does, with one BOS', async () => {
    const { tokenizer, encoder } = await openFamily(name);
    let compared = 0;
    for (const [i, expected] of cases.entries()) {
      if (!expected.ids) continue;
      const row = (await encoder.encodeRows([{ messages: golden.conversations[i]! }], { eos: true }))[0]!;
      // Transformers leaves it to the template to write BOS.
      const adds = tokens.bos_token === '<s>' && !expected.text.startsWith('<s>');
      expect([...row.ids]).toEqual(adds ? [tokenizer.bosTokenId, ...expected.ids] : expected.ids);
      expect(maskText(row)).toBe(adds ? `0${expected.mask}` : expected.mask);
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(10);
  });

  it('trains the last answer alone where only that is asked for', async () => {
    const { encoder } = await openFamily(name);
    const messages = golden.conversations[2]!;
    const [all, last] = await Promise.all(
      (['all', 'last'] as const).map((trainOn) => encoder.encodeRows([{ messages }], { eos: true, trainOn })),
    );
    expect([...last![0]!.ids]).toEqual([...all![0]!.ids]);
    expect(last![0]!.trained).toBeNull();
    const lastRun = /1+$/.exec(maskText(all![0]!))![0];
    expect(maskText(last![0]!)).toBe(lastRun.padStart(all![0]!.ids.length, '0'));
    const weighted = messages.map((m, k) => (k === 3 ? { ...m, weight: 0 as const } : m));
    const [row] = await encoder.encodeRows([{ messages: weighted }], { eos: true });
    expect(maskText(row!).match(/1+/g)).toHaveLength(2);
  });
});

it('gives a prompt the tokens that its row begins with', async () => {
  for (const name of Object.keys(golden.templates)) {
    const { encoder } = await openFamily(name);
    const contents = ['hello', ' world', '\nline', '<|im_end|>', 'é', '12 34'];
    const prompts = await encoder.encodePrompts(contents);
    const rows = await encoder.encodeRows(
      contents.map((prompt) => ({ prompt, completion: `\n${prompt}` })),
      { eos: true },
    );
    for (const [i, { ids, promptLength }] of rows.entries())
      expect([...ids.subarray(0, promptLength)]).toEqual([...prompts[i]!]);
  }
});

it('trains what each answer says, whatever the messages say', async () => {
  const atoms = [
    '<|im_start|>assistant\n',
    '<|im_start|>user\n',
    '<|im_end|>',
    '<|im_end|>\n',
    '\n',
    ' ',
    'a',
    'answer',
    '<|endoftext|>',
    '{% generation %}',
    '\ufdd00<\ufdd1',
    '\ufdd00>\ufdd1',
    '🙂',
  ];
  const content = fc
    .array(fc.oneof(fc.constantFrom(...atoms), fc.string({ unit: 'binary', maxLength: 4 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) => parts.join('').replace(/\p{Surrogate}/gu, '?'));
  for (const name of ['chatml', 'generation']) {
    const { tokenizer, encoder } = await openFamily(name);
    const expected = (answer: string) => `${answer}<|im_end|>`;
    await fc.assert(
      fc.asyncProperty(fc.array(content, { minLength: 2, maxLength: 8 }), async (contents) => {
        const turns = contents.slice(0, contents.length - (contents.length % 2));
        const messages = turns.map((c, i) => ({ role: i % 2 ? 'assistant' : 'user', content: c }));
        const row = (await encoder.encodeRows([{ messages }], { eos: true }))[0]!;
        const runs = [...maskText(row).matchAll(/1+/g)].map(({ index, 0: run }) =>
          tokenizer.decode(row.ids.slice(index, index + run.length)),
        );
        expect(runs).toEqual(turns.filter((_, i) => i % 2).map(expected));
      }),
      { numRuns: 300 },
    );
  }
});

it('says which row the template refuses, and asks for an answer', async () => {
  const { encoder } = await openFamily('llama2');
  const good = { prompt: 'a', completion: 'b' };
  const refused = encoder.encodeRows([good, { messages: golden.conversations[10]! }], { eos: true });
  await expect(refused).rejects.toThrow(InputError);
  await expect(refused).rejects.toThrow(
    /^row 2: cannot be rendered by the model's chat template \(Conversation roles/,
  );
  await expect(encoder.encodeRows([{ messages: golden.conversations[11]! }], { eos: true })).rejects.toThrow(
    'row 1: has no answer that is trained',
  );
});
