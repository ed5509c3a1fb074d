#!/usr/bin/env node
/** @file The terminal's entry: finds a GPU for Dawn, then runs src/cli/main.ts, in TypeScript as it is. */
import { register } from 'tsx/esm/api';
import { findGpu, NO_ADAPTER } from '../scripts/gpu_environment.mjs';

/** Commands that read, write and compute without a GPU. */
const WITHOUT_GPU = new Set(['plan', 'export', 'help', '--help', '-h', '--version']);

const command = process.argv[2];
if (command !== undefined && !WITHOUT_GPU.has(command) && !process.argv.includes('--help')) {
  const log = (line) => process.stderr.write(`${line}\n`);
  const { env, adapter } = findGpu(log);
  // Vulkan's loader reads the environment of the process when Dawn is loaded, which is later than this.
  Object.assign(process.env, env);
  if (!adapter) log(NO_ADAPTER);
}

register();
await import('../src/cli/main.ts');
