/** @file Chromium with a software GPU, and the servers that the page is tested on. */
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContext, chromium } from 'playwright';
import { build, createServer, preview } from 'vite';
import { CHROMIUM_ARGUMENTS } from '../support/browser_options.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONFIG = `${ROOT}/vite.config.ts`;

export interface Site {
  /** Ends in a slash. */
  readonly url: string;
  close(): Promise<void>;
}

const WITHOUT_GPU = ['--no-sandbox', '--disable-background-networking', '--no-first-run'];

/** Chromium without a GPU that keeps its files in `folder`, as people's browsers do; other contexts are private windows. */
export function launchProfile(folder: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, {
    executablePath: process.env.CHROME_PATH || '/usr/bin/chromium',
    args: WITHOUT_GPU,
  });
}

/** Chromium on SwiftShader; with `gpu: false` without any adapter. */
export function launchChromium({ gpu = true }: { gpu?: boolean } = {}): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env.CHROME_PATH || '/usr/bin/chromium',
    args: gpu ? CHROMIUM_ARGUMENTS : WITHOUT_GPU,
  });
}

/** The built page, as a host would serve it. Builds into `outDir`, which must be outside of the repository's dist. */
export async function serveBuild(outDir: string): Promise<Site> {
  const options = { root: ROOT, configFile: CONFIG, logLevel: 'warn' as const };
  await build({ ...options, build: { outDir, emptyOutDir: true } });
  const server = await preview({ ...options, build: { outDir }, preview: { port: 0, open: false } });
  return { url: server.resolvedUrls!.local[0]!, close: () => server.close() };
}

/** The sources, module by module, for tests that import them inside a page. */
export async function serveSources(): Promise<Site> {
  const server = await createServer({
    root: ROOT,
    configFile: CONFIG,
    logLevel: 'warn',
    server: { port: 0, open: false, hmr: false, watch: null },
    // Found on the way, a dependency would reload the page amid a test.
    optimizeDeps: {
      include: [
        'idb-keyval',
        'comlink',
        'p-limit',
        'valibot',
        '@huggingface/gguf',
        '@huggingface/hub',
        '@noble/hashes/legacy.js',
        '@noble/hashes/sha2.js',
        '@noble/hashes/utils.js',
        '@huggingface/jinja',
        '@huggingface/tokenizers',
        'fflate',
        'stemmer',
        'wink-eng-lite-web-model',
        'wink-nlp',
      ],
      exclude: ['webgpu'],
    },
  });
  await server.listen();
  return { url: server.resolvedUrls!.local[0]!, close: () => server.close() };
}
