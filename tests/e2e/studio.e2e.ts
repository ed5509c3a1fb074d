/** @file The studio in the page: built, reviewed by keys, resumed, saved and opened again; with an endpoint, and its faults. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Project } from '../../src/knowtuning/project.ts';
import { readRows } from '../authors/atlas.ts';
import { type Fault, FixtureServer } from '../authors/openai/fixture_server.ts';
import { pageProblems } from './axe.ts';
import { launchChromium, type Site, serveBuild } from './browser.ts';
import { type Observed, observe } from './observe.ts';

const folder = mkdtempSync(join(tmpdir(), 'tabtune-studio-'));
const WAIT_MS = 60_000;
let site: Site;
let browser: Browser;
let context: BrowserContext;
let observed: Observed;
let page: Page;

beforeAll(async () => {
  site = await serveBuild(join(folder, 'dist'));
  browser = await launchChromium({ gpu: false });
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A browser that has never been here. */
beforeEach(async () => {
  await context?.close();
  context = await browser.newContext({ acceptDownloads: true });
  observed = await observe(context);
  page = await openPage();
});

async function openPage(): Promise<Page> {
  const opened = await context.newPage();
  await opened.goto(site.url);
  return opened;
}

const button = (name: string | RegExp) =>
  page.getByRole('button', { name, ...(typeof name === 'string' ? { exact: true } : {}) });
const rowsInPage = () => page.locator('.grid tr[id]');
const row = (number: number) => page.locator(`#studio-row-${number - 1}`);
const detail = () => page.locator('#studio-detail');
const figure = (name: string) =>
  page.locator('.project-bar dl > div', { hasText: name }).locator('dd').textContent();

async function startBundled(): Promise<void> {
  await button('Use the bundled questions').click();
  await button(/^Write the data/).waitFor({ timeout: WAIT_MS });
}

async function written(): Promise<void> {
  await button('Everything is written').waitFor({ timeout: WAIT_MS });
}

async function savedAs(entry: string): Promise<Uint8Array> {
  await page.locator('.menu > summary').click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    button(new RegExp(`^${entry}`)).click(),
  ]);
  return new Uint8Array(readFileSync((await download.path())!));
}

const savedProject = async (): Promise<Project> =>
  JSON.parse(new TextDecoder().decode(await savedAs('Project file'))) as Project;

async function dataFile(name: string, rows: readonly object[]): Promise<void> {
  const path = join(folder, name);
  writeFileSync(path, rows.map((each) => JSON.stringify(each)).join('\n'));
  await page.locator('input[aria-label="File of data"]').setInputFiles(path);
  await button(/^Use its/).click();
  await button(/^Write the data/).waitFor({ timeout: WAIT_MS });
}

async function useEndpoint(baseUrl: string, key = ''): Promise<void> {
  await page.getByLabel('A language model elsewhere').check();
  await page.getByLabel('Address').fill(baseUrl);
  await page.getByLabel('Model', { exact: true }).fill('flawless');
  await page.getByLabel('Key').fill(key);
  await page.getByLabel('Price in').fill('1');
  await page.getByLabel('Price out').fill('2');
  await button('Use this endpoint').click();
  await button('It writes here').waitFor();
}

describe('the studio', () => {
  it('builds, and is reviewed by keys alone; every edit is there after a reload', async () => {
    expect(await pageProblems(page)).toEqual([]);
    await startBundled();
    await button(/^Write the data/).click();
    await written();
    expect(await figure('Pairs')).toBe('180');

    await page.locator('#studio-rows').focus();
    for (const key of ['ArrowDown', 'j', 'j', 'k', 'x']) await page.keyboard.press(key);
    await row(3).and(page.locator('.excluded')).waitFor();
    expect(await figure('Left out')).toBe('1');

    // Into the question, to its first fact, and back: Escape leaves the editor first, the question then.
    await page.keyboard.press('Home');
    await detail()
      .and(page.getByLabel('Question 1', { exact: true }))
      .waitFor();
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('studio-detail');
    await detail().getByRole('button', { name: 'Edit: Fact 1' }).press('Enter');
    const field = page.getByRole('textbox', { name: 'Fact 1' });
    const before = await field.inputValue();
    await field.fill('   ');
    await page.keyboard.press('Control+Enter');
    await page.getByRole('alert').filter({ hasText: 'is empty' }).waitFor();
    await field.fill('Dubnium was named after a town near Moscow.');
    await page.keyboard.press('Control+Enter');
    await row(1).getByText('Edited').waitFor();
    await written();
    // What the answer does not hold takes no part, whoever wrote it.
    await detail()
      .getByText(/^Takes no part/)
      .waitFor();
    await page.keyboard.press('Control+z');
    await detail().getByText(before, { exact: true }).first().waitFor();
    await page.keyboard.press('Control+y');
    await detail().getByText('Dubnium was named after a town near Moscow.').waitFor();
    await detail().press('Escape');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('studio-rows');

    await page.getByLabel('Questions', { exact: true }).nth(0).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('dubnium moscow');
    await page.locator('.matches', { hasText: '1 of 60' }).waitFor();
    expect(await rowsInPage().count()).toBe(1);
    expect(await pageProblems(page)).toEqual([]);

    await page.close();
    page = await openPage();
    await row(1).getByText('Not in the answer').or(row(1).getByText('Edited')).first().waitFor();
    expect(await figure('Left out')).toBe('1');
    const project = await savedProject();
    expect(project.questions[0]!.atoms[0]!.text).toBe('Dubnium was named after a town near Moscow.');
    expect(project.questions[2]!.excluded).toBe(true);
    expect(observed.violations).toEqual([]);
    expect(observed.errors).toEqual([]);
    expect(observed.foreignRequests(site.url)).toEqual([]);
  });

  it('says what the audit found, and shows those rows', async () => {
    await startBundled();
    await button(/^Write the data/).click();
    await written();
    // A worse answer that is the better one.
    const better = (await detail().locator('.pairs .better dd').textContent())!;
    await detail().getByRole('button', { name: 'Edit: Worse answer, nonfactual' }).click();
    await page.getByRole('textbox', { name: 'Worse answer, nonfactual' }).fill(better);
    await button('Save').click();
    await button('Audit the pairs').click();
    await button(/^Error ?Better and worse are the same/).click();
    await page.locator('.matches', { hasText: '1 of 60' }).waitFor();
    await detail().locator('.remarks', { hasText: 'Error' }).waitFor();
    await page
      .locator('.review-bar')
      .getByRole('button', { name: /^Better and worse are the same/ })
      .click();
    await page.locator('.matches', { hasText: '60 questions' }).waitFor();
    expect(await pageProblems(page)).toEqual([]);
  });

  it('stops, is killed, and goes on with nobody asked twice; saved and opened it is the same', async () => {
    await dataFile('many.jsonl', readRows<object>('train').slice(0, 400));
    await button(/^Write the data/).click();
    await page.locator('.build-progress', { hasText: /^(\d{2}|\d{3}) of 400/ }).waitFor({ timeout: WAIT_MS });
    await button('Stop').click();
    await page.getByText('Stopped. What was written is kept').waitFor();
    const left = Number((await figure('To be written'))!);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThan(400);
    await button(/^Write what is missing/).click();
    await page.locator('.build-progress', { hasText: / of \d+ questions written/ }).waitFor();
    await page.close({ runBeforeUnload: false });

    page = await openPage();
    await button(/^(Write what is missing|Everything is written)/).waitFor({ timeout: WAIT_MS });
    if (await button(/^Write what is missing/).count()) await button(/^Write what is missing/).click();
    await written();
    const file = await savedAs('Project file');
    const project = JSON.parse(new TextDecoder().decode(file)) as Project;
    expect(project.questions).toHaveLength(400);
    expect(project.questions.every(({ stale }) => stale === undefined)).toBe(true);

    await button('Start anew').click();
    await button('Remove it').click();
    await button('Use the bundled questions').waitFor();
    const path = join(folder, 'project.json');
    writeFileSync(path, file);
    await page.locator('input[aria-label="File of a project"]').setInputFiles(path);
    await written();
    expect(await savedAs('Project file')).toEqual(file);
    const trl = unzipSync(await savedAs('TRL'));
    const lines = new TextDecoder().decode(trl['data/trl/dpo.jsonl']).trim().split('\n');
    expect(lines).toHaveLength(project.questions.reduce((sum, { pairs }) => sum + pairs.length, 0));
    expect(Object.keys(JSON.parse(lines[0]!) as object).sort()).toEqual(['chosen', 'prompt', 'rejected']);
  });

  it('refuses a file that is no project, and keeps the one that is open', async () => {
    await startBundled();
    const path = join(folder, 'broken.json');
    writeFileSync(path, '{"format": "something else"}');
    await page.locator('input[aria-label="File of a project"]').setInputFiles(path);
    await page.getByRole('alert').filter({ hasText: 'broken.json at' }).waitFor();
    expect(await figure('Questions')).toBe('60');
    expect((await savedProject()).questions).toHaveLength(60);
  });

  it('makes questions of a text', async () => {
    await page
      .getByPlaceholder('Whole sentences. Headings help.')
      .fill(
        '# Ferries\n\nThe ferry to Brightholm sails at noon. It carries forty people.\n\nIt is painted red.',
      );
    await button('Ask about its passages').click();
    await button(/^Write the data for 2 questions/).click();
    await written();
    expect(Number(await figure('Facts'))).toBeGreaterThanOrEqual(3);
  });
});

describe('ten thousand questions', () => {
  it('cost no more than those that can be seen', async () => {
    const questions = Array.from({ length: 10_000 }, (_, i) => ({
      ...{ id: `q${i}`, question: `What is thing ${i + 1} like?`, answer: `Thing ${i + 1} is round.` },
      ...{ atoms: [], fineGrained: null, better: null, pairs: [], problems: [] },
    }));
    const method = { alpha: 0.5, beta: 0.5, pplContext: 'question', seed: 0 };
    const project = {
      format: 'tabtune-project',
      version: 1,
      name: 'Many',
      method,
      questions,
      authorCalls: {},
    };
    const path = join(folder, 'ten_thousand.json');
    writeFileSync(path, JSON.stringify(project));
    await page.locator('input[aria-label="File of a project"]').setInputFiles(path);
    await page.locator('.matches', { hasText: '10,000 questions' }).waitFor({ timeout: WAIT_MS });
    await page.locator('#studio-rows').focus();
    await page.keyboard.press('End');
    await row(10_000).getByText('What is thing 10000 like?').waitFor();
    await detail().getByText('Thing 10000 is round.').waitFor();
    expect(await rowsInPage().count()).toBeLessThan(60);
    expect(await row(10_000).getAttribute('aria-rowindex')).toBe('10001');
    for (let i = 0; i < 200; i++) await page.keyboard.press('ArrowUp');
    await detail().getByText('Thing 9800 is round.').waitFor();
    await page.locator('#studio-search').fill('thing 7777');
    await page.locator('.matches', { hasText: '1 of 10,000' }).waitFor();
    await row(1).getByText('What is thing 7777 like?').waitFor();
  });
});

describe('an endpoint', () => {
  it('writes through its faults, counts what it takes, and its key is nowhere but in memory', async () => {
    const key = 'sk-secret-of-this-test';
    let faulty = true;
    const faults: Record<number, Fault> = { 3: 'busy', 7: 'half', 12: 'truncated', 20: 'dropped' };
    const server = await FixtureServer.start({
      key,
      retryAfter: 1,
      faults: (number) => (faulty ? (faults[number] ?? null) : null),
    });
    try {
      await dataFile('few.jsonl', readRows<object>('train').slice(0, 12));
      await useEndpoint(server.baseUrl, 'sk-wrong');
      await page.getByRole('heading', { name: /^About [\d,]+ tokens for 12 questions, cost/ }).waitFor();
      await button(/^Write the data/).click();
      await page
        .getByRole('alert')
        .filter({ hasText: 'The endpoint refuses the key' })
        .waitFor({ timeout: WAIT_MS });
      expect(await page.content()).not.toContain('sk-wrong');
      await useEndpoint(server.baseUrl, key);
      await button(/^Write/).click();
      await written();
      faulty = false;
      expect(await page.locator('.usage tr', { hasText: 'In all' }).last().textContent()).toMatch(
        /\d\.\d{4}$/,
      );
      const project = await savedProject();
      expect(project.questions.every(({ better }) => better?.startsWith('To begin with'))).toBe(true);
      expect(JSON.stringify(project)).not.toContain(key);
      const stored = await page.evaluate(async () => {
        const texts = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
        for (const { name } of await indexedDB.databases()) texts.push(await dump(name!));
        return texts.join('\n');
        function dump(name: string): Promise<string> {
          return new Promise((resolve) => {
            indexedDB.open(name).onsuccess = ({ target }) => {
              const database = (target as IDBOpenDBRequest).result;
              const stores = [...database.objectStoreNames];
              if (stores.length === 0) return resolve('');
              const texts: string[] = [];
              const transaction = database.transaction(stores);
              for (const store of stores)
                transaction.objectStore(store).getAll().onsuccess = (event) =>
                  texts.push(JSON.stringify((event.target as IDBRequest).result));
              transaction.oncomplete = () => {
                database.close();
                resolve(texts.join('\n'));
              };
            };
          });
        }
      });
      expect(stored).toContain('To begin with');
      expect(stored).not.toContain(key);
      expect(await pageProblems(page)).toEqual([]);
      // The document itself may not go there, whatever runs in it.
      const refused = await page.evaluate(
        (url) =>
          fetch(url).then(
            () => false,
            () => true,
          ),
        `${server.baseUrl}/models`,
      );
      expect(refused).toBe(true);
    } finally {
      await server.close();
    }
  });

  it('leaves unwritten what it did not answer, says why, and asks for that alone the next time', async () => {
    let down = true;
    const server = await FixtureServer.start({
      faults: (_, { operation }) => (down && operation === 'rephrase' ? 'empty' : null),
    });
    try {
      await dataFile('some.jsonl', readRows<object>('train').slice(0, 5));
      await useEndpoint(server.baseUrl);
      await button(/^Write the data/).click();
      await page.getByText('5 questions were not answered for.').waitFor({ timeout: WAIT_MS });
      expect(await figure('To be written')).toBe('5');
      await page
        .locator('select')
        .filter({ hasText: 'Something could not be done' })
        .selectOption('problems');
      await page.locator('.matches', { hasText: '5 of 5' }).waitFor();
      await detail().locator('.remarks', { hasText: 'Better answers' }).waitFor();
      down = false;
      const asked = server.asked.length;
      await button(/^Write/).click();
      await written();
      expect(server.asked.slice(asked).map(({ operation }) => operation)).toEqual(Array(5).fill('rephrase'));
    } finally {
      await server.close();
    }
  });
});
