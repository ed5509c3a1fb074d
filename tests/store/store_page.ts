/** @file A page of this origin with a store in it, new in each test, for tests of what lies in a real IndexedDB. */
import type { Browser, BrowserContext, Page } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { launchChromium, type Site, serveSources } from '../e2e/browser.ts';

export interface StorePage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Opens the page anew, in a new tab where the old one is gone; what was stored stays. */
  open(): Promise<void>;
}

/**
 * Registers what a test file needs of a browser.
 * @param setup script that puts a store into the page: as text, since Vitest would rewrite its imports
 */
export function useStorePage(setup: string): StorePage {
  let site: Site;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page | undefined;

  const open = async () => {
    if (!page || page.isClosed()) page = await context.newPage();
    // A file of the origin that is not the app, which would open the database itself.
    await page.goto(`${site.url}favicon.svg`);
    await page.evaluate(setup);
  };
  beforeAll(async () => {
    site = await serveSources();
    browser = await launchChromium({ gpu: false });
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });
  beforeEach(async () => {
    context = await browser.newContext();
    await open();
  });
  afterEach(async () => {
    await context.close();
    page = undefined;
  });
  return {
    get page() {
      return page!;
    },
    get context() {
      return context;
    },
    open,
  };
}
