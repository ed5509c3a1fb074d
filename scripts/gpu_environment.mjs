/**
 * @file Finds a GPU for Dawn in Node: tries what the machine has, installs a software Vulkan driver where it may, and
 * falls back on the SwiftShader that comes with Chromium. Metal and Direct3D need nothing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findChromium } from './browser_paths.mjs';
import { canInstall, debianRelease, installPackages } from './debian_packages.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** Set for child processes once an adapter was found, so that they need not look again. */
const FOUND = 'TABTUNE_GPU_FOUND';

/** Asks Dawn for an adapter in a process of its own: drivers are read from the environment when Vulkan is loaded. */
const PROBE = `
  const { create } = await import('webgpu');
  const gpu = create([]);
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  const info = adapter?.info;
  if (info) console.log('adapter: ' + [info.vendor, info.device, info.description].filter(Boolean).join(', '));
  process.exit(info ? 0 : 3);
`;

/** The adapter that Dawn finds under `env`, in words; undefined when there is none. */
function probe(env) {
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', PROBE], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    encoding: 'utf8',
    timeout: 120_000,
  });
  if (run.status === 0) return /^adapter: (.*)$/m.exec(run.stdout)?.[1];
  // 3 is "no adapter"; a driver that crashes is as good as none. A missing package is another matter.
  if (/ERR_MODULE_NOT_FOUND|Cannot find package/.test(run.stderr))
    throw new Error('The package webgpu is not installed: run `npm ci` first.');
  return undefined;
}

/** The variables that make Vulkan use the SwiftShader beside a Chromium binary; undefined where there is none. */
export function swiftShader(chromium) {
  if (!chromium) return undefined;
  // /usr/bin/chromium is a script; the browser and its drivers are in the library folder.
  const folders = [
    dirname(chromium),
    '/usr/lib/chromium',
    '/usr/lib/chromium-browser',
    '/opt/google/chrome',
    '/opt/microsoft/msedge',
  ];
  const manifest = folders
    .map((folder) => join(folder, 'vk_swiftshader_icd.json'))
    .find((file) => existsSync(file));
  return manifest && { VK_ICD_FILENAMES: manifest, VK_DRIVER_FILES: manifest };
}

/** Debian 12's own Mesa (22.3) is refused by Dawn; every later Debian and Ubuntu 24.04 have one that it takes. */
function installDriver(log) {
  const release = debianRelease();
  const backports = release.id === 'debian' && release.codename === 'bookworm';
  return installPackages(['libvulkan1', 'mesa-vulkan-drivers'], log, { backports });
}

/** What to do where nothing can be installed without asking. */
export const NO_ADAPTER =
  'Dawn finds no GPU. Install a Vulkan driver (Debian, Ubuntu: mesa-vulkan-drivers, on Debian 12 from bookworm-backports; Fedora: mesa-vulkan-drivers; Arch: vulkan-swrast), or Chromium, whose SwiftShader will do.';

/**
 * Looks for an adapter for Dawn.
 * @param log takes one line of text about anything that is installed
 * @returns the environment variables to set before Dawn is loaded, and the adapter in words (undefined: there is none)
 */
export function findGpu(log) {
  const env = {};
  if (process.env[FOUND] !== undefined) return { env, adapter: process.env[FOUND] };
  if (process.platform === 'linux' && !existsSync(process.env.XDG_RUNTIME_DIR ?? '')) {
    // Mesa and Firefox want a private folder; one that is made here goes when this process does.
    const folder = mkdtempSync(join(tmpdir(), 'tabtune-run-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    env.XDG_RUNTIME_DIR = folder;
  }
  let adapter = probe(env);
  if (process.platform === 'linux') {
    // A driver that someone has chosen is not replaced by an installed one.
    const chosen = process.env.VK_DRIVER_FILES ?? process.env.VK_ICD_FILENAMES;
    if (!adapter && chosen) log(`Dawn finds no adapter with the driver ${chosen}.`);
    else if (!adapter && canInstall() && installDriver(log)) adapter = probe(env);
    if (!adapter) {
      const variables = swiftShader(findChromium());
      if (variables) {
        adapter = probe({ ...env, ...variables });
        if (adapter) Object.assign(env, variables);
      }
    }
  }
  if (adapter) env[FOUND] = adapter;
  return { env, adapter };
}
