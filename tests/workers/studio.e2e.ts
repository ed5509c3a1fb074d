/** @file The studio's worker in a real browser: it builds, saves to IndexedDB, and goes on after its tab was killed. */
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseTrainRows } from '../../src/knowtuning/rows.ts';
import { readRows } from '../authors/atlas.ts';
import { launchChromium, type Site, serveSources } from '../e2e/browser.ts';

const rows = parseTrainRows(readRows<unknown>('train').slice(0, 120), 'train.jsonl');
let site: Site;
let browser: Browser;
let context: BrowserContext;

beforeAll(async () => {
  site = await serveSources();
  browser = await launchChromium({ gpu: false });
  context = await browser.newContext();
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

/** A page of this origin with a studio in `globalThis.studio`, as text, because Vitest would rewrite the imports. */
async function open(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`${site.url}favicon.svg`);
  await page.evaluate(`(async () => {
    const { WorkerClient } = await import('/src/workers/worker_client.ts');
    globalThis.events = [];
    globalThis.studio = new WorkerClient({
      createWorker: () => new Worker('/src/workers/studio.worker.ts', { type: 'module' }),
      base: ${JSON.stringify(site.url)},
      onEvent: (event) => events.push(event),
      onDeath: (failure) => events.push({ kind: 'failed', failure }),
      place: 'Studio', cure: '', callTimeoutMs: 60000,
    });
    globalThis.value = (answer) => {
      if (!answer.ok) throw new Error(JSON.stringify(answer.failure));
      return answer.value;
    };
    globalThis.until = async (test) => {
      while (!events.some(test)) {
        const failed = events.find(({ kind }) => kind === 'failed');
        if (failed) throw new Error(JSON.stringify(failed));
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    };
  })()`);
  return page;
}

const FILE = "studio.call('projectFile').then(value).then((bytes) => new TextDecoder().decode(bytes))";
const START = `studio.call('start', 'test', ${JSON.stringify(rows)},
  { alpha: 0.5, beta: 0.5, pplContext: 'question', seed: 7, stylePairs: 'paper', select: 'top', replay: 0 }).then(value)`;
const BUILD = "studio.call('build').then(value)";

describe('the studio in a tab', () => {
  it('builds, and after kills at several moments ends with the same project, nobody asked twice', async () => {
    let page = await open();
    await page.evaluate(START);
    await page.evaluate(BUILD);
    await page.evaluate("until(({ kind }) => kind === 'built')");
    const whole = JSON.parse(await page.evaluate<string>(FILE));
    expect(whole.questions.every(({ pairs }: { pairs: unknown[] }) => pairs.length > 0)).toBe(true);
    // The same from the start, in a tab that does not live long.
    await page.evaluate(START);
    await page.evaluate('events.length = 0');
    let asked = 0;
    for (const done of [1, 20, 30]) {
      await page.evaluate(BUILD);
      await page.evaluate(`until(({ kind, done }) => kind === 'progress' && done >= ${done})`);
      await page.close({ runBeforeUnload: false });
      page = await open();
      const view = await page.evaluate<{ unwritten: number }>("studio.call('open').then(value)");
      expect(view.unwritten).toBeLessThan(rows.length);
      const calls = JSON.parse(await page.evaluate<string>(FILE)).authorCalls;
      expect(Object.keys(calls).length).toBeGreaterThan(asked);
      asked = Object.keys(calls).length;
    }
    await page.evaluate(BUILD);
    await page.evaluate("until(({ kind }) => kind === 'built')");
    const last = await page.evaluate<number>(
      "events.filter(({ kind }) => kind === 'progress').at(-1)?.asked ?? 0",
    );
    expect(last).toBe(Object.keys(whole.authorCalls).length - asked);
    const resumed = JSON.parse(await page.evaluate<string>(FILE));
    expect(resumed).toEqual(whole);
  });

  it('lets one tab work on the project, and tells the other', async () => {
    const page = await open();
    const answer = await page.evaluate<{ ok: boolean; failure?: { problem: string } }>("studio.call('open')");
    expect(answer).toMatchObject({
      ok: false,
      failure: { problem: 'The project is open in another tab.' },
    });
  });
});
