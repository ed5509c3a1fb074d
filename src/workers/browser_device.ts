/** @file The GPU in the browser. The only place in the page's code that asks for an adapter; it runs in the worker. */
import { describeAdapter } from '../gpu/adapter.ts';
import { type DeviceFactory, REQUESTED_LIMITS } from '../gpu/gpu.ts';
import { FailureError } from './failure.ts';
import type { DeviceReport } from './protocol.ts';

async function requestAdapter(): Promise<GPUAdapter> {
  const gpu = (navigator as Partial<Pick<Navigator, 'gpu'>>).gpu;
  if (!gpu)
    throw new FailureError({
      kind: 'no-webgpu',
      place: 'Browser',
      problem: isSecureContext
        ? 'This browser offers no WebGPU to a page.'
        : 'Browsers offer WebGPU only to pages from https or from localhost.',
      cure: isSecureContext ? 'Use a browser that does.' : 'Open this page through https or localhost.',
    });
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter)
    throw new FailureError({
      kind: 'no-adapter',
      place: 'GPU',
      problem: 'This browser has WebGPU, but no GPU that it would hand out.',
      cure: 'Turn on hardware acceleration in its settings, or update the graphics driver; then restart the browser.',
    });
  return adapter;
}

/** What the adapter is, without making a device of it. */
export async function reportDevice(): Promise<DeviceReport> {
  const adapter = await requestAdapter();
  return {
    adapter: describeAdapter(adapter),
    maxBufferSize: adapter.limits.maxBufferSize,
    maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
  };
}

/** A device with the adapter's own limits. The adapter is asked for anew each time: a used one cannot be used again. */
export const browserDevice: DeviceFactory = async () => {
  const adapter = await requestAdapter();
  const requiredLimits: Record<string, number> = {};
  for (const name of REQUESTED_LIMITS) requiredLimits[name] = adapter.limits[name];
  return { device: await adapter.requestDevice({ requiredLimits }), adapter: describeAdapter(adapter) };
};
