/** @file The page doing its main job in a real browser, from the first click to the adapter on disk. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axeViolations, pageProblems } from './axe.ts';
import { launchChromium, type Site, serveBuild } from './browser.ts';
import { type Observed, observe } from './observe.ts';
import { readSafetensors } from './read_safetensors.ts';

/** Few, since a software adapter is slow; a question makes every kind of row that the method knows. */
const QUESTIONS = 3;
const RUN_MS = 170_000;

const folder = mkdtempSync(join(tmpdir(), 'tabtune-page-'));
let site: Site;
let browser: Browser;

beforeAll(async () => {
  site = await serveBuild(join(folder, 'dist'));
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

const runButton = (page: Page) => page.getByRole('button', { name: 'Run the demo' });
const deviceStatus = (page: Page) => page.locator('.device .status');
const outcome = (page: Page, word: string) => page.locator('.live h3', { hasText: word });

async function ready(page: Page): Promise<void> {
  await page.goto(`${site.url}?questions=${QUESTIONS}`);
  await deviceStatus(page).filter({ hasText: 'Works, slowly' }).waitFor();
}

async function saveAdapter(page: Page): Promise<Uint8Array> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save the adapter' }).click(),
  ]);
  return new Uint8Array(readFileSync(await download.path()));
}

/** What each run in storage was asked for, the oldest first. */
function storedRequests(page: Page): Promise<{ treeBatching: boolean }[]> {
  return page.evaluate(async () => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    const database = await done(indexedDB.open('tabtune-runs'));
    const store = database.transaction('runs').objectStore('runs');
    const runs = await done<string[]>(store.get('runs'));
    const records = await Promise.all(runs.map((run) => done(store.get(`run/${run}`))));
    database.close();
    return records.map((record) => record.request);
  });
}

/** The numbers of a chart's table: one array per row, headings left out. */
async function chartNumbers(page: Page, title: string): Promise<string[][]> {
  const chart = page.locator('figure.chart', {
    has: page.getByRole('heading', { name: title, exact: true }),
  });
  return chart
    .locator('tbody tr')
    .evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent ?? '')));
}

describe('the demo, driven to its end', () => {
  let context: BrowserContext;
  let page: Page;
  let observed: Observed;
  let files: Record<string, Uint8Array>;
  let zip: Uint8Array;

  beforeAll(async () => {
    context = await browser.newContext({ acceptDownloads: true });
    observed = await observe(context);
    page = await context.newPage();
    await ready(page);
  });
  afterAll(() => context?.close());

  it('is accessible before it starts, light and dark, and fits a narrow screen', async () => {
    expect(await pageProblems(page)).toEqual([]);
  });

  it('runs, and a second tab says that it does', async () => {
    await runButton(page).click();
    await page.locator('.phase.running').waitFor();
    // The heading takes the focus after the phase is drawn: one paint later, so this waits for it.
    await page.waitForFunction(() => document.activeElement?.id === 'train-title');

    const second = await context.newPage();
    await second.goto(site.url);
    await second.getByText('TabTune trains in another tab.').waitFor();
    expect(await runButton(second).getAttribute('aria-disabled')).toBe('true');
    await second.close();

    await outcome(page, 'Finished').waitFor({ timeout: RUN_MS });
    expect(await page.locator('.phase').count()).toBe(await page.locator('.phase.done').count());
    expect(await page.title()).toBe('Finished · TabTune');
  });

  it('shows what each system got right, and says what that is worth', async () => {
    expect(await page.locator('.scores tbody th').allTextContents()).toEqual([
      'Base model',
      'Plain fine-tuning',
      'KnowTuning, Stage I',
      'KnowTuning, Stage II',
    ]);
    expect(await page.locator('.scores').textContent()).toContain('proves nothing');
    expect(await page.locator('.card').count()).toBe(QUESTIONS);
    // Facts are told apart by words, not by colour alone.
    const verdicts = await page.locator('.fact .verdict').allTextContents();
    // "Correct" stands on one line: in a column as narrow as a sign it would take four.
    const height = (element: Element) => element.getBoundingClientRect().height;
    expect(await page.locator('.fact.correct .verdict').first().evaluate(height)).toBeLessThan(30);
    expect(verdicts.length).toBeGreaterThan(0);
    for (const verdict of verdicts) expect(verdict).toMatch(/^(Correct|Incorrect|Missing|Cannot be checked)/);
    expect(await page.locator('.atoms tbody tr').count()).toBeGreaterThan(0);
    expect(await page.locator('.pairs .worse').count()).toBeGreaterThan(0);
  });

  it('hands out an adapter that PEFT can load, with its log', async () => {
    zip = await saveAdapter(page);
    const all = unzipSync(zip);
    const root = Object.keys(all)[0]!.split('/')[0]!;
    files = Object.fromEntries(
      Object.entries(all).map(([name, bytes]) => [name.slice(root.length + 1), bytes]),
    );
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining([
        'README.md',
        'adapter_config.json',
        'adapter_model.safetensors',
        'run.json',
        'stage1/trainer_state.json',
        'sft/trainer_state.json',
        'trainer_state.json',
      ]),
    );
    expect(JSON.parse(new TextDecoder().decode(files['run.json']))).toMatchObject({
      tree_batching: true,
      kernels: { forced: 'none', matmul_nt_few_rows: 'thin' },
    });
    const config = JSON.parse(readFileSync('public/model/config.json', 'utf8')) as Record<string, number>;
    const { hidden_size: H, intermediate_size: M, num_hidden_layers: L, head_dim: D } = config;
    const q = config.num_attention_heads! * D!;
    const kv = config.num_key_value_heads! * D!;
    const modules: [string, number, number][] = [
      ['self_attn.q_proj', q, H!],
      ['self_attn.k_proj', kv, H!],
      ['self_attn.v_proj', kv, H!],
      ['self_attn.o_proj', H!, q],
      ['mlp.gate_proj', M!, H!],
      ['mlp.up_proj', M!, H!],
      ['mlp.down_proj', H!, M!],
    ];
    const { r } = JSON.parse(new TextDecoder().decode(files['adapter_config.json'])) as { r: number };
    const expected = new Map<string, number[]>();
    for (let layer = 0; layer < L!; layer++)
      for (const [module, out, inner] of modules) {
        const stem = `base_model.model.model.layers.${layer}.${module}`;
        expected.set(`${stem}.lora_A.weight`, [r, inner]);
        expected.set(`${stem}.lora_B.weight`, [out, r]);
      }
    for (const path of ['', 'stage1/', 'sft/']) {
      const tensors = readSafetensors(files[`${path}adapter_model.safetensors`]!);
      expect(new Map([...tensors].map(([name, { shape }]) => [name, shape]))).toEqual(expected);
      for (const [name, { data }] of tensors) {
        expect(data.every(Number.isFinite), name).toBe(true);
        expect(
          data.some((value) => value !== 0),
          `${name} is all zero: it was not trained`,
        ).toBe(true);
      }
    }
    const weights = (path: string) => files[`${path}adapter_model.safetensors`]!;
    expect(Buffer.compare(weights(''), weights('stage1/'))).not.toBe(0);
    expect(Buffer.compare(weights('stage1/'), weights('sft/'))).not.toBe(0);
  });

  it('charts nothing that trainer_state.json does not hold', async () => {
    const history = (path: string) =>
      (
        JSON.parse(new TextDecoder().decode(files[`${path}trainer_state.json`])) as {
          log_history: Record<string, number>[];
        }
      ).log_history;
    const shown = (value: number | undefined) =>
      value === undefined ? Number.NaN : Number(value.toPrecision(3));
    const expectColumns = async (title: string, columns: (number | undefined)[][]) => {
      const rows = await chartNumbers(page, title);
      expect(rows).toHaveLength(Math.max(...columns.map((column) => column.length)));
      for (const [i, row] of rows.entries())
        for (const [j, column] of columns.entries())
          if (column[i] !== undefined) expect(Number(row[j + 1])).toBeCloseTo(shown(column[i]), 6);
    };
    const [sft, stage1, stage2] = [history('sft/'), history('stage1/'), history('')];
    await expectColumns('Fine-tuning loss', [sft.map((s) => s.loss), stage1.map((s) => s.loss)]);
    await expectColumns('Preference loss', [stage2.map((s) => s.dpo_loss)]);
    await expectColumns('Rewards', [
      stage2.map((s) => s['rewards/margins']),
      stage2.map((s) => s['rewards/chosen']),
      stage2.map((s) => s['rewards/rejected']),
    ]);
    expect(stage2[0]!.dpo_loss).toBeCloseTo(Math.LN2, 5);
    // Small shares are written with two digits.
    const utilisation = [sft, stage1, stage2].map((log) => log.map((s) => s.mfu!));
    for (const [i, row] of (await chartNumbers(page, 'Share of the best speed')).entries())
      for (const [j, column] of utilisation.entries())
        if (column[i] !== undefined) expect(Number(row[j + 1]) / column[i]).toBeCloseTo(1, 1);
    const { matmul_flops_per_second } = JSON.parse(new TextDecoder().decode(files['run.json']));
    for (const { mfu, flops_per_second } of [...sft, ...stage1, ...stage2])
      expect(mfu! * matmul_flops_per_second).toBeCloseTo(flops_per_second!, 0);
    expect(Math.min(...utilisation.flat())).toBeGreaterThan(0);
  });

  it('is accessible when it is done, light and dark, and fits a narrow screen', async () => {
    expect(await pageProblems(page)).toEqual([]);
  });

  it('offers the finished run after a reload, with the same adapter', async () => {
    await ready(page);
    await page.getByRole('button', { name: 'Open the finished run' }).click();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('compare-title');
    expect(await page.locator('.scores tbody tr').count()).toBe(4);
    expect(Buffer.compare(await saveAdapter(page), zip)).toBe(0);
  });

  it('says of a run that was cut off where that was, and what is left of it', async () => {
    await runButton(page).click();
    await page.locator('.phase.done', { hasText: 'Vanilla SFT' }).waitFor({ timeout: RUN_MS });
    await page.locator('.phase.running', { hasText: 'Ask the SFT model' }).waitFor({ timeout: RUN_MS });
    await ready(page);
    await page.getByText('A run was interrupted').waitFor();
    await page.getByRole('button', { name: 'Open what was saved' }).click();
    await outcome(page, 'Interrupted').waitFor();
    expect(await page.locator('figure.chart h3').allTextContents()).toEqual([
      'Fine-tuning loss',
      'Share of the best speed',
    ]);
  });

  it('stops when asked to, and can start again; keeps what was asked for', async () => {
    await page.getByText('Settings', { exact: true }).click();
    await page.getByRole('checkbox', { name: 'Tree batching' }).uncheck();
    await runButton(page).click();
    await page.getByRole('button', { name: 'Stop' }).click();
    await outcome(page, 'Stopped').waitFor({ timeout: RUN_MS });
    expect(await runButton(page).getAttribute('aria-disabled')).toBe('false');
    expect((await storedRequests(page)).map((request) => request.treeBatching)).toEqual([true, true, false]);
  });

  it('asked for no adapter on the UI thread, broke no policy, and sent nothing elsewhere', async () => {
    expect(await observed.adapterRequests(page)).toBe(0);
    expect(observed.violations).toEqual([]);
    expect(observed.errors).toEqual([]);
    expect(observed.foreignRequests(site.url)).toEqual([]);
    // The policy of the document does not bind workers: theirs must come with their script.
    expect(observed.workerPolicies).not.toEqual([]);
    for (const policy of observed.workerPolicies) expect(policy).toContain("default-src 'none'");
  });
});

describe('where something is missing', () => {
  it('names the file that the server lacks, in place, and can try again', async () => {
    const context = await browser.newContext();
    await context.route('**/model/tokenizer.json', (route) => route.fulfill({ status: 404, body: 'no' }));
    const page = await context.newPage();
    await ready(page);
    await runButton(page).click();
    const notice = page.getByRole('alert');
    await notice.waitFor();
    expect(await notice.textContent()).toContain('atlas-1m/tokenizer.json');
    expect(await runButton(page).getAttribute('aria-disabled')).toBe('false');
    await context.close();
  });

  it('says which setting would help where the browser hands out no GPU, and stays readable', async () => {
    const bare = await launchChromium({ gpu: false });
    const page = await bare.newPage();
    await page.goto(site.url);
    await deviceStatus(page).filter({ hasText: 'Cannot train' }).waitFor();
    expect(await page.locator('.device').textContent()).toContain('enable-unsafe-webgpu');
    expect(await runButton(page).getAttribute('aria-disabled')).toBe('true');
    expect(await axeViolations(page)).toEqual([]);
    await bare.close();
  });
});
