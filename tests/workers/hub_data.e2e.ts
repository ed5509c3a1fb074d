/** @file Parquet and data sets of the Hub in the built page: licence, columns, rows left out, cancel, token, what is refused. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parquetRows } from '../cli/parquet_rows.ts';
import { pageProblems } from '../e2e/axe.ts';
import { launchChromium, type Site, serveBuild } from '../e2e/browser.ts';
import { type Observed, observe } from '../e2e/observe.ts';
import { HubServer, TOKEN } from '../hub/hub_server.ts';
import { noise } from '../hub/support.ts';

const LAMPS = 'someone/lamps';
const GATED = 'someone/gated';
const LARGE = 'someone/large';
/** Of a worker that has just begun. */
const WAIT = { timeout: 20_000 };
const LARGE_BYTES = 4_000_000;
const rows = [
  { question: 'What does the lamp burn?', answer: 'Whale oil.' },
  { question: 'Where does it stand?', answer: '' },
];
const more = [{ question: 'Who keeps it?', answer: 'Mirna Dovel.' }];

const folder = mkdtempSync(join(tmpdir(), 'tabtune-hub-data-'));
let hub: HubServer;
let site: Site;
let browser: Browser;
let page: Page;
let observed: Observed;

beforeAll(async () => {
  hub = await HubServer.start();
  hub.addDataset(
    LAMPS,
    {
      'data/train-00000-of-00002.parquet': parquetRows(rows),
      'data/train-00001-of-00002.parquet': parquetRows(more),
    },
    { card: { license: 'cc-by-4.0' } },
  );
  hub.addDataset(GATED, { 'train.parquet': parquetRows(more, ['Frage', 'Antwort']) }, { gated: true });
  hub.addDataset(LARGE, { 'train.jsonl': noise('large', LARGE_BYTES) });
  process.env.HF_ENDPOINT = hub.url;
  site = await serveBuild(join(folder, 'dist'));
  delete process.env.HF_ENDPOINT;
  browser = await launchChromium({ gpu: false });
  const context = await browser.newContext();
  observed = await observe(context);
  page = await context.newPage();
  await page.goto(site.url);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
  await hub?.close();
  rmSync(folder, { recursive: true, force: true });
});

const section = () => page.locator('#dataset');
const facts = () => page.locator('.found dd').allTextContents();
async function fetchData(name: string): Promise<void> {
  await section().getByLabel('Data set of the Hub').fill(name);
  await section().getByRole('button', { name: 'Fetch' }).click();
}

describe('data in Parquet', () => {
  it('are read from a file, with what was left out', async () => {
    await page.getByLabel('File of data').setInputFiles({
      name: 'lamps.parquet',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from(parquetRows(rows)),
    });
    await expect.poll(facts, WAIT).toEqual(['Question and answer', '1', '1', 'SFT']);
    await page.getByText('One row was left out').click();
    expect(await page.locator('.dropped li').allTextContents()).toEqual([
      expect.stringContaining('It has an empty answer.'),
    ]);
    expect(hub.requests).toEqual([]);
  });

  it('are read from the Hub, every shard, with licence and commit', async () => {
    await fetchData(`https://huggingface.co/datasets/${LAMPS}`);
    await expect.poll(facts, WAIT).toEqual(['Question and answer', '2', '1', 'SFT', 'cc-by-4.0']);
    const commit = hub.models.get(`datasets/${LAMPS}`)!.commit.slice(0, 12);
    expect(await page.locator('.found .origin').textContent()).toBe(
      `Configuration default, split train, at commit ${commit}.`,
    );
    await page.getByRole('heading', { name: 'Row 1 of 2' }).waitFor();
    await expect
      .poll(() => page.locator('.token-text mark').allTextContents(), WAIT)
      .toEqual([' Whale oil.<eos>']);
    expect(await pageProblems(page)).toEqual([]);
  });

  it('can be stopped on the way, and what was read before stays', async () => {
    hub.pieceDelay = 500;
    await fetchData(LARGE);
    await page.waitForFunction(
      () => (document.querySelector<HTMLProgressElement>('.reading progress')?.value ?? 0) > 1e5,
    );
    expect(await pageProblems(page)).toEqual([]);
    await section().getByRole('button', { name: 'Stop' }).click();
    await page.locator('.reading').waitFor({ state: 'detached' });
    hub.pieceDelay = 0;
    expect(hub.served.get('train.jsonl')).toBeLessThan(LARGE_BYTES);
    expect(await section().getByRole('alert').count()).toBe(0);
    expect((await facts()).at(-1)).toBe('cc-by-4.0');
  });

  it('ask for a token, and for what the columns mean without fetching anything again', async () => {
    await fetchData(GATED);
    await section().getByRole('alert').filter({ hasText: 'This data set is gated' }).waitFor();
    expect(await pageProblems(page)).toEqual([]);
    await section().getByLabel('Read token').fill(TOKEN);
    await section().getByRole('button', { name: 'Use it' }).click();
    await page.getByText('Choose a column for “Question” and “Answer”').waitFor();
    const asked = hub.requests.length;
    await page.getByLabel('Question', { exact: true }).selectOption('Frage');
    await page.getByLabel('Answer', { exact: true }).selectOption('Antwort');
    await expect.poll(facts, WAIT).toEqual(['Chosen columns', '1', '0', 'SFT', 'none named']);
    expect(hub.requests).toHaveLength(asked);
  });

  it.each([
    ['lamps', 'is no name of a data set'],
    [`${LAMPS}:fr`, `Write one of them behind a colon, as in ${LAMPS}:default.`],
    ['no/such', 'or there is no such data set'],
  ])('say what is wrong with %s', async (name, sentence) => {
    await fetchData(name);
    await section().getByRole('alert').filter({ hasText: sentence }).waitFor();
  });

  it('broke no policy, and asked for nothing but the Hub', () => {
    expect(observed.violations).toEqual([]);
    const elsewhere = observed.foreignRequests(site.url).filter((url) => !url.startsWith(hub.url));
    expect(elsewhere).toEqual([]);
  });
});
