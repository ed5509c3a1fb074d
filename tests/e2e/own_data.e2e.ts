/** @file The user's own data in a real browser: facts that are typed are learned by one button, and by no other way. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stale } from '../../src/knowtuning/edits.ts';
import { DERIVED_PARTS, defaultMethod, startProject as newProject } from '../../src/knowtuning/project.ts';
import { pageProblems } from './axe.ts';
import { launchChromium, type Site, serveBuild } from './browser.ts';
import { type Observed, observe } from './observe.ts';

const RUN_MS = 170_000;
/** Few, since a software adapter is slow, and of a word that the model can write; the second line cannot be asked for. */
const TYPED = ['The mine of Quillmere holds zinc.', 'Hello there'];

/** The bundled model, picked from disk. */
const MODEL = fileURLToPath(new URL('../../public/model', import.meta.url));
const GOODS = ['plums', 'rye bread', 'violins', 'lamps', 'goats', 'glass birds'];

const folder = mkdtempSync(join(tmpdir(), 'tabtune-own-data-'));
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

const facts = (page: Page) => page.getByRole('textbox', { name: 'Your facts' });
const teach = (page: Page) => page.getByRole('button', { name: 'Teach it these' });
const isOff = (page: Page) => teach(page).getAttribute('aria-disabled');

async function ready(page: Page): Promise<void> {
  await page.goto(site.url);
  await page.locator('.device .status').filter({ hasText: 'Works, slowly' }).waitFor();
}

/** The zip of the run on the page: its files' names, and run.json. */
async function savedAdapter(page: Page): Promise<{ names: string[]; manifest: string }> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Save the adapter' }).click(),
  ]);
  const files = unzipSync(new Uint8Array(readFileSync(await download.path())));
  const names = Object.keys(files);
  const manifest = files[names.find((name) => name.endsWith('/run.json'))!]!;
  return { names, manifest: new TextDecoder().decode(manifest) };
}

describe('ten facts', () => {
  let context: BrowserContext;
  let page: Page;
  let observed: Observed;

  beforeAll(async () => {
    context = await browser.newContext({ acceptDownloads: true });
    observed = await observe(context);
    page = await context.newPage();
    await ready(page);
  });
  afterAll(() => context?.close());

  it('fills in an example of ten, and asks for one fact at least', async () => {
    expect(await isOff(page)).toBe('true');
    await page.getByRole('button', { name: 'Fill in an example' }).click();
    expect((await facts(page).inputValue()).split('\n')).toHaveLength(10);
    await page.getByText('10 of 10 facts').waitFor();
    expect(await isOff(page)).toBe('false');
  });

  it('names lines that cannot be taken, with the cure, and is accessible then', async () => {
    const example = await facts(page).inputValue();
    await facts(page).fill(`${example}\n\nThe pond of Quillmere holds carp.\n${example.split('\n')[2]}`);
    const problems = page.locator('.facts-form .line-problems li');
    expect(await problems.allTextContents()).toEqual([
      expect.stringMatching(/^Line 12 is fact 11.*Leave some out/),
      'Line 13 says the same as line 3. Leave one of them out.',
    ]);
    expect(await isOff(page)).toBe('true');
    expect(await pageProblems(page)).toEqual([]);
  });

  it('keeps the text over a reload', async () => {
    await facts(page).fill(TYPED.join('\n'));
    await ready(page);
    expect(await facts(page).inputValue()).toBe(TYPED.join('\n'));
  });

  it('learns what can be asked for, and names the line that cannot', async () => {
    await teach(page).click();
    await page.locator('.live h3', { hasText: 'Finished' }).waitFor({ timeout: RUN_MS });
    const notice = page.locator('#facts .notice');
    expect(await notice.textContent()).toContain('Line 2 “Hello there”');
    expect(await facts(page).inputValue()).toBe(TYPED.join('\n'));
    expect(await page.locator('.facts-outcome').textContent()).toContain(
      'it answered 0 of 1 fact in a phrasing that was not trained; now it answers 1.',
    );
    expect(await page.locator('.steps, title').allTextContents()).not.toContain(/demo/i);
  });

  it('shows the answers of all systems beside each fact, and what they are worth', async () => {
    expect(await page.locator('.scores tbody th').allTextContents()).toHaveLength(4);
    expect(await page.locator('.scores .caution').textContent()).toContain('proves nothing');
    const cards = page.locator('#compare .card');
    expect(await cards.count()).toBe(1);
    expect(await cards.first().locator('.reference').textContent()).toContain(TYPED[0]);
    expect(await cards.first().locator('.said-by h4').count()).toBe(4);
    const last = cards.first().locator('.fact').last();
    expect(await last.textContent()).toMatch(/zinc.*All key words/i);
    expect(await cards.first().locator('.fact').first().textContent()).toContain('None of the key words');
    expect(await pageProblems(page)).toEqual([]);
  });

  it('hands out the adapter, with a manifest that says what it was taught and holds none of it', async () => {
    const { manifest, names } = await savedAdapter(page);
    expect(JSON.parse(manifest)).toMatchObject({
      data: { name: 'facts', facts: 2 },
      config: { sft: { num_train_epochs: 20, learning_rate: 4e-3 } },
    });
    expect(manifest).not.toContain('Quillmere');
    expect(names.some((name) => name.endsWith('adapter_model.safetensors'))).toBe(true);
  });

  it('sent nothing elsewhere and broke no policy', async () => {
    expect(observed.errors).toEqual([]);
    expect(observed.violations).toEqual([]);
    expect(observed.foreignRequests(site.url)).toEqual([]);
  });
});

describe('a project of the user', () => {
  const ROWS = Array.from({ length: 6 }, (_, i) => ({
    id: `q${i}`,
    question: `What does the shop of Quillmere sell on day ${i + 1}?`,
    answer: `On day ${i + 1} the shop of Quillmere sells ${GOODS[i]}. It opens at ${i + 6} o'clock.`,
  }));
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    context = await browser.newContext({ acceptDownloads: true });
    page = await context.newPage();
    await ready(page);
  });
  afterAll(() => context?.close());

  /** What the record of the newest run holds. */
  const record = () =>
    page.evaluate(async () => {
      const done = <T>(request: IDBRequest<T>) =>
        new Promise<T>((resolve, reject) => {
          request.onsuccess = () => resolve(request.result);
          request.onerror = () => reject(request.error);
        });
      const database = await done(indexedDB.open('tabtune-runs'));
      const store = database.transaction('runs').objectStore('runs');
      const run = (await done<string[]>(store.get('runs'))).at(-1);
      const found = await done(store.get(`run/${run}`));
      database.close();
      return found.request;
    });

  it('is written where it is stale, learned, and asked what was held out', async () => {
    const project = newProject('shop', ROWS, defaultMethod);
    project.questions = project.questions.map((question) => stale(question, DERIVED_PARTS));
    const text = JSON.stringify(project);
    const file = join(folder, 'shop.json');
    writeFileSync(file, text);
    await page.locator('input[aria-label="File of a project"]').setInputFiles(file);
    const train = page.getByRole('button', { name: 'Train on 6 questions' });
    // Nothing is written yet, so there is nothing to compare with.
    expect(await train.getAttribute('aria-disabled')).toBe('true');
    await page.getByRole('button', { name: 'Write the data for 6 questions' }).click();
    await page.getByRole('button', { name: 'Everything is written' }).waitFor({ timeout: RUN_MS });
    await page.locator('#models input[type=file][webkitdirectory]').setInputFiles(MODEL);
    await page.getByRole('heading', { name: 'model', exact: true }).waitFor();
    await page.getByLabel('Weights', { exact: true }).selectOption({ value: 'f16' });
    await train.click();
    await page.locator('.live h3', { hasText: 'Finished' }).waitFor({ timeout: RUN_MS });
    expect(await record()).toMatchObject({
      data: {
        ...{ kind: 'project', name: 'shop', questions: 6, holdout: 0.1 },
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
      model: { choice: { kind: 'files', name: 'model', files: [] }, weights: 'f16' },
    });
    expect(JSON.stringify(await record())).not.toContain('Quillmere');
    const steps = await page.locator('.steps').textContent();
    expect(steps).not.toMatch(/demo/i);
    expect(steps).toContain('model');
  });

  it('shows what was held out beside what each system said, and the data that were built', async () => {
    const card = page.locator('#compare .card');
    expect(await card.count()).toBe(1);
    const asked = await card.locator('h3').textContent();
    const held = ROWS.find(({ question }) => question === asked)!;
    expect(await card.locator('.reference').textContent()).toContain(held.answer);
    expect(await card.locator('.said-by h4').count()).toBe(4);
    expect(await page.locator('.scores .caution').textContent()).toContain(
      'One seed on 1 question proves nothing',
    );
    expect(await page.locator('.explorer select option').count()).toBe(5);
    expect(await page.locator('.explorer').textContent()).not.toContain(held.question);
    expect(await pageProblems(page)).toEqual([]);
  });

  it('hands out the adapter, with a manifest that says what it was made of', async () => {
    const { manifest } = await savedAdapter(page);
    expect(JSON.parse(manifest)).toMatchObject({
      data: { name: 'shop', questions: 6, holdout: 0.1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
      model: { weights: 'f16' },
      config: { stage1: { num_train_epochs: 6 }, stage2: { num_train_epochs: 3 } },
    });
  });

  it('is offered after a reload, as it was', async () => {
    const shown = await page.locator('#compare').textContent();
    await ready(page);
    await page.getByRole('button', { name: 'Open the finished run' }).click();
    expect(await page.locator('#compare').textContent()).toBe(shown);
  });
});
