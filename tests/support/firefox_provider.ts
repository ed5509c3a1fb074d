/** @file Vitest's browser mode in Firefox: Playwright drives only builds of its own, so Puppeteer opens the page. */
import { playwright } from '@vitest/browser-playwright';
import puppeteer, { type Browser, type Page } from 'puppeteer-core';
import type { BrowserProvider, BrowserProviderOption, TestProject } from 'vitest/node';
import { FIREFOX_PREFERENCES } from './browser_options.ts';

/** One Firefox over WebDriver BiDi, a page for each of Vitest's sessions. */
class FirefoxProvider implements BrowserProvider {
  readonly name = 'puppeteer';
  readonly supportsParallelism = false;
  readonly initScripts = [];
  readonly #pages = new Map<string, Page>();
  #browser: Promise<Browser> | undefined;

  constructor(readonly executablePath: string) {}

  async openPage(sessionId: string, url: string): Promise<void> {
    this.#browser ??= puppeteer.launch({
      browser: 'firefox',
      executablePath: this.executablePath,
      headless: true,
      extraPrefsFirefox: FIREFOX_PREFERENCES,
      protocolTimeout: 0,
    });
    const browser = await this.#browser;
    await this.#pages.get(sessionId)?.close();
    const page = await browser.newPage();
    this.#pages.set(sessionId, page);
    await page.goto(url, { timeout: 0 });
  }

  getCommandsContext(sessionId: string): Record<string, unknown> {
    return { page: this.#pages.get(sessionId) };
  }

  async close(): Promise<void> {
    const browser = await this.#browser;
    this.#browser = undefined;
    this.#pages.clear();
    await browser?.close();
  }
}

/** The provider for `test.browser.provider`; Vitest's server side is the one that every provider shares. */
export function firefox(executablePath: string): BrowserProviderOption {
  return {
    ...playwright(),
    name: 'puppeteer',
    supportedBrowser: ['firefox'],
    providerFactory: (_project: TestProject) => new FirefoxProvider(executablePath),
  };
}
