/**
 * @file llama.cpp for tools and tests: npm's node-llama-cpp brings it prebuilt. It is installed under .cache, since
 * nothing that runs needs it and it takes 700 MB.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HOME = join(fileURLToPath(new URL('..', import.meta.url)), '.cache', 'llama-cpp');
const PACKAGE = 'node-llama-cpp@3.22.1';

/** The package's exports. @throws Error where npm does not install it */
export function importLlamaCpp() {
  const entry = join(HOME, 'node_modules', 'node-llama-cpp', 'dist', 'index.js');
  if (!existsSync(entry)) {
    mkdirSync(HOME, { recursive: true });
    writeFileSync(join(HOME, 'package.json'), '{"private": true}\n');
    // Its install script would look for a compiler where no prebuilt binary fits; the prebuilt ones are packages.
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', PACKAGE];
    const { status } = spawnSync('npm', args, { cwd: HOME, stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new Error(`npm does not install ${PACKAGE}.`);
  }
  return import(pathToFileURL(entry).href);
}

/** llama.cpp on the processor, with what else the package exports. @throws Error where it cannot be had */
export async function loadLlamaCpp() {
  const exports = await importLlamaCpp();
  const { getLlama, LlamaLogLevel } = exports;
  return { ...exports, llama: await getLlama({ gpu: false, build: 'never', logLevel: LlamaLogLevel.error }) };
}
