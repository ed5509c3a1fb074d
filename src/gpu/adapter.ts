/** @file What an adapter is: what it says of itself, and which kernels are meant for its kind. */

/** What a host knows about an adapter; shown to the user and written into every manifest. */
export interface AdapterDescription {
  readonly vendor: string;
  readonly architecture: string;
  readonly device: string;
  readonly description: string;
  /** Whether it computes on the CPU (lavapipe, SwiftShader, WARP): right numbers, but slow. */
  readonly software: boolean;
  readonly features: readonly string[];
}

/** Adapters that compute on the CPU, by the words in their descriptions. */
const SOFTWARE = /llvmpipe|lavapipe|swiftshader|software|basic render|warp/i;

/** What an adapter says of itself. */
export function describeAdapter(adapter: GPUAdapter): AdapterDescription {
  const { vendor, architecture, device, description } = adapter.info;
  const isFallback = adapter.info.isFallbackAdapter === true;
  return {
    vendor,
    architecture,
    device,
    description,
    software: isFallback || SOFTWARE.test(`${vendor} ${architecture} ${device} ${description}`),
    features: [...adapter.features].sort() as string[],
  };
}

/**
 * Which kernels a device gets: shared-memory tiles on GPUs, register blocks without shared memory on software adapters, of
 * which those with lanes of four (SwiftShader) like other blocks than those with eight or more (lavapipe).
 */
export type AdapterClass = 'software' | 'software4' | 'gpu';

/** By its name: a browser tells no adapter's lanes everywhere. */
export function adapterClassOf({
  software,
  vendor,
  architecture,
  device,
  description,
}: AdapterDescription): AdapterClass {
  if (!software) return 'gpu';
  return /swiftshader/i.test(`${vendor} ${architecture} ${device} ${description}`) ? 'software4' : 'software';
}
