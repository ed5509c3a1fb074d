/**
 * @file The test projects. Those that use the GPU run one file at a time; `npm test` runs the projects one after
 * the other. The operations' suite is one suite on three hosts.
 */
import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { CHROMIUM_ARGUMENTS } from './tests/support/browser_options.ts';
import { firefox } from './tests/support/firefox_provider.ts';

/** Files that need a GPU in Node, besides those that are run on all hosts. */
const GPU_TESTS = ['tests/{gpu,train,parity,cli,faults,smollm2}/**/*.test.ts'];
const ALL_HOSTS = ['tests/ops/**/*.test.ts'];

/** Software adapters are slow, and compile a kernel at its first dispatch. */
const slow = { testTimeout: 180_000, hookTimeout: 180_000, fileParallelism: false };

/** What a browser loads is known beforehand: found on the way, it would reload the page amid a test. */
const optimizeDeps = { exclude: ['webgpu'], include: ['fast-check', 'comlink', 'valibot'] };

const browser = { enabled: true, headless: true, screenshotFailures: false, ui: false } as const;

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          environment: 'node',
          include: ['tests/**/*.test.ts'],
          exclude: [...GPU_TESTS, ...ALL_HOSTS],
          testTimeout: 60_000,
        },
      },
      { test: { name: 'node', environment: 'node', include: [...GPU_TESTS, ...ALL_HOSTS], ...slow } },
      {
        optimizeDeps,
        test: {
          name: 'chromium',
          include: ALL_HOSTS,
          ...slow,
          browser: {
            ...browser,
            provider: playwright({
              launchOptions: { executablePath: process.env.CHROME_PATH ?? '', args: CHROMIUM_ARGUMENTS },
            }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
      {
        optimizeDeps,
        test: {
          name: 'firefox',
          include: ALL_HOSTS,
          ...slow,
          browser: {
            ...browser,
            provider: firefox(process.env.FIREFOX_PATH ?? ''),
            instances: [{ browser: 'firefox' }],
          },
        },
      },
      { test: { name: 'e2e', environment: 'node', include: ['tests/**/*.e2e.ts'], ...slow } },
    ],
  },
});
