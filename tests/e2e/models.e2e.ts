/** @file Choosing a model in the built page: what it takes, its download from a local Hub, the cache, files from disk. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeTinyCheckpoint } from '../cli/tiny_checkpoint.ts';
import { HubServer, TOKEN } from '../hub/hub_server.ts';
import { noise, SMALL_FILES, WEIGHTS } from '../hub/support.ts';
import { axeViolations } from './axe.ts';
import { launchChromium, type Site, serveBuild } from './browser.ts';
import { type Observed, observe } from './observe.ts';

const SMOL = 'HuggingFaceTB/SmolLM2-135M-Instruct';
const SMOL_BYTES = 6_000_000;
const GATED = 'meta-llama/Llama-3.2-1B-Instruct';
const TINY = 'someone/tiny-llama';

const folder = mkdtempSync(join(tmpdir(), 'tabtune-models-'));
let checkpoint: string;
let hub: HubServer;
let site: Site;
let browser: Browser;
let context: BrowserContext;
let observed: Observed;
let page: Page;

beforeAll(async () => {
  hub = await HubServer.start();
  checkpoint = writeTinyCheckpoint();
  const files = readdirSync(checkpoint).map((name) => [name, readFileSync(join(checkpoint, name))] as const);
  hub.addModel(SMOL, { ...SMALL_FILES, [WEIGHTS]: noise('smol', SMOL_BYTES) });
  hub.addModel(GATED, { ...SMALL_FILES, [WEIGHTS]: noise('gated', 1000) }, true);
  hub.addModel(TINY, { ...Object.fromEntries(files), 'tiny.Q4_0.gguf': noise('no gguf', 5000) });
  process.env.HF_ENDPOINT = hub.url;
  site = await serveBuild(join(folder, 'dist'));
  delete process.env.HF_ENDPOINT;
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
  await hub?.close();
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(checkpoint, '..'), { recursive: true, force: true });
});
beforeEach(async () => {
  hub.served.clear();
  hub.faults.clear();
  hub.requests.length = 0;
  hub.pieceDelay = 0;
  context = await browser.newContext();
  observed = await observe(context);
  page = await context.newPage();
  await open();
});
afterEach(() => context.close());

async function open(): Promise<void> {
  await page.goto(site.url);
  await page.locator('.cache').waitFor();
  await page.locator('.device .status').filter({ hasText: 'Works' }).waitFor();
}

const choose = (name: RegExp) => page.getByRole('radio', { name }).check();
const button = (name: string | RegExp) => page.getByRole('button', { name, exact: typeof name === 'string' });
const card = () => page.locator('.candidate');
const ready = () => card().getByText('Downloaded, and checked');

describe('choosing a model', () => {
  it('asks nobody before it is told to, and plans what a model takes', async () => {
    await choose(/Llama 3.2 3B/);
    const total = () => card().locator('h4 .number').textContent();
    const asStored = await total();
    await card().getByLabel('Weights', { exact: true }).selectOption('q4_0');
    expect(await total()).not.toBe(asStored);
    expect(await card().locator('.memory-plan dl > div').count()).toBe(8);
    await card().locator('.plan-outcome.fits').waitFor();
    const recomputed = card().locator('.recomputation');
    expect(await recomputed.textContent()).toContain('Nothing is computed twice');
    await card().getByLabel('GPU memory to use').fill('3072');
    await card().getByLabel('GPU memory to use').blur();
    await recomputed.filter({ hasText: /\d+ of 28 layers are computed twice: \d+ % more work/ }).waitFor();
    const [size, unit] = (await total())!.split(' ');
    expect(Number(size) / (unit === 'MiB' ? 1024 : 1)).toBeLessThanOrEqual(3);
    await card().getByLabel('GPU memory to use').fill('1024');
    await card().getByLabel('GPU memory to use').blur();
    await card().locator('.plan-outcome.exceeds').filter({ hasText: 'Takes more than 1 GiB' }).waitFor();
    await card().getByLabel('GPU memory to use').fill('0');
    await card().getByLabel('GPU memory to use').blur();
    // A batch whose activations no binding of this adapter holds.
    await card().getByLabel('Tokens of a batch').selectOption('4096');
    await card().getByLabel('LoRA rank').selectOption('128');
    await card().locator('.plan-outcome.exceeds').filter({ hasText: 'at most' }).waitFor();
    expect(observed.foreignRequests(site.url)).toEqual([]);
    expect(hub.requests).toEqual([]);
    expect(observed.violations).toEqual([]);
  });

  it('is accessible, light and dark, and fits a narrow screen', async () => {
    hub.pieceDelay = 20;
    await choose(/SmolLM2 135M/);
    await button('Download').click();
    await card().locator('progress').waitFor();
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await axeViolations(page)).toEqual([]);
    }
    await button('Stop').click();
    await choose(/Llama 3.2 1B/);
    await button('Download').click();
    await card().getByLabel('Read token').waitFor();
    expect(await axeViolations(page)).toEqual([]);
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
  });

  it('leaves the demo the first thing there is', async () => {
    const first = await page.locator('main button').first().textContent();
    expect(first).toBe('Run the demo');
  });

  it('stops a download, goes on with it after a reload, fetches nothing twice, and deletes it', async () => {
    hub.pieceDelay = 40;
    await choose(/SmolLM2 135M/);
    await button('Download').click();
    await page.waitForFunction(
      () => (document.querySelector<HTMLProgressElement>('.candidate progress')?.value ?? 0) > 1e6,
    );
    await button('Stop').click();
    await button(/^Go on with the download of/).waitFor();
    const before = hub.served.get(WEIGHTS)!;
    expect(before).toBeLessThan(SMOL_BYTES);

    await open();
    hub.pieceDelay = 0;
    hub.served.clear();
    await button(/^Go on with the download of/).click();
    await ready().waitFor();
    // What the first attempt had been sent but not yet written may come again: pieces of 64 KiB that were on their way.
    expect(before + hub.served.get(WEIGHTS)!).toBeLessThan(SMOL_BYTES + 1_000_000);
    expect(hub.served.has('tokenizer.json')).toBe(false);
    const [resumed] = hub.requests.filter((line) => /bytes=[1-9]\d*-$/.test(line));
    expect(SMOL_BYTES - Number(/bytes=(\d+)-/.exec(resumed!)![1])).toBe(hub.served.get(WEIGHTS));

    await button(`Delete ${SMOL}`).click();
    await button('Delete it').click();
    await page.locator('.cache').getByText('None yet').waitFor();
    await button('Download').waitFor();
    expect(observed.violations).toEqual([]);
    expect(observed.errors).toEqual([]);
  });

  it('refuses flipped bytes, says what helps, and downloads rightly afterwards', async () => {
    hub.fail(WEIGHTS, { kind: 'flip', at: 5_000_000 });
    await choose(/SmolLM2 135M/);
    await button('Download').click();
    const notice = card().locator('.notice.bad');
    await notice.waitFor();
    expect(await notice.textContent()).toContain('do not match');
    expect(await ready().count()).toBe(0);
    await button('Go on with the download').click();
    await ready().waitFor();
    expect(await notice.count()).toBe(0);
  });

  it('asks for a token, and has it in no storage', async () => {
    await choose(/Llama 3.2 1B/);
    await button('Download').click();
    await card().getByLabel('Read token').fill(TOKEN);
    await card().getByRole('button', { name: 'Use it' }).click();
    await ready().waitFor();
    const stored = await page.evaluate(async () => {
      const texts = [
        JSON.stringify(localStorage),
        JSON.stringify(sessionStorage),
        document.documentElement.outerHTML,
      ];
      for (const { name } of await indexedDB.databases()) {
        const db = await new Promise<IDBDatabase>((resolve) => {
          const request = indexedDB.open(name!);
          request.onsuccess = () => resolve(request.result);
        });
        for (const store of db.objectStoreNames)
          texts.push(
            await new Promise<string>((resolve) => {
              const request = db.transaction(store).objectStore(store).getAll();
              request.onsuccess = () => resolve(JSON.stringify(request.result));
            }),
          );
        db.close();
      }
      return texts.join('\n');
    });
    expect(stored).toContain(GATED);
    expect(stored).not.toContain(TOKEN);
  });

  it('looks up any model, and reads no more than its head before it is downloaded', async () => {
    await page.getByLabel('Another model').fill(TINY);
    await button('Look up').click();
    await card().getByRole('heading', { name: 'tiny-llama' }).waitFor();
    await card().locator('.plan-outcome').waitFor();
    expect(await card().locator('.model-facts').textContent()).toContain('96 tokens');
    const weights = hub.file(TINY, WEIGHTS).content.bytes;
    expect(hub.served.get(WEIGHTS)).toBeLessThan(weights / 2);
    await button('Download').click();
    await ready().waitFor();
    // A .gguf that is none is refused by its head, with what is wrong.
    await card().getByLabel('Files', { exact: true }).selectOption('tiny.Q4_0.gguf');
    await card().locator('.notice.bad').filter({ hasText: 'tiny.Q4_0.gguf' }).waitFor();
  });

  it.each([
    ['nobody/nothing', 'none of this name'],
    ['not a name', 'no name of a model'],
    [`${TINY}@v9`, 'no such revision'],
  ])('says what is wrong with %s', async (name, sentence) => {
    await page.getByLabel('Another model').fill(name);
    await button('Look up').click();
    await page.locator('.model-hub .notice.bad').filter({ hasText: sentence }).waitFor();
  });

  it('opens a folder from disk, and says what a folder lacks', async () => {
    await page.getByLabel('Folder of a model').setInputFiles(checkpoint);
    await card().getByText('Ready, on your disk').waitFor();
    await card().locator('.plan-outcome').waitFor();
    expect(await card().locator('.model-facts').textContent()).toContain('96 tokens');
    expect(hub.requests).toEqual([]);
    await page.getByLabel('File of a model').setInputFiles({
      name: 'broken.gguf',
      mimeType: 'application/octet-stream',
      buffer: Buffer.from('GGUF and no more'),
    });
    await page.locator('.model-files .notice.bad').filter({ hasText: 'broken.gguf' }).waitFor();
  });
});
