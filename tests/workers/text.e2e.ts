/** @file The user's data on the page: every format's way in, the mapping, rows left out, tokens; large files and hostile templates. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { axeViolations } from '../e2e/axe.ts';
import { launchChromium, type Site, serveBuild, serveSources } from '../e2e/browser.ts';
import { observe } from '../e2e/observe.ts';

const folder = mkdtempSync(join(tmpdir(), 'tabtune-text-'));
const path = (name: string) => join(folder, name);
let browser: Browser;
beforeAll(async () => {
  browser = await launchChromium({ gpu: false });
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });
const chat = [
  {
    messages: [
      user('What is the capital?'),
      assistant('Oslo.'),
      user('Sure?'),
      assistant('Yes,\nquite <eos>.'),
    ],
  },
  { messages: [user('A metal?'), assistant('Iron.')] },
  { messages: [user('No answer')] },
];

describe('in the built page', () => {
  let site: Site;
  let page: Page;
  let watch: Awaited<ReturnType<typeof observe>>;
  beforeAll(async () => {
    site = await serveBuild(path('dist'));
    const context = await browser.newContext();
    watch = await observe(context);
    page = await context.newPage();
    await page.goto(site.url);
  });
  afterAll(async () => {
    await site?.close();
  });
  const file = () => page.getByLabel('File of data');
  const trained = () => page.locator('.token-text mark').allTextContents();
  const facts = () => page.locator('.found dd').allTextContents();

  it('shows a conversation with its trained tokens, and what was left out', async () => {
    writeFileSync(path('chat.jsonl'), chat.map((row) => JSON.stringify(row)).join('\n'));
    await file().setInputFiles(path('chat.jsonl'));
    await page.locator('.token-text').waitFor();
    expect(await facts()).toEqual(['Chat messages', '2', '1', 'SFT']);
    expect(await trained()).toEqual([' Oslo.<eos>', ' Yes,↵\nquite <eos>.<eos>']);
    await page.getByLabel('the last answer').check();
    await expect.poll(trained).toEqual([' Yes,↵\nquite <eos>.<eos>']);
    await page.getByText('One row was left out').click();
    expect(await page.locator('.dropped li').allTextContents()).toEqual([
      'Line 3It has no answer of the assistant. Add a message of the assistant.',
    ]);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByRole('heading', { name: 'Row 2 of 2' }).waitFor();
    await expect.poll(trained).toEqual([' Iron.<eos>']);
  });

  it('asks what columns mean that it does not know, by dropping too', async () => {
    const data = await page.evaluateHandle(() => {
      const transfer = new DataTransfer();
      transfer.items.add(new File(['Frage;Antwort\nWas?;"Das; und ""dies"""\n'], 'fragen.csv'));
      return transfer;
    });
    await page.dispatchEvent('.file-zone', 'drop', { dataTransfer: data });
    await page.getByText('Choose a column for “Question” and “Answer”').waitFor();
    expect(await facts()).toEqual(['Unknown']);
    await page.getByLabel('Question', { exact: true }).selectOption('Frage');
    await page.getByLabel('Answer', { exact: true }).selectOption('Antwort');
    await page.getByRole('heading', { name: 'Row 1 of 1' }).waitFor();
    await expect.poll(facts).toEqual(['Chosen columns', '1', '0', 'SFT']);
    await expect.poll(trained).toEqual([' Das; und "dies"<eos>']);
  });

  it('shows both answers of a preference', async () => {
    writeFileSync(
      path('pref.jsonl'),
      JSON.stringify({ prompt: 'Gold?', chosen: 'Au', rejected: ['Ag', 'Fe'] }),
    );
    await file().setInputFiles(path('pref.jsonl'));
    await page.locator('.row-preview .worse').first().waitFor();
    expect(await trained()).toEqual([' Au<eos>', ' Ag<eos>', ' Fe<eos>']);
    expect((await facts()).at(-1)).toBe('DPO');
  });

  it('says what is wrong with a file that is none', async () => {
    writeFileSync(path('bad.jsonl'), Uint8Array.of(0x7b, 0xff, 0xff));
    await file().setInputFiles(path('bad.jsonl'));
    await page.getByRole('alert').filter({ hasText: 'bad.jsonl: is not UTF-8 text' }).waitFor();
    await file().setInputFiles(path('chat.jsonl'));
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.getByRole('heading', { name: /Row \d of 2/ }).waitFor();
  });

  it('breaks no rule of accessibility, light, dark or narrow', async () => {
    await page.locator('.dropped summary').click();
    for (const colorScheme of ['light', 'dark'] as const)
      for (const width of [1280, 360]) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.setViewportSize({ width, height: 800 });
        expect(await axeViolations(page)).toEqual([]);
        const scrolls = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
        expect(scrolls).toBe(false);
      }
  });

  it('reads 100 MB without holding up the page', async () => {
    const row = `${JSON.stringify({ prompt: 'p'.repeat(480), completion: 'c'.repeat(500) })}\n`;
    writeFileSync(path('large.jsonl'), row.repeat(100_000));
    await page.evaluate(() => {
      const longest = { task: 0 };
      Object.assign(globalThis, { longest });
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) longest.task = Math.max(longest.task, duration);
      }).observe({ type: 'longtask' });
    });
    await file().setInputFiles(path('large.jsonl'));
    await page.getByText('Reading large.jsonl').waitFor();
    await page.getByRole('heading', { name: 'of 100,000' }).waitFor({ timeout: 60_000 });
    expect(await facts()).toEqual(['Prompt and completion', '100,000', '0', 'SFT']);
    const longest = await page.evaluate(
      () => (globalThis as unknown as { longest: { task: number } }).longest.task,
    );
    // Tasks below 50 ms are not reported at all; drawing may take one on a slow machine.
    expect(longest).toBeLessThan(200);
  });

  it('asked for nothing elsewhere, and broke no policy', () => {
    expect(watch.violations).toEqual([]);
    expect(watch.errors).toEqual([]);
    expect(watch.foreignRequests(site.url)).toEqual([]);
  });
});

/** As a text, since it imports the page's own modules. */
const HOSTILE = `(async () => {
  const state = await import('/src/ui/state/dataset.ts');
  const loop = '{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}';
  const names = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json'];
  const files = await Promise.all(
    names.map(async (name) => ({ name, file: new File([await (await fetch('/model/' + name)).blob()], name) })),
  );
  files.push({ name: 'chat_template.jinja', file: new File([loop], 'chat_template.jinja') });
  await state.useTextSource({ kind: 'files', name: 'hostile', variant: 'safetensors', files });
  await state.takeDataFile(new File(['{"prompt":"a","completion":"b"}'], 'd.jsonl'));
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 50);
  const until = async (done) => {
    while (!done()) await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await until(() => state.row.value !== null);
  clearInterval(ticking);
  const hostile = state.row.value;
  await state.useTextSource({ kind: 'bundled' });
  await until(() => state.row.value?.ok === true);
  return { hostile, ticks, after: state.row.value };
})()`;

it('ends a chat template that never ends, and the page goes on', async () => {
  const site = await serveSources();
  try {
    const page = await browser.newPage();
    await page.goto(site.url);
    const result = (await page.evaluate(HOSTILE)) as Record<'hostile' | 'after', unknown> & { ticks: number };
    expect(result.hostile).toMatchObject({
      ok: false,
      failure: { kind: 'input', problem: expect.stringMatching(/does it loop for ever/) },
    });
    expect(result.ticks).toBeGreaterThan(40);
    expect(result.after).toMatchObject({ ok: true });
  } finally {
    await site.close();
  }
});
