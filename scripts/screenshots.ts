/**
 * @file `npm run screenshots [FOLDER]`: drives the built page through the demo and ten facts in Chromium and photographs
 * start, training, facts and comparison, light and dark, on a laptop, a phone and a projector. For docs/screenshots, and for
 * looking at a change.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright';
import { launchChromium, serveBuild } from '../tests/e2e/browser.ts';

const SIZES = {
  laptop: { width: 1280, height: 800 },
  narrow: { width: 360, height: 740 },
  projector: { width: 1920, height: 1080 },
} as const;
const RUN_MS = 900_000;

const folder = process.argv[2] ?? 'docs/screenshots';
mkdirSync(folder, { recursive: true });
const work = mkdtempSync(join(tmpdir(), 'tabtune-screenshots-'));
const site = await serveBuild(join(work, 'dist'));
const browser = await launchChromium();

/** One picture per scheme and size; `anchor` is scrolled to the top first. */
async function photograph(page: Page, name: string, anchor: string, whole = false): Promise<void> {
  for (const colorScheme of ['light', 'dark'] as const)
    for (const [size, viewport] of Object.entries(SIZES)) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize(viewport);
      await page.locator(anchor).evaluate((element) => element.scrollIntoView({ block: 'start' }));
      // Charts are drawn anew after a change of size.
      await page.waitForTimeout(300);
      await page.screenshot({ path: join(folder, `${name}-${size}-${colorScheme}.png`), fullPage: whole });
    }
}

try {
  const page = await browser.newPage();
  await page.goto(`${site.url}${process.argv[3] ?? ''}`);
  await page.locator('.device .status').filter({ hasText: 'Works' }).waitFor();
  await photograph(page, 'start', 'body');
  await page.setViewportSize(SIZES.laptop);
  await page.getByRole('button', { name: 'Run the demo' }).click();
  await page.locator('.phase.running', { hasText: 'Stage II' }).waitFor({ timeout: RUN_MS });
  await page.waitForTimeout(2500);
  await photograph(page, 'training', '#train');
  await page.locator('.live h3', { hasText: 'Finished' }).waitFor({ timeout: RUN_MS });
  await photograph(page, 'comparison', '#compare');
  await photograph(page, 'whole', 'body', true);

  await page.setViewportSize(SIZES.laptop);
  await page.getByRole('button', { name: 'Fill in an example' }).click();
  await page.getByRole('button', { name: 'Teach it these' }).click();
  await page.locator('.facts-outcome').waitFor({ timeout: RUN_MS });
  await photograph(page, 'facts', '#facts');
  await photograph(page, 'facts-comparison', '#compare');

  await page.setViewportSize(SIZES.laptop);
  await photograph(page, 'studio-start', '#studio');
  await page.getByRole('button', { name: 'Use the bundled questions' }).click();
  await page.getByRole('button', { name: /^Write the data/ }).click();
  await page.getByRole('button', { name: 'Everything is written' }).waitFor({ timeout: RUN_MS });
  await page.getByRole('button', { name: 'Audit the pairs' }).click();
  await page.getByRole('button', { name: 'Audit again' }).waitFor({ timeout: RUN_MS });
  await photograph(page, 'studio', '#studio');
  await photograph(page, 'studio-review', '.review');
} finally {
  await browser.close();
  await site.close();
  rmSync(work, { recursive: true, force: true });
}
