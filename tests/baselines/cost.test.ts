/** @file What the baselines' preferences cost, by lengths and after a sample, against what a server then counts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Author } from '../../src/authors/author.ts';
import { keyedRandom } from '../../src/authors/keyed_random.ts';
import { UsageMeter, type UsageReport } from '../../src/authors/openai/usage.ts';
import { BASELINES, type Baseline, baselineCost } from '../../src/baselines/cost.ts';
import { promptsFromDisk } from '../../src/cli/prompts.ts';
import type { Generation } from '../../src/train/tuner.ts';
import { FixtureServer } from '../authors/openai/fixture_server.ts';
import { authorOf, riverRows } from '../authors/openai/support.ts';

const prices = { input: 0.5, output: 1.5 };
const rows = riverRows(60);
const answers = { count: 4, maxNewTokens: 32, seed: 1 };
const prompts = promptsFromDisk();

/** A model whose answers to a question differ, and are about as long as the given ones. */
const tuner = {
  generate: async (questions: readonly string[]): Promise<Generation[]> =>
    questions.map((question, i) => {
      const { answer } = rows.find((row) => row.question === question)!;
      const more = ` It is number ${i}.`.repeat(keyedRandom(question, i).below(3));
      return { text: `${answer} So it is, ${i}.${more}` } as Generation;
    }),
};

let server: FixtureServer;
beforeAll(async () => {
  server = await FixtureServer.start();
});
afterAll(() => server.close());

const sampleOf = (author: Author, first: number) => ({
  ...{ author, tuner, adapter: null, first, within: null },
});

async function measure(baseline: Baseline): Promise<UsageReport> {
  const meter = new UsageMeter(prices);
  const author = await authorOf(server, { meter });
  const sample = sampleOf(author, rows.length);
  const estimate = await baselineCost(baseline, { rows, prompts, prices, answers, sample });
  expect(estimate.total).toEqual(meter.report().total);
  return meter.report();
}

describe.each(BASELINES)('the cost of %s', (baseline) => {
  it('is estimated within 15 % after a sample, in calls, tokens and money', async () => {
    const author = await authorOf(server);
    const input = { rows, prompts, prices, answers };
    const { total } = await baselineCost(baseline, { ...input, sample: sampleOf(author, 8) });
    const measured = (await measure(baseline)).total;
    for (const field of ['calls', 'prompt_tokens', 'completion_tokens', 'cost'] as const) {
      expect(Math.abs(total[field]! / measured[field]! - 1)).toBeLessThan(0.15);
      expect(Math.abs(total[field]! / 2 / measured[field]! - 1)).toBeGreaterThan(0.15);
    }
  });

  it('by lengths asks no one, and counts the calls that the method makes', async () => {
    const before = server.asked.length;
    const { operations, total, basis } = await baselineCost(baseline, {
      ...{ rows, prompts, prices, answers, sample: null },
    });
    expect([server.asked.length, basis]).toEqual([before, { kind: 'lengths' }]);
    if (baseline === 'rlaif') expect(total.calls).toBe(rows.length * 12);
    else {
      expect(operations.extract!.calls).toBe(4 * rows.length);
      expect(operations.check!.calls).toBeGreaterThan(4 * rows.length);
    }
    const fewer = await baselineCost(baseline, {
      ...{ rows, prompts, prices, sample: null },
      answers: { ...answers, count: 2 },
    });
    expect(total.calls / fewer.total.calls).toBeCloseTo(baseline === 'rlaif' ? 6 : 2, 1);
  });
});
