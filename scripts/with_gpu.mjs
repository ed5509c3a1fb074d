/**
 * @file `node scripts/with_gpu.mjs [--browsers] COMMAND…` runs a command where Dawn finds a GPU, with --browsers also
 * with CHROME_PATH and FIREFOX_PATH set, and passes its exit code on. Uses nothing but Node.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { findBrowsers } from './browser_paths.mjs';
import { findGpu, NO_ADAPTER } from './gpu_environment.mjs';

const log = (line) => process.stderr.write(`${line}\n`);

function main() {
  const command = process.argv.slice(2);
  const wantsBrowsers = command[0] === '--browsers';
  if (wantsBrowsers) command.shift();
  if (command.length === 0) {
    log('usage: node scripts/with_gpu.mjs [--browsers] COMMAND [ARGUMENT…]');
    process.exit(2);
  }
  // Browsers first: where no Vulkan driver can be had, Dawn runs on Chromium's SwiftShader.
  const { chromium, firefox } = wantsBrowsers ? findBrowsers(log) : {};
  const { env, adapter } = findGpu(log);
  if (chromium) env.CHROME_PATH = chromium;
  if (firefox) env.FIREFOX_PATH = firefox;
  log(adapter ? `GPU: ${adapter}` : NO_ADAPTER);
  const [program, ...args] = command;
  const child = spawn(program === 'node' ? process.execPath : program, args, {
    stdio: 'inherit',
    env: { ...process.env, ...env },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    log(`${program} cannot be run: ${error.message}`);
    process.exit(127);
  });
  child.on('exit', (code, signal) =>
    process.exit(code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 0)),
  );
}

try {
  main();
} catch (error) {
  log(error.message);
  process.exit(2);
}
