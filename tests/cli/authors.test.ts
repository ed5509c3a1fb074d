/**
 * @file `build` with an endpoint: data sets, cost, estimate and batches, what bad input says, and that the key is never
 * printed nor written.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { FixtureServer } from '../authors/openai/fixture_server.ts';
import { readPrompt, ruleReply } from '../authors/openai/replies.ts';
import { riverRows } from '../authors/openai/support.ts';
import { runCli, startCli } from './run_cli.ts';
import { writeTinyCheckpoint } from './tiny_checkpoint.ts';

const KEY = 'sk-test-5f0c2a';
const ROWS = 6;

delete process.env.OPENAI_API_KEY;

let model: string;
let work: string;
let server: FixtureServer;
const path = (name: string) => join(work, name);

beforeAll(() => {
  model = writeTinyCheckpoint();
  work = mkdtempSync(join(tmpdir(), 'tabtune-authors-'));
  const rows = riverRows(ROWS).map((row) => JSON.stringify(row));
  writeFileSync(path('rows.jsonl'), rows.join('\n'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));
beforeEach(async () => {
  server = await FixtureServer.start({ key: KEY });
  return () => server.close();
});

const build = (out: string, ...more: string[]) => [
  ...['build', '--model', model, '--template', 'none', '--data', path('rows.jsonl'), '--out', path(out)],
  ...['--author', 'openai', '--llm', 'fixture', ...more],
];
const ask = (out: string, ...more: string[]) =>
  startCli([...build(out, '--base-url', server.baseUrl), ...more], { OPENAI_API_KEY: KEY });

/** Every text below a directory. */
function allText(directory: string): string {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
    .join('\n');
}

describe('build with an endpoint', () => {
  it('writes the data sets, counts the cost, and asks nothing twice', async () => {
    const prices = ['--llm-price-in', '1', '--llm-price-out', '4'];
    const first = await ask('a', '--json', ...prices);
    expect([first.code, first.stderr]).toEqual([0, expect.stringContaining(`${ROWS} questions`)]);
    const result = JSON.parse(first.stdout);
    expect(result).toMatchObject({ questions: ROWS, sft_rows: 2 * ROWS, problems: [] });
    expect(result.usage.total.calls).toBe(server.asked.length);
    const { prompt_tokens, completion_tokens, cost } = result.usage.total;
    expect(cost).toBeCloseTo((prompt_tokens + 4 * completion_tokens) / 1e6, 12);
    expect(existsSync(path('a/dpo.jsonl'))).toBe(true);

    const asked = server.asked.length;
    const before = readFileSync(path('a/dpo.jsonl'), 'utf8');
    const second = await ask('a', '--json');
    expect(second.code).toBe(0);
    expect(server.asked).toHaveLength(asked);
    expect(readFileSync(path('a/dpo.jsonl'), 'utf8')).toBe(before);
    expect(JSON.parse(second.stdout).usage.total.calls).toBe(0);

    expect([first.stdout, first.stderr, allText(path('a'))].join('')).not.toContain(KEY);
  });

  it('ends with 2 where the key is refused, and repeats it nowhere', async () => {
    const wrong = 'sk-wrong-77b1';
    const { code, stdout, stderr } = await startCli(build('b', '--base-url', server.baseUrl), {
      OPENAI_API_KEY: wrong,
    });
    expect(code).toBe(2);
    expect(stderr).toContain('refuses the key');
    expect(stderr).toContain('OPENAI_API_KEY');
    expect([stdout, stderr, allText(path('b'))].join('')).not.toContain(wrong);
  });

  it('estimates without asking, and better after asking of a few', async () => {
    const plain = await ask('c', '--estimate', '--json');
    expect(plain.code).toBe(0);
    expect(server.asked).toHaveLength(0);
    expect(existsSync(path('c'))).toBe(false);
    const rough = JSON.parse(plain.stdout).estimate;
    expect(rough).toMatchObject({ basis: { kind: 'lengths' }, questions: ROWS });

    const sample = async () => {
      const { stdout } = await ask('c', '--estimate', '--estimate-sample', '4', '--json');
      return JSON.parse(stdout).estimate;
    };
    const estimate = await sample();
    expect(estimate.basis).toEqual({ kind: 'sample', questions: 4 });
    expect(estimate.uncertainty).toMatchObject({ prompt_tokens: expect.any(Number), cost: null });
    const asked = server.asked.length;
    const whole = JSON.parse((await ask('d', '--json')).stdout).usage.total;
    const all = server.asked.length - asked;
    expect(Math.abs(estimate.total.prompt_tokens / whole.prompt_tokens - 1)).toBeLessThan(0.15);
    expect(Math.abs(estimate.total.completion_tokens / whole.completion_tokens - 1)).toBeLessThan(0.15);

    // The sample was asked just what the run asks: the second time nothing, and then only of the rest.
    const before = server.asked.length;
    expect(await sample()).toEqual(estimate);
    expect(server.asked).toHaveLength(before);
    expect((await ask('c')).code).toBe(0);
    expect(server.asked.length - before).toBe(all - asked);
  });

  it('compares what RLAIF and FactTune would cost, by lengths and after asking of a few', async () => {
    const prices = ['--llm-price-in', '0.5', '--llm-price-out', '1.5'];
    const rough = await ask('h', '--estimate', '--compare', '--json', ...prices);
    expect(server.asked).toHaveLength(0);
    const { estimate, compare } = JSON.parse(rough.stdout);
    expect(compare).toMatchObject({ answers: 4, rlaif: { questions: ROWS }, factTune: { questions: ROWS } });
    expect(compare.rlaif.total.calls).toBe(12 * ROWS);
    expect(compare.factTune.total.cost).toBeGreaterThan(estimate.total.cost);

    const asking = ['--estimate', '--compare', '--compare-answers', '2', '--estimate-sample', '2'];
    const sampled = await ask('h', ...asking, '--json', ...prices);
    const { compare: better } = JSON.parse(sampled.stdout);
    expect(better.rlaif).toMatchObject({
      basis: { kind: 'sample', questions: 2 },
      total: { calls: 2 * ROWS },
    });
    const operations = new Set(server.asked.map(({ operation }) => operation));
    expect([...operations]).toEqual(expect.arrayContaining(['revise', 'judge', 'check']));
    const before = server.asked.length;
    const again = await ask('h', ...asking, ...prices);
    expect(server.asked).toHaveLength(before);
    expect(again.stdout).toMatch(/KnowTuning:\n[\s\S]*RLAIF, 2 answers to a question:\n[\s\S]*FactTune/);
  });

  it('goes by batches in rounds, to the same data sets', async () => {
    const next = async (...more: string[]) => {
      const { code, stdout } = await startCli(build('e', '--batch-out', path('batch'), '--json', ...more));
      expect(code).toBe(0);
      return JSON.parse(stdout);
    };
    const answer = (files: readonly string[], to: string) => {
      const lines = files.flatMap((file) => readFileSync(file, 'utf8').trimEnd().split('\n'));
      const answers = lines.reverse().map((line) => {
        const { custom_id, body } = JSON.parse(line);
        const [system, user] = body.messages;
        const content = JSON.stringify(ruleReply(readPrompt(system.content, user.content)));
        const reply = { choices: [{ message: { content }, finish_reason: 'stop' }] };
        return JSON.stringify({ custom_id, response: { status_code: 200, body: reply }, error: null });
      });
      writeFileSync(path(to), answers.join('\n'));
    };
    const first = await next();
    expect(first).toMatchObject({ round: 'extract', requests: ROWS });
    answer(first.files, 'first.jsonl');
    const second = await next('--batch-in', path('first.jsonl'));
    expect(second).toMatchObject({ round: 'write', errors: [], strangers: [] });
    answer(second.files, 'second.jsonl');
    const last = await next('--batch-in', path('second.jsonl'));
    expect(last).toMatchObject({ questions: ROWS, problems: [] });
    expect((await ask('f')).code).toBe(0);
    for (const file of ['sft.jsonl', 'dpo.jsonl'])
      expect(readFileSync(path(`e/${file}`), 'utf8')).toBe(readFileSync(path(`f/${file}`), 'utf8'));
  });
});

describe('knowtune with an endpoint', () => {
  it('trains on what it writes, says who wrote it, and asks nothing twice', async () => {
    const one = { max_steps: 1, r: 2, learning_rate: 1e-3 };
    writeFileSync(path('steps.json'), JSON.stringify({ sft: one, stage1: one, stage2: one }));
    const run = () =>
      startCli(
        [
          ...['knowtune', '--data', path('rows.jsonl')],
          ...['--out', path('g'), '--config', path('steps.json'), '--author', 'openai', '--llm', 'fixture'],
          ...['--base-url', server.baseUrl, '--json'],
        ],
        { OPENAI_API_KEY: KEY },
      );
    const first = await run();
    expect([first.code, first.stderr]).toEqual([0, expect.stringContaining('Stage II')]);
    const { author } = JSON.parse(readFileSync(path('g/run.json'), 'utf8'));
    expect(author.name).toBe('openai');
    expect(author.usage.total.calls).toBe(server.asked.length);
    const asked = server.asked.length;
    expect(asked).toBeGreaterThan(4 * ROWS);
    expect((await run()).code).toBe(0);
    expect(server.asked).toHaveLength(asked);
    expect([first.stdout, first.stderr, allText(path('g'))].join('')).not.toContain(KEY);
  });
});

describe('build refuses', () => {
  const plain = (...more: string[]) => [
    ...['build', '--model', model, '--data', path('rows.jsonl'), '--out', path('never'), ...more],
  ];
  const openai = ['--author', 'openai', '--llm', 'm'];
  const local = [...openai, '--base-url', 'http://127.0.0.1:9/v1'];
  const cases: [string, string[], RegExp][] = [
    ['an unknown author', ['--author', 'me'], /--author: is me\. Choose rules or openai or local/],
    ['an endpoint without a model', ['--author', 'openai'], /--llm: is missing\. Give/],
    ['a model without an endpoint', ['--llm', 'm'], /--llm: is of no use to --author rules/],
    ['no key for OpenAI', openai, /OPENAI_API_KEY: is not set.*--base-url/],
    ['an address that is none', [...openai, '--base-url', 'here'], /--base-url: is here/],
    ['an address of another kind', [...openai, '--base-url', 'ftp://a/v1'], /--base-url.*http:\/\//],
    ['a key in the address', [...openai, '--base-url', 'http://k:x@a/v1'], /the key is given by itself/],
    [
      'one price',
      [...openai, '--base-url', 'http://a/v1', '--llm-price-in', '1'],
      /--llm-price-out: is missing/,
    ],
    ['no calls at once', ['--author', 'local', '--llm-concurrency', '0'], /whole number of at least 1/],
    [
      'results without a place for the rest',
      [...openai, '--base-url', 'http://a', '--batch-in', 'x'],
      /--batch-out/,
    ],
    ['an estimate of what is free', ['--estimate'], /costs nothing/],
    ['a sample for no estimate', ['--estimate-sample', '3'], /--estimate-sample: is of no use/],
    ['a sureness for no estimate', [...openai, '--estimate-within', '9'], /--estimate-within: is of no use/],
    ['no sureness', [...local, '--estimate', '--estimate-within', '0'], /--estimate-within: is 0\. Give/],
    ['a comparison for no estimate', [...openai, '--compare'], /--compare: is of no use without --estimate/],
    ['answers for no comparison', [...local, '--estimate', '--compare-answers', '3'], /without --compare/],
    ['one answer', [...local, '--estimate', '--compare', '--compare-answers', '1'], /at least 2/],
    ['batches of rules', ['--batch-out', 'x'], /--batch-out: is of no use to --author rules/],
    [
      'results that are not there',
      [...openai, '--batch-out', 'x', '--batch-in', 'nowhere'],
      /--batch-in nowhere: cannot be read/,
    ],
  ];
  it.each(cases)('%s', (_, args, message) => {
    const { code, stdout, stderr } = runCli(...plain(...args));
    expect(stderr).toMatch(message);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(path('never'))).toBe(false);
  });
});
