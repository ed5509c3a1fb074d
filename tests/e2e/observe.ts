/** @file Watches everything that pages of a context do that they should not. */
import type { BrowserContext, Page } from 'playwright';

export interface Observed {
  /** Messages of the browser about broken policies, of pages and workers. */
  readonly violations: string[];
  /** Uncaught errors and errors on the console. */
  readonly errors: string[];
  /** Content-Security-Policy of every worker script, '' where there was none. */
  readonly workerPolicies: string[];
  /** Addresses asked for that are not below `base`'s origin. */
  foreignRequests(base: string): string[];
  /** How often the UI thread of a page asked for an adapter since it was loaded. */
  adapterRequests(page: Page): Promise<number>;
}

/** Runs in every page before its own scripts, and not in workers. */
const COUNT_ADAPTER_REQUESTS = `
  globalThis.adapterRequests = 0;
  if (globalThis.GPU) {
    const original = GPU.prototype.requestAdapter;
    GPU.prototype.requestAdapter = function (...options) {
      globalThis.adapterRequests++;
      return original.apply(this, options);
    };
  }
  addEventListener('securitypolicyviolation', (event) =>
    console.error('Content Security Policy: ' + event.violatedDirective + ' ' + event.blockedURI));
`;

export async function observe(context: BrowserContext): Promise<Observed> {
  const requests: string[] = [];
  const violations: string[] = [];
  const errors: string[] = [];
  const workerPolicies: string[] = [];
  await context.addInitScript(COUNT_ADAPTER_REQUESTS);
  context.on('request', (request) => requests.push(request.url()));
  context.on('response', async (response) => {
    if (/worker-[\w-]+\.js$/.test(response.url()))
      workerPolicies.push(response.headers()['content-security-policy'] ?? '');
  });
  context.on('console', (message) => {
    if (/Content Security Policy/i.test(message.text())) violations.push(message.text());
    else if (message.type() === 'error') errors.push(message.text());
  });
  context.on('weberror', (error) => errors.push(String(error.error())));
  return {
    violations,
    errors,
    workerPolicies,
    foreignRequests: (base) =>
      requests.filter((url) => !/^(blob|data):/.test(url) && new URL(url).origin !== new URL(base).origin),
    adapterRequests: (page) => page.evaluate('adapterRequests') as Promise<number>,
  };
}
