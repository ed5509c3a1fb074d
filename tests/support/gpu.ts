/** @file The GPU under test. One suite runs on three hosts; this is all that differs between them. */
import type { AdapterClass, AdapterDescription } from '../../src/gpu/adapter.ts';
import { type DeviceFactory, Gpu, type GpuLimits } from '../../src/gpu/gpu.ts';
import type { ShaderLibrary } from '../../src/gpu/shader_library.ts';

export type TestHost = 'node' | 'chromium' | 'firefox';

/** Where this suite is running: Dawn in Node, Dawn in Chromium, or wgpu in Firefox. */
export const testHost: TestHost =
  typeof document === 'undefined'
    ? 'node'
    : navigator.userAgent.includes('Firefox/')
      ? 'firefox'
      : 'chromium';

/** The device factory that the product uses on this host. */
export const testDeviceFactory: DeviceFactory = async () => {
  if (testHost === 'node') return (await import('../../src/cli/dawn.ts')).dawnDevice();
  return (await import('../../src/workers/browser_device.ts')).browserDevice();
};

/** All of shaders/, by name without extension ("matmul/nt_tiled"), read as the product reads it on this host. */
export async function testShaders(): Promise<ShaderLibrary> {
  if (testHost === 'node') return (await import('../../src/cli/dawn.ts')).shadersFromDisk();
  return (await import('../../src/workers/shaders.ts')).bundledShaders();
}

let shared: ReturnType<DeviceFactory> | undefined;

/** The raw device that all tests of a file share; do not destroy it. */
export async function getTestDevice(): Promise<GPUDevice> {
  shared ??= testDeviceFactory();
  return (await shared).device;
}

/** The adapter of getTestDevice(). */
export async function getTestAdapter(): Promise<AdapterDescription> {
  shared ??= testDeviceFactory();
  return (await shared).adapter;
}

const gpus = new Map<AdapterClass | 'adapter', Promise<Gpu>>();

/**
 * A `Gpu` on this host, shared by the tests of a file; do not destroy it.
 * @param adapterClass runs the kernels meant for this class instead of those for the adapter's own
 */
export function getTestGpu(adapterClass?: AdapterClass): Promise<Gpu> {
  const key = adapterClass ?? 'adapter';
  let gpu = gpus.get(key);
  if (!gpu) {
    gpu = createTestGpu(adapterClass);
    gpus.set(key, gpu);
  }
  return gpu;
}

/** A `Gpu` with a device of its own, for tests that destroy it, count its bytes, lower its limits, or change its shaders. */
export async function createTestGpu(
  adapterClass?: AdapterClass,
  limits?: GpuLimits,
  shaders?: ShaderLibrary,
): Promise<Gpu> {
  return Gpu.create(testDeviceFactory, shaders ?? (await testShaders()), {
    ...(adapterClass ? { adapterClass } : {}),
    ...(limits ? { limits } : {}),
  });
}
