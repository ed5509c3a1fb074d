/** @file What a run will cost, against what a server then counts. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuthorOperation } from '../../src/authors/author.ts';
import { extrapolate, type SampledRow, samplingOrder } from '../../src/authors/cost/extrapolate.ts';
import { growSample } from '../../src/authors/cost/grow_sample.ts';
import { RowMeter } from '../../src/authors/cost/row_meter.ts';
import { keyedRandom } from '../../src/authors/keyed_random.ts';
import { UsageMeter, type UsageReport } from '../../src/authors/openai/usage.ts';
import { promptsFromDisk } from '../../src/cli/prompts.ts';
import { estimateCost } from '../../src/knowtuning/cost_estimate.ts';
import { KNOWLEDGE_OPTIONS } from '../../src/knowtuning/knowledge.ts';
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

async function measure(of: typeof rows): Promise<{ report: UsageReport; sample: SampledRow[] }> {
  const meter = new UsageMeter(prices);
  const byRow = new RowMeter();
  await prepare(byRow.watch(await authorOf(server, { meter })), of);
  return { report: meter.report(), sample: byRow.sampled(of) };
}

const off = (estimated: number, measured: number) => Math.abs(estimated / measured - 1);
const fields = ['calls', 'prompt_tokens', 'completion_tokens', 'cost'] as const;

describe('an estimate', () => {
  it('after a sample is within 15 % of what the server counts, in each operation and in money', async () => {
    const { sample } = await measure(samplingOrder(rows).slice(0, 8));
    const estimate = estimateCost({ rows, prompts, prices, method: defaultMethod, sample });
    const { report } = await measure(rows);
    expect(estimate.basis).toEqual({ kind: 'sample', questions: 8 });
    expect(Object.keys(estimate.operations).sort()).toEqual(Object.keys(report.operations).sort());
    for (const [operation, usage] of Object.entries(report.operations)) {
      const expected = estimate.operations[operation as AuthorOperation]!;
      for (const field of fields) expect(off(expected[field]!, usage[field]!)).toBeLessThan(0.15);
    }
    const { total } = report;
    for (const field of fields) expect(off(estimate.total[field]!, total[field]!)).toBeLessThan(0.15);
    // The test can fail: half the tokens would be noticed.
    expect(off(estimate.total.prompt_tokens / 2, total.prompt_tokens)).toBeGreaterThan(0.15);
  });

  it('of all rows is what was measured, by row as in all', async () => {
    const few = rows.slice(0, 12);
    const { report, sample } = await measure(few);
    const estimate = estimateCost({ rows: few, prompts, prices, method: defaultMethod, sample });
    expect(estimate.total).toEqual(report.total);
    expect(estimate.uncertainty).toEqual({ prompt_tokens: 0, completion_tokens: 0, cost: 0 });
  });

  it('by lengths grows with the rows, costs nothing without prices, and asks no one', () => {
    const before = server.asked.length;
    const input = { rows, prompts, prices: null, method: defaultMethod, sample: null };
    const all = estimateCost(input);
    const half = estimateCost({ ...input, rows: rows.slice(0, 80) });
    expect(all.total.prompt_tokens).toBeGreaterThan(1.8 * half.total.prompt_tokens);
    expect(all.operations.extract!.calls).toBe(rows.length);
    expect([all.total.cost, all.uncertainty]).toEqual([null, null]);
    const matched = estimateCost({ ...input, method: { ...defaultMethod, stylePairs: 'matched' } });
    expect(matched.operations.rephrase).toBeUndefined();
    // What the model knows is asked for with questions that the author writes, one and more to each fact.
    const asking = estimateCost({ ...input, knowledge: KNOWLEDGE_OPTIONS });
    const { calls } = asking.operations.rewriteQuestion!;
    expect(calls).toBe(rows.length + KNOWLEDGE_OPTIONS.wordings * all.operations.revise!.calls);
    expect(server.asked).toHaveLength(before);
  });
});

describe('the order of a sample', () => {
  it('holds each row once, and spreads from short to long answers however far one goes', () => {
    const order = samplingOrder(rows);
    expect(order).toHaveLength(rows.length);
    expect(new Set(order).size).toBe(rows.length);
    const lengths = rows.map(({ answer }) => answer.length).sort((a, b) => a - b);
    for (const size of [8, 12, 27]) {
      const own = order.slice(0, size).map(({ answer }) => answer.length);
      for (const share of [0.25, 0.5, 0.75]) {
        const below = own.filter((length) => length <= lengths[Math.floor(share * rows.length)]!).length;
        expect(Math.abs(below / size - share)).toBeLessThan(0.2);
      }
    }
  });
});

describe('the uncertainty of an estimate', () => {
  /** Rows whose replies vary by a factor that their lengths do not tell. */
  const world = (seed: number, spread: number) => {
    const random = keyedRandom('uncertainty', seed);
    return Array.from({ length: 60 }, (_, i) => {
      const row = { id: String(i), question: 'q', answer: 'x'.repeat(40 + random.below(400)) };
      const factor = 1 + (spread * random.below(1000)) / 1000;
      const completion = Math.round(row.answer.length * factor);
      return { ...row, took: { extract: { calls: 1, prompt: 100, completion } } };
    });
  };
  const expectRow = ({ answer }: { answer: string }) => ({
    extract: { calls: 1, input: 400, output: answer.length },
  });
  const estimateOf = (all: ReturnType<typeof world>, size: number) =>
    extrapolate({ rows: all, expect: expectRow, prices: null, sample: samplingOrder(all).slice(0, size) });

  it('holds the truth about as often as it says', () => {
    let held = 0;
    for (let seed = 0; seed < 200; seed++) {
      const all = world(seed, 3);
      const { total, uncertainty } = estimateOf(all, 10);
      const truth = all.reduce((sum, { took }) => sum + took.extract.completion, 0);
      if (
        Math.abs(truth - total.completion_tokens) <=
        uncertainty!.completion_tokens * total.completion_tokens
      )
        held++;
    }
    expect(held).toBeGreaterThan(180);
    expect(held).toBeLessThan(200);
  });

  it('makes the sample grow until it is small enough, and asks no row twice', async () => {
    const all = world(1, 3);
    const asked: string[] = [];
    const grow = (within: number | null, spread = all) =>
      growSample({
        ...{ rows: spread, first: 8, within },
        ask: async (rows) => void asked.push(...rows.map(({ id }) => id)),
        estimate: (sample) =>
          extrapolate({ rows: spread, expect: expectRow, prices: null, sample: sample as typeof spread }),
      });
    const sure = await grow(0.1);
    expect(sure.uncertainty!.completion_tokens).toBeLessThan(0.1);
    expect(asked.length).toBeGreaterThan(8);
    expect(asked.length).toBeLessThan(60);
    expect(new Set(asked).size).toBe(asked.length);
    asked.length = 0;
    await grow(null);
    expect(asked).toHaveLength(8);
    asked.length = 0;
    // No share is small enough: all are asked, and then it is measured.
    expect((await grow(1e-9)).uncertainty!.completion_tokens).toBe(0);
    expect(asked).toHaveLength(60);
  });
});
