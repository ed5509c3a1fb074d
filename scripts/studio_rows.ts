/**
 * @file `node scripts/with_gpu.mjs --browsers node --import tsx scripts/studio_rows.ts FILE`: how the studio fares with all
 * rows of a data file. Drives the built page in Chromium and prints milliseconds: to start, write, audit and open again,
 * and between frames while rows are scrolled. For docs/studio.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchChromium, serveBuild } from '../tests/e2e/browser.ts';

const [file] = process.argv.slice(2);
if (!file) throw new Error('Name a data file of questions and answers.');
const WAIT_MS = 1_800_000;

/** Scrolls through the rows and takes the gaps between frames, in milliseconds. */
const SCROLL = `(async () => {
  const grid = document.querySelector('.grid');
  const gaps = [];
  let last = performance.now();
  let scrolling = true;
  const tick = (now) => { gaps.push(now - last); last = now; if (scrolling) requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  for (let i = 0; i <= 100; i++) {
    grid.scrollTop = (grid.scrollHeight * i) / 100;
    await new Promise((resolve) => setTimeout(resolve, 40));
  }
  scrolling = false;
  gaps.sort((a, b) => a - b);
  return { median: gaps[gaps.length >> 1], p95: gaps[Math.floor(gaps.length * 0.95)], longest: gaps.at(-1),
    rows_in_page: grid.querySelectorAll('tr[id]').length };
})()`;

const work = mkdtempSync(join(tmpdir(), 'tabtune-studio-rows-'));
const site = await serveBuild(join(work, 'dist'));
const browser = await launchChromium({ gpu: false });
const figures: Record<string, unknown> = {};
try {
  const page = await browser.newPage();
  page.setDefaultTimeout(WAIT_MS);
  await page.goto(site.url);
  const timed = async (name: string, work: () => Promise<void>) => {
    const start = performance.now();
    await work();
    figures[name] = Math.round(performance.now() - start);
  };
  const button = (name: string | RegExp) => page.getByRole('button', { name });
  await page.locator('input[aria-label="File of data"]').setInputFiles(file);
  await button(/^Use its .* rows$/).waitFor();
  await timed('start', async () => {
    await button(/^Use its .* rows$/).click();
    await button(/^Write the data/).waitFor();
  });
  figures.rows = await page.locator('.matches').textContent();
  await timed('write', async () => {
    await button(/^Write the data/).click();
    await page.locator('.build-progress').waitFor();
    figures.frames_while_writing = await page.evaluate(SCROLL);
    await button(/^(Everything is written|Write what is missing)/).waitFor();
  });
  figures.frames = await page.evaluate(SCROLL);
  await timed('audit', async () => {
    await button('Audit the pairs').click();
    figures.frames_while_auditing = await page.evaluate(SCROLL);
    await button('Audit again').waitFor();
  });
  await timed('open_again', async () => {
    await page.reload();
    await page.locator('.grid tr[id]').first().waitFor();
  });
  console.log(JSON.stringify(figures, null, 2));
} finally {
  await browser.close();
  await site.close();
  rmSync(work, { recursive: true, force: true });
}
