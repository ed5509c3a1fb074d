/** @file The GPU in the terminal: Dawn through npm's webgpu package, and WGSL text from the shaders folder. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { InputError } from '../formats/input_error.ts';
import { describeAdapter } from '../gpu/adapter.ts';
import { type DeviceFactory, REQUESTED_LIMITS } from '../gpu/gpu.ts';
import type { ShaderLibrary } from '../gpu/shader_library.ts';
import { restWhilePolling } from './dawn_polling.ts';

/** Dawn's instance must outlive its devices, or the process dies in a mutex: held for the life of the process. */
let instance: GPU | undefined;

/** What a browser has as navigator.gpu. */
export async function dawnGpu(): Promise<GPU> {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  instance ??= create([]);
  restWhilePolling();
  return instance;
}

/** Devices from Dawn. The adapter is asked for anew every time: one whose device was lost must not be used again. */
export const dawnDevice: DeviceFactory = async () => {
  const gpu = await dawnGpu();
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter)
    throw new InputError(
      'GPU',
      'Dawn finds no adapter.',
      'Install a Vulkan driver (on Debian and Ubuntu: mesa-vulkan-drivers), or run `npm run demo`, which looks for one.',
    );
  const limits: Record<string, number> = {};
  for (const name of REQUESTED_LIMITS) limits[name] = adapter.limits[name];
  const device = await adapter.requestDevice({ requiredLimits: limits });
  return { device, adapter: describeAdapter(adapter) };
};

/** All of shaders/, by name without extension. */
export function shadersFromDisk(): ShaderLibrary {
  const root = fileURLToPath(new URL('../../shaders/', import.meta.url));
  const library = new Map<string, string>();
  for (const folder of readdirSync(root))
    for (const file of readdirSync(`${root}${folder}`))
      if (file.endsWith('.wgsl'))
        library.set(`${folder}/${file.slice(0, -5)}`, readFileSync(`${root}${folder}/${file}`, 'utf8'));
  return library;
}
