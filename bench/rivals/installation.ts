/** @file Installs the engines that TabTune is compared with, under .cache: nothing else of the project needs them. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { InputError } from '../../src/formats/input_error.ts';

/** Exact versions: a figure is of a version. */
export const RIVALS: Readonly<Record<string, string>> = {
  '@jax-js/jax': '0.1.25',
  '@tensorflow/tfjs-core': '4.22.0',
  '@tensorflow/tfjs-backend-cpu': '4.22.0',
  '@tensorflow/tfjs-backend-webgpu': '4.22.0',
};

const HOME = fileURLToPath(new URL('../../.cache/rivals/', import.meta.url));

function installedVersion(home: string, name: string): string | undefined {
  const manifest = join(home, 'node_modules', name, 'package.json');
  return existsSync(manifest) ? JSON.parse(readFileSync(manifest, 'utf8')).version : undefined;
}

/**
 * Installs what is not there yet in its version.
 * @param npm the client's command line, without arguments
 * @throws InputError where npm is missing or fails, as it does offline
 */
export function installRivals(progress: (line: string) => void, home = HOME, npm = 'npm'): void {
  const missing = () =>
    Object.entries(RIVALS).filter(([name, version]) => installedVersion(home, name) !== version);
  if (missing().length === 0) return;
  progress(
    `Installing ${missing()
      .map((rival) => rival.join('@'))
      .join(', ')} (once)`,
  );
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, 'package.json'), JSON.stringify({ private: true, dependencies: RIVALS }));
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts'];
  const { status, error, stderr } = spawnSync(npm, args, { cwd: home, encoding: 'utf8' });
  const left = missing();
  if (status === 0 && left.length === 0) return;
  const reason = (error?.message ?? stderr.trim().split('\n').at(-1) ?? '').slice(0, 300);
  throw new InputError(
    'bench rivals',
    `npm does not install ${left.map((rival) => rival.join('@')).join(', ')}${reason ? ` (${reason})` : ''}.`,
    'Connect to the network, or point npm at a registry that has them (npm config set registry), and start again; once installed they are kept.',
  );
}

/** An installed package, loaded as CommonJS: TensorFlow.js's packages find one another only so. */
export function requireRival<T>(name: string): T {
  return createRequire(join(HOME, 'package.json'))(name) as T;
}
