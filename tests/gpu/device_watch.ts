/** @file Counts what a device is asked for: allocations, compilations, and bytes that the CPU reads back. */

export interface DeviceCounts {
  readonly buffers: number;
  readonly bindGroups: number;
  readonly shaderModules: number;
  readonly pipelines: number;
  /** Bytes of mapped ranges the CPU has looked at. */
  readonly bytesRead: number;
}

/** Methods of a device that make something, by what they make. */
const MAKERS = {
  buffers: ['createBuffer'],
  bindGroups: ['createBindGroup'],
  shaderModules: ['createShaderModule'],
  pipelines: ['createComputePipeline', 'createComputePipelineAsync'],
} as const;

/** Watches a device from now on; returns a function that tells the counts so far. */
export function watchDevice(device: GPUDevice): () => DeviceCounts {
  const counts = { buffers: 0, bindGroups: 0, shaderModules: 0, pipelines: 0, bytesRead: 0 };
  const methods = device as unknown as Record<string, (...args: unknown[]) => unknown>;
  for (const [what, names] of Object.entries(MAKERS))
    for (const name of names) {
      const original = methods[name]!.bind(device);
      methods[name] = (...args) => {
        counts[what as keyof typeof MAKERS]++;
        const made = original(...args);
        if (what === 'buffers') watchMapping(made as GPUBuffer, counts);
        return made;
      };
    }
  return () => ({ ...counts });
}

function watchMapping(buffer: GPUBuffer, counts: { bytesRead: number }): void {
  const original = buffer.getMappedRange.bind(buffer);
  buffer.getMappedRange = (...args) => {
    const range = original(...args);
    counts.bytesRead += range.byteLength;
    return range;
  };
}
