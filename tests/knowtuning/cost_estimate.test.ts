/** @file What a run will cost, against what a server then counts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyedRandom } from '../../src/authors/keyed_random.ts';
import { UsageMeter, type UsageReport } from '../../src/authors/openai/usage.ts';
import { promptsFromDisk } from '../../src/cli/prompts.ts';
import { type CostEstimate, estimateCost, sampleRows } from '../../src/knowtuning/cost_estimate.ts';
import { defaultMethod } from '../../src/knowtuning/project.ts';
import { parseTrainRows } from '../../src/knowtuning/rows.ts';
import { readRows } from '../authors/atlas.ts';
import { FixtureServer } from '../authors/openai/fixture_server.ts';
import { ruleReply } from '../authors/openai/replies.ts';
import { authorOf, prepare } from '../authors/openai/support.ts';
import { bundledTokenizer } from './bundled_tokenizer.ts';

const prices = { input: 0.5, output: 2 };
const rows = parseTrainRows(readRows<unknown>('train').slice(0, 160), 'train.jsonl');
const prompts = promptsFromDisk();

/** Filler whose length differs from row to row, as that of a model's prose does. */
function filler(text: string): string {
  return 'as is well known '.repeat(keyedRandom('filler', text).below(5));
}

let server: FixtureServer;
beforeAll(async () => {
  const tokenizer = bundledTokenizer();
  server = await FixtureServer.start({
    countTokens: (text) => tokenizer.encode(text, { specialTokens: false }).length,
    reply: (prompt) => {
      const reply = ruleReply(prompt);
      if (prompt.operation === 'rephrase') reply.answer = `${filler(prompt.values.atoms!)}${reply.answer}`;
      if (prompt.operation === 'rewriteQuestion')
        reply.question = `${filler(prompt.values.atoms!)}${reply.question}`;
      return JSON.stringify(reply);
    },
  });
});
afterAll(() => server.close());

async function measure(of: typeof rows): Promise<UsageReport> {
  const meter = new UsageMeter(prices);
  await prepare(await authorOf(server, { meter }), of);
  return meter.report();
}

const off = (estimated: number, measured: number) => Math.abs(estimated / measured - 1);

describe('an estimate', () => {
  it('after a sample is within 15 % of what the server counts, in each operation and in money', async () => {
    const chosen = sampleRows(rows, 8);
    const usage = await measure(chosen);
    const estimate = estimateCost({
      ...{ rows, prompts, prices, method: defaultMethod },
      sample: { rows: chosen, usage },
    });
    const measured = await measure(rows);
    expect(estimate.basis).toEqual({ kind: 'sample', questions: 8 });
    for (const [operation, { calls, prompt_tokens, completion_tokens }] of Object.entries(
      measured.operations,
    )) {
      const expected = estimate.operations[operation as keyof CostEstimate['operations']]!;
      expect(off(expected.calls, calls)).toBeLessThan(0.15);
      expect(off(expected.prompt_tokens, prompt_tokens)).toBeLessThan(0.15);
      expect(off(expected.completion_tokens, completion_tokens)).toBeLessThan(0.15);
    }
    const { total } = measured;
    expect(off(estimate.total.prompt_tokens, total.prompt_tokens)).toBeLessThan(0.15);
    expect(off(estimate.total.completion_tokens, total.completion_tokens)).toBeLessThan(0.15);
    expect(off(estimate.total.cost!, total.cost!)).toBeLessThan(0.15);
    // The test can fail: half the tokens would be noticed.
    expect(off(estimate.total.prompt_tokens / 2, total.prompt_tokens)).toBeGreaterThan(0.15);
  });

  it('by lengths grows with the rows, costs nothing without prices, and asks no one', () => {
    const before = server.asked.length;
    const input = { rows, prompts, prices: null, method: defaultMethod, sample: null };
    const all = estimateCost(input);
    const half = estimateCost({ ...input, rows: rows.slice(0, 80) });
    expect(all.total.prompt_tokens).toBeGreaterThan(1.8 * half.total.prompt_tokens);
    expect(all.operations.extract!.calls).toBe(rows.length);
    expect(all.total.cost).toBeNull();
    const matched = estimateCost({ ...input, method: { ...defaultMethod, stylePairs: 'matched' } });
    expect(matched.operations.rephrase).toBeUndefined();
    expect(server.asked).toHaveLength(before);
  });

  it('samples from short to long, each row once, and no more than there are', () => {
    const lengths = sampleRows(rows, 8).map(({ answer }) => answer.length);
    expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
    expect(new Set(sampleRows(rows, 500)).size).toBe(rows.length);
  });
});
