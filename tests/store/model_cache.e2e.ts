/** @file Downloads in a real browser: into the private file system, resumed, refused, shared by tabs, and never in memory. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ModelEvent } from '../../src/workers/model_protocol.ts';
import { launchChromium, launchProfile, type Site, serveSources } from '../e2e/browser.ts';
import { HubServer, TOKEN } from '../hub/hub_server.ts';
import { MODEL, noise, SMALL_FILES, syntheticCheckpoint, WEIGHTS } from '../hub/support.ts';
import { WorkerHeaps } from '../hub/worker_heap.ts';

const WEIGHT_BYTES = 8_000_001;
const LARGE = 'someone/large-llama';
const LARGE_TENSORS = 500;

let hub: HubServer;
let site: Site;
let browser: Browser;
let context: BrowserContext;
let page: Page;

beforeAll(async () => {
  hub = await HubServer.start();
  hub.addModel(MODEL, { ...SMALL_FILES, [WEIGHTS]: noise('weights', WEIGHT_BYTES) });
  hub.addModel('someone/gated', { ...SMALL_FILES, [WEIGHTS]: noise('g', 1000) }, true);
  process.env.HF_ENDPOINT = hub.url;
  site = await serveSources();
  delete process.env.HF_ENDPOINT;
  browser = await launchChromium({ gpu: false });
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
  await hub?.close();
});
beforeEach(async () => {
  hub.served.clear();
  hub.faults.clear();
  hub.requests.length = 0;
  hub.pieceDelay = 0;
  context = await browser.newContext();
  page = await context.newPage();
  await open(page);
});
afterEach(() => context.close());

/** A page of this origin with a client of the model worker in `globalThis.models`, and its events in `events`. */
async function open(tab: Page): Promise<void> {
  await tab.goto(`${site.url}favicon.svg`);
  await tab.evaluate(SETUP);
}

/** As text, because Vitest would rewrite the imports. */
const SETUP = `(async () => {
  const { WorkerClient } = await import('/src/workers/worker_client.ts');
  globalThis.events = [];
  globalThis.models = new WorkerClient({
    createWorker: () => new Worker('/src/workers/models.worker.ts', { type: 'module' }),
    base: location.origin + '/',
    onEvent: (event) => events.push(event),
    onDeath: (failure) => events.push({ kind: 'dead', failure }),
    place: 'Worker',
    cure: '',
    callTimeoutMs: 60000,
  });
  await models.call('cache');
})()`;

declare const events: ModelEvent[];
declare const models: { call(method: string, ...parameters: unknown[]): Promise<never> };

interface View {
  readonly id: string;
  readonly commit: string;
  readonly variants: readonly { readonly name: string; readonly bytes: number }[];
}

const call = <T>(method: string, ...parameters: unknown[]): Promise<T> => callIn(page, method, ...parameters);
const callIn = <T>(tab: Page, method: string, ...parameters: unknown[]): Promise<T> =>
  tab.evaluate(([m, p]) => models.call(m, ...p), [method, parameters] as const) as Promise<T>;

async function key(id = MODEL): Promise<{ id: string; commit: string; variant: string }> {
  const { value } = await call<{ value: View }>('look', id);
  return { id, commit: value.commit, variant: 'safetensors' };
}

/** Begins a download and waits for the event that ends it. */
async function download(tab: Page, what: object): Promise<ModelEvent> {
  await tab.evaluate(() => {
    events.length = 0;
  });
  expect(await callIn(tab, 'download', what)).toBe(true);
  return ended(tab);
}

async function ended(tab: Page): Promise<ModelEvent> {
  const handle = await tab.waitForFunction(
    () => events.find((e) => ['downloaded', 'failed', 'cancelled', 'dead'].includes(e.kind)),
    undefined,
    { timeout: 120_000 },
  );
  return (await handle.jsonValue()) as ModelEvent;
}

const cached = async () =>
  (await call<{ value: { models: readonly Record<string, unknown>[] } }>('cache')).value.models;

/** What another worker reads of a model: all tensors' sizes and numbers. */
const readModel = (what: object) =>
  page.evaluate(
    (choice) =>
      new Promise<{ names: string[]; bytes: number; heads: number[]; error?: string }>((resolve) => {
        const worker = new Worker('/tests/hub/read_model.worker.ts', { type: 'module' });
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => resolve({ names: [], bytes: 0, heads: [], error: event.message });
        worker.postMessage(choice);
      }),
    what,
  );

describe('the cache of models in a browser', () => {
  it('goes on after a reload from where a cancelled download was, and fetches nothing twice', async () => {
    const what = await key();
    hub.pieceDelay = 10;
    await call('download', what);
    await page.waitForFunction(() =>
      events.some((e) => e.kind === 'progress' && e.progress.allDone > 2_000_000),
    );
    await call('cancel');
    expect((await ended(page)).kind).toBe('cancelled');
    const [model] = await cached();
    expect(model).toMatchObject({ id: MODEL, whole: false });
    const kept = model!.present as number;
    expect(kept).toBeGreaterThan(2_000_000);

    await open(page);
    expect(await cached()).toMatchObject([{ id: MODEL, whole: false, present: kept }]);
    hub.served.clear();
    hub.requests.length = 0;
    hub.pieceDelay = 0;
    expect(await download(page, what)).toMatchObject({ kind: 'downloaded' });
    const small = Object.entries(SMALL_FILES).reduce(
      (n, [f, t]) => n + (f === 'README.md' ? 0 : t.length),
      0,
    );
    expect(Object.fromEntries(hub.served)).toEqual({ [WEIGHTS]: WEIGHT_BYTES - (kept - small) });
    expect(hub.requests.every((line) => !line.includes('/api/'))).toBe(true);
    expect(await cached()).toMatchObject([{ whole: true, present: WEIGHT_BYTES + small }]);
  });

  it('survives a dropped connection', async () => {
    const what = await key();
    hub.fail(WEIGHTS, { kind: 'drop', after: 3_000_000 });
    expect(await download(page, what)).toMatchObject({ kind: 'downloaded' });
    expect(hub.requests.filter((line) => /storage.*bytes=\d+-$/.test(line))).toHaveLength(1);
  });

  it('refuses flipped bytes, and takes them for no model after a reload', async () => {
    const what = await key();
    hub.fail(WEIGHTS, { kind: 'flip', at: 7_000_000 });
    const event = await download(page, what);
    expect(event).toMatchObject({ kind: 'failed', failure: { kind: 'input', place: `${MODEL}/${WEIGHTS}` } });
    await open(page);
    expect(await cached()).toMatchObject([{ whole: false }]);
    expect((await readModel({ kind: 'hub', ...what })).error).toContain('not in the cache');
  });

  it('refuses a file that was altered in the cache', async () => {
    // A private window keeps files in memory, and their times as they were when they were made.
    const profile = mkdtempSync(join(tmpdir(), 'tabtune-profile-'));
    await context.close();
    context = await launchProfile(profile);
    page = await context.newPage();
    await open(page);
    const what = await key();
    await download(page, what);
    await page.evaluate(
      async (name) => {
        const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
        const writable = await (await folder.getFileHandle(name)).createWritable({ keepExistingData: true });
        await writable.write({ type: 'write', position: 4_000_000, data: new Uint8Array([1, 2, 3]) });
        await writable.close();
      },
      `sha256-${hub.file(MODEL, WEIGHTS).oid}`,
    );
    expect((await readModel({ kind: 'hub', ...what })).error).toContain('altered');
    hub.served.clear();
    expect(await download(page, what)).toMatchObject({ kind: 'downloaded' });
    expect([...hub.served.keys()]).toEqual([WEIGHTS]);
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  });

  it('downloads once for two tabs that ask at the same time', async () => {
    const what = await key();
    hub.pieceDelay = 2;
    const other = await context.newPage();
    await open(other);
    const ends = await Promise.all([download(page, what), download(other, what)]);
    expect(ends.map((e) => e.kind)).toEqual(['downloaded', 'downloaded']);
    expect(hub.served.get(WEIGHTS)).toBe(WEIGHT_BYTES);
    const kinds = await Promise.all(
      [page, other].map((tab) => tab.evaluate(() => events.map((e) => e.kind))),
    );
    expect(kinds.flat().filter((kind) => kind === 'waiting')).toHaveLength(1);
  });

  it('leaves no lock behind when the tab that downloads is closed', async () => {
    const what = await key();
    hub.pieceDelay = 10;
    const other = await context.newPage();
    await open(other);
    await callIn(other, 'download', what);
    await other.waitForFunction(() =>
      events.some((e) => e.kind === 'progress' && e.progress.allDone > 1_000_000),
    );
    const running = download(page, what);
    await page.waitForFunction(() => events.some((e) => e.kind === 'waiting'));
    hub.pieceDelay = 0;
    await other.close();
    expect((await running).kind).toBe('downloaded');
  });

  it('says so where there is no room, and keeps what it has', async () => {
    const session = await context.newCDPSession(page);
    const quota = (quotaSize: number) =>
      session.send('Storage.overrideQuotaForOrigin', { origin: new URL(site.url).origin, quotaSize });
    await quota(5_000_000);
    const what = await key();
    const event = await download(page, what);
    expect(event).toMatchObject({
      kind: 'failed',
      failure: { place: MODEL, problem: expect.stringContaining('no room') },
    });
    await quota(500_000_000);
    expect(await download(page, what)).toMatchObject({ kind: 'downloaded' });
  });

  it('asks for a token, keeps it in memory, and forgets it with the page', async () => {
    const what = await key('someone/gated');
    expect(await download(page, what)).toMatchObject({ kind: 'failed', needsToken: true });
    await call('setToken', TOKEN);
    expect(await download(page, what)).toMatchObject({ kind: 'downloaded' });
    await open(page);
    await call('remove', what);
    expect(await download(page, await key('someone/gated'))).toMatchObject({
      kind: 'failed',
      needsToken: true,
    });
  });

  it('refuses a redirect to another host, by the policy', async () => {
    const what = await key();
    hub.fail(
      WEIGHTS,
      ...Array.from({ length: 4 }, () => ({ kind: 'redirect', to: 'http://127.0.0.2:9/x' }) as const),
    );
    expect(await download(page, what)).toMatchObject({ kind: 'failed', failure: { kind: 'input' } });
  });

  it('deletes a model with its files', async () => {
    const what = await key();
    await download(page, what);
    const { value } = await call<{ value: { models: unknown[] } }>('remove', what);
    expect(value.models).toEqual([]);
    const names = await page.evaluate(async () => {
      const found: string[] = [];
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models');
      for await (const name of folder.keys()) found.push(name);
      return found;
    });
    expect(names).toEqual([]);
  });

  it('loads 500 MB without holding them in memory or the UI thread up', async () => {
    hub.addModel(LARGE, { ...SMALL_FILES, [WEIGHTS]: syntheticCheckpoint(LARGE_TENSORS) });
    // Workers that start after this are watched.
    const heaps = await WorkerHeaps.attach(page);
    await page.reload();
    await page.evaluate(SETUP);
    await page.evaluate(`
      globalThis.longTasks = [];
      new PerformanceObserver((list) => longTasks.push(...list.getEntries().map((e) => e.duration)))
        .observe({ type: 'longtask' });
    `);
    const what = await key(LARGE);
    expect(heaps.count).toBe(1);
    const pageHeap = () => page.evaluate('performance.memory.usedJSHeapSize') as Promise<number>;
    const before = (await heaps.bytes(true)) + (await pageHeap());
    let peak = 0;
    let watching = true;
    const watch = (async () => {
      while (watching) {
        peak = Math.max(peak, (await heaps.bytes()) + (await pageHeap()));
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    const began = performance.now();
    expect(await download(page, what)).toMatchObject({ kind: 'downloaded' });
    const downloaded = performance.now();
    const read = await readModel({ kind: 'hub', ...what });
    const end = performance.now();
    watching = false;
    await watch;
    expect(read.error).toBeUndefined();
    expect(read.bytes).toBe(LARGE_TENSORS * 2 ** 20);
    expect(read.heads).toEqual(read.names.map((name) => Number(name.slice(1))));
    const growth = (peak - before) / 1e6;
    const tasks = (await page.evaluate('longTasks')) as number[];
    console.log(
      `500 MB: ${((downloaded - began) / 1000).toFixed(1)} s to download and hash, ${((end - downloaded) / 1000).toFixed(1)} s to read; the heaps grew by ${growth.toFixed(1)} MB; longest task ${Math.max(0, ...tasks).toFixed(0)} ms`,
    );
    expect(growth).toBeLessThan(100);
    expect(tasks.filter((duration) => duration > 50)).toEqual([]);
  });
});
