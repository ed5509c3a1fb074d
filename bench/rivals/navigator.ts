/** @file What browsers have and the rivals expect, given to them in Node: navigator.gpu, and Iterator's helpers. */
import { dawnGpu } from '../../src/cli/dawn.ts';

export interface RivalHost {
  /** Milliseconds since the process started at which an adapter was first asked for. */
  readonly asked: number;
  readonly adapter: string;
}

/** Iterator.prototype's map and filter, which Node has from version 22 on. */
function addIteratorHelpers(): void {
  const prototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()));
  prototype.map ??= function* <T, U>(this: Iterable<T>, f: (value: T) => U) {
    for (const value of this) yield f(value);
  };
  prototype.filter ??= function* <T>(this: Iterable<T>, f: (value: T) => boolean) {
    for (const value of this) if (f(value)) yield value;
  };
}

/** Makes Dawn the navigator's GPU, before any rival is loaded. What it returns is filled in when one asks for an adapter. */
export async function installNavigator(): Promise<RivalHost> {
  addIteratorHelpers();
  const gpu = await dawnGpu();
  const host = { asked: Number.NaN, adapter: '' };
  const requestAdapter = async (options?: GPURequestAdapterOptions) => {
    if (Number.isNaN(host.asked)) host.asked = performance.now();
    const adapter = await gpu.requestAdapter(options);
    host.adapter = adapter?.info.description ?? '';
    return adapter;
  };
  const navigator = { gpu: { requestAdapter }, userAgent: 'Node.js' };
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  return host;
}
