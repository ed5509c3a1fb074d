/** @file A model from disk in the page: loaded, asked, trained on a file of the user's, asked again, saved. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint } from '../cli/tiny_checkpoint.ts';
import { pageProblems } from './axe.ts';
import { launchChromium, type Site, serveBuild } from './browser.ts';
import { type Observed, observe } from './observe.ts';
import { readSafetensors } from './read_safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'tabtune-workbench-'));
const WAIT_MS = 120_000;
/** What a browser calls a long task. */
const LONG_TASK_MS = 50;
let site: Site;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let observed: Observed;

beforeAll(async () => {
  site = await serveBuild(join(folder, 'dist'));
  browser = await launchChromium();
  context = await browser.newContext({ acceptDownloads: true });
  observed = await observe(context);
  page = await context.newPage();
  await page.addInitScript(`
    globalThis.longTasks = [];
    new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((entry) => entry.duration)))
      .observe({ type: 'longtask' });
  `);
  await page.goto(site.url);
  await page.locator('.device .status').filter({ hasText: 'Works' }).waitFor();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

const button = (name: string) => page.getByRole('button', { name, exact: true });
const answers = () => page.locator('.ask .generated').allTextContents();

async function ask(question: string): Promise<string[]> {
  await page.getByRole('textbox', { name: 'Question' }).fill(question);
  await button('Ask').click();
  await page.locator('.ask [aria-busy="false"] .generated').last().waitFor({ timeout: WAIT_MS });
  return answers();
}

async function savedAdapter(): Promise<Record<string, Uint8Array>> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page
      .locator('.tune')
      .getByRole('button', { name: /Save the adapter/ })
      .click(),
  ]);
  return unzipSync(new Uint8Array(readFileSync(await download.path())));
}

const jsonOf = (files: Record<string, Uint8Array>) => (name: string) =>
  JSON.parse(new TextDecoder().decode(files[`tabtune-adapter/${name}`]!));

/** Values of the first series in the table of a training chart: 0, losses; 1, shares of the best rate. */
const shown = (chart: number) =>
  page
    .locator('.tune figure.chart')
    .nth(chart)
    .locator('tbody tr')
    .evaluateAll((rows) => rows.map((row) => Number(row.children[1]!.textContent)));

describe('the workbench', () => {
  it('loads a folder from disk without blocking the page, and says how it is held', async () => {
    await page.locator('#models input[type=file][webkitdirectory]').setInputFiles(writeTinyCheckpoint(2));
    await page.getByRole('heading', { name: 'model', exact: true }).waitFor();
    await page.getByLabel('Weights', { exact: true }).selectOption({ value: 'f16' });
    await page.evaluate('longTasks.length = 0');
    await button('Load onto the GPU').click();
    await page.getByRole('heading', { name: 'Ask it' }).waitFor({ timeout: WAIT_MS });
    const longest = await page.evaluate<number>('Math.max(0, ...longTasks)');
    expect(longest).toBeLessThan(LONG_TASK_MS);
    expect(await page.locator('.model-card').textContent()).toContain('matrices from F32 to f16');
    // Embedding 1,024 x 16, projections 2 x 1,920, five norms of 16.
    expect(await page.locator('.model-card').textContent()).toContain('20,304');
  });

  it('answers, greedily the same twice', async () => {
    const first = await ask('The capital of France');
    expect(first).toHaveLength(1);
    expect(await ask('The capital of France')).toEqual(first);
  });

  it('trains on a file, says what comes before the first step, shows the curve, and answers with the adapter beside the base', async () => {
    const rows = ['France is Paris.', 'Peru is Lima.', 'Japan is Tokyo.'].map((completion) => ({
      prompt: 'The capital of',
      completion: ` ${completion}`,
    }));
    const file = join(folder, 'rows.jsonl');
    writeFileSync(file, `${rows.map((row) => JSON.stringify(row)).join('\n')}\n`);
    await page.locator('#dataset input[type=file]').setInputFiles(file);
    await page.getByText('3 rows of rows.jsonl').waitFor();
    await page.getByLabel('Learning rate').fill('0.02');
    await page.getByLabel('Epochs').fill('4');
    await page.evaluate(`
      globalThis.told = new Set();
      new MutationObserver(() => told.add(document.querySelector('.tune [role=status]')?.textContent))
        .observe(document.querySelector('.tune'), { subtree: true, childList: true, characterData: true });
    `);
    await button('Train').click();
    await page.getByText(/steps in .*: loss/).waitFor({ timeout: WAIT_MS });
    const told = await page.evaluate<string[]>('[...told].filter(Boolean)');
    const compiled = told.flatMap((text) => /^Compiling kernels: (\d+) of (\d+)$/.exec(text)?.slice(1) ?? []);
    expect(compiled.length).toBeGreaterThan(0);
    expect(told).toContain('Running the first step');
    expect(told.at(-1)).toMatch(/^Step \d of 4$/);
    const [, first, last] = /loss ([\d.]+) to ([\d.]+)/.exec((await page.locator('.tune').textContent())!)!;
    expect(Number(last)).toBeLessThan(Number(first) - 0.1);
    const [base, adapted] = await ask('The capital of');
    expect(adapted).not.toBe(base);
  });

  it('saves an adapter for PEFT with its curve', async () => {
    const files = await savedAdapter();
    const text = jsonOf(files);
    expect(text('adapter_config.json')).toMatchObject({ peft_type: 'LORA', r: 8, lora_alpha: 16 });
    expect(text('run.json')).toMatchObject({
      method: 'sft',
      data: { name: 'rows.jsonl', rows: 3 },
      kernels: { forced: 'none', matmul_nt_few_rows: 'thin' },
    });
    const log = text('trainer_state.json').log_history as Record<string, number>[];
    expect(await shown(0)).toEqual(log.map(({ loss }) => Number(loss!.toPrecision(3))));
    for (const [i, share] of (await shown(1)).entries()) expect(share / log[i]!.mfu!).toBeCloseTo(1, 1);
    const rate = text('run.json').matmul_flops_per_second;
    for (const { mfu, flops_per_second } of log) expect(mfu! * rate).toBeCloseTo(flops_per_second!, 0);
    const tensors = readSafetensors(files['tabtune-adapter/adapter_model.safetensors']!);
    expect(tensors.size).toBe(28);
    for (const [name, { data }] of tensors)
      expect(data.some((value) => value !== 0) && data.every(Number.isFinite), name).toBe(true);
  });

  it('fits training into less memory where it is told to, along the same losses', async () => {
    const summary = () => page.getByText(/steps in .*: loss/).textContent({ timeout: WAIT_MS });
    const before = { losses: await shown(0), summary: (await summary())! };
    expect(before.losses).toHaveLength(4);
    expect(before.summary).not.toContain('computed twice');
    const budget = page.locator('.tune').getByLabel('GPU memory to use');
    // The model is tiny: a megabyte would hold it twice.
    await budget.fill('0.01');
    await budget.blur();
    await button('Train').click();
    await page.locator('.tune progress').waitFor();
    const after = (await summary())!;
    expect(after).toContain('on the GPU, with 1 layer computed twice.');
    expect(await shown(0)).toEqual(before.losses);
    const kibibytes = (text: string) => {
      const [, size, unit] = /at most ([\d.]+) (\w+) on the GPU/.exec(text)!;
      return Number(size) * (unit === 'MiB' ? 1024 : 1);
    };
    expect(kibibytes(after)).toBeLessThan(kibibytes(before.summary));
    await budget.fill('0');
    await budget.blur();
  });

  it('trains on better and worse answers, with a switch for how', async () => {
    const row = { prompt: 'The capital of', chosen: ' France is Paris.' };
    const rows = [' France is.', ' Rome is Paris.'].map((rejected) => ({ ...row, rejected }));
    const file = join(folder, 'pairs.jsonl');
    writeFileSync(file, rows.map((r) => JSON.stringify(r)).join('\n'));
    const treeBatching = page.locator('.tune').getByRole('checkbox', { name: 'Tree batching' });
    expect(await treeBatching.count()).toBe(0);
    await page.locator('#dataset input[type=file]').setInputFiles(file);
    await page.getByText(/pairs\.jsonl, with better and worse answers/).waitFor();
    const tokens: number[] = [];
    for (const on of [true, false]) {
      await treeBatching.setChecked(on);
      await button('Train').click();
      await page.locator('.tune progress').waitFor();
      await page.getByText(/steps in .*: loss/).waitFor({ timeout: WAIT_MS });
      const text = jsonOf(await savedAdapter());
      expect(text('run.json')).toMatchObject({ method: 'dpo', tree_batching: on });
      tokens.push(text('trainer_state.json').num_input_tokens_seen);
    }
    expect(tokens[0]).toBeLessThan(0.75 * tokens[1]!);
  });

  it('is accessible, light and dark, and fits a phone', async () => {
    expect(await pageProblems(page)).toEqual([]);
  });

  it('measures how much the facts of a project surprise the model, and asks again about the harder ones', async () => {
    const file = join(folder, 'project_rows.jsonl');
    const answer = 'France is a country. Its capital is Paris. Lyon lies on the Rhone.';
    writeFileSync(file, JSON.stringify({ question: 'What is France?', answer }));
    await page.locator('#dataset input[type=file]').setInputFiles(file);
    await button('Use its row').click();
    await button('Write the data for 1 question').click();
    await button('Everything is written').waitFor({ timeout: WAIT_MS });
    const facts = page.locator('.fact-rows li');
    expect(await facts.count()).toBe(3);
    expect(await facts.locator('.perplexity').count()).toBe(0);
    await button('Measure with model').click();
    await facts.getByText('Difficult').first().waitFor({ timeout: WAIT_MS });
    await button('Everything is written').waitFor({ timeout: WAIT_MS });
    // The harder half, rounded up; the figures decide which.
    const shownFacts = await facts.evaluateAll((items) =>
      items.map((item) => ({
        value: Number(item.querySelector('.perplexity .number')!.textContent),
        difficult: item.querySelector('.mark.difficult') !== null,
        text: item.querySelector('p')!.textContent!,
      })),
    );
    const hardest = [...shownFacts].sort((a, b) => b.value - a.value).slice(0, 2);
    expect(shownFacts.filter(({ difficult }) => difficult)).toEqual(expect.arrayContaining(hardest));
    expect(shownFacts.filter(({ difficult }) => difficult)).toHaveLength(2);
    const again = (await page.locator('#studio-detail .answered').last().textContent())!;
    for (const { text, difficult } of shownFacts)
      expect(again.includes(text.split(' ').at(-1)!), text).toBe(difficult);
    await button('Measure with the adapter trained here').click();
    await page.locator('.measure').getByText('After').first().waitFor({ timeout: WAIT_MS });
  });

  it('lends the model to the studio as its writer, and says why it could not write a question', async () => {
    await button('Start anew').click();
    await button('Remove it').click();
    await button('Use its row').click();
    await page.getByLabel('The loaded model').check();
    await button('Write the data for 1 question').click();
    // This one has too little context for the prompt: it was asked, and says so.
    await button('Everything is written').waitFor({ timeout: WAIT_MS });
    await page
      .locator('#studio-detail .remarks', { hasText: /Facts taken out: The prompt .* tokens/ })
      .waitFor();
    expect((await ask('The capital of')).length).toBeGreaterThan(0);
  });

  it('says in place what is wrong with a row, and goes on', async () => {
    const file = join(folder, 'long.jsonl');
    writeFileSync(file, JSON.stringify({ prompt: 'x', completion: ` ${'word '.repeat(300)}` }));
    await page.locator('#dataset input[type=file]').setInputFiles(file);
    await page.getByText('1 row of long.jsonl').waitFor();
    await button('Train').click();
    await page.locator('.tune').getByRole('alert').waitFor({ timeout: WAIT_MS });
    expect(await page.locator('.tune').getByRole('alert').textContent()).toMatch(/row 1.*tokens/);
    expect((await ask('The capital of')).length).toBeGreaterThan(0);
  });

  it('gives everything back when the model is unloaded, and sent nothing elsewhere', async () => {
    await button('Unload').click();
    await button('Load onto the GPU').waitFor();
    expect(await observed.adapterRequests(page)).toBe(0);
    expect(observed.violations).toEqual([]);
    expect(observed.errors).toEqual([]);
    expect(observed.foreignRequests(site.url)).toEqual([]);
  });
});
