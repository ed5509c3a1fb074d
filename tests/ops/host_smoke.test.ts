/** @file Each host has a device that computes: adapter, limits, a kernel whose result is known, an error that is seen. */
import { describe, expect, it } from 'vitest';
import { BufferUsage } from '../../src/gpu/gpu.ts';
import { shaderSource } from '../../src/gpu/shader_library.ts';
import { getTestAdapter, getTestDevice, getTestGpu, testHost, testShaders } from '../support/gpu.ts';

declare module 'vitest' {
  interface TaskMeta {
    /** What the host's adapter is and can do, for the summary of a run. */
    adapter?: string;
  }
}

/** Collatz steps of each input, by whole numbers: no rounding can excuse a difference between hosts. */
const COLLATZ = `
  @group(0) @binding(0) var<storage, read_write> numbers: array<u32>;
  @compute @workgroup_size(64)
  fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= arrayLength(&numbers)) { return; }
    var n = numbers[id.x];
    var steps = 0u;
    while (n > 1u) {
      if ((n & 1u) == 0u) { n = n >> 1u; } else { n = 3u * n + 1u; }
      steps++;
    }
    numbers[id.x] = steps;
  }`;

function collatzSteps(n: number): number {
  let steps = 0;
  for (; n > 1; steps++) n = n % 2 === 0 ? n / 2 : 3 * n + 1;
  return steps;
}

/** Runs a kernel over `numbers` in place; binding 0 is the only one. */
async function compute(
  device: GPUDevice,
  code: string,
  numbers: Uint32Array<ArrayBuffer>,
): Promise<Uint32Array> {
  const usage = BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST;
  const buffer = device.createBuffer({ size: numbers.byteLength, usage });
  const staging = device.createBuffer({
    size: numbers.byteLength,
    usage: BufferUsage.MAP_READ | BufferUsage.COPY_DST,
  });
  device.queue.writeBuffer(buffer, 0, numbers);
  const module = device.createShaderModule({ code });
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto',
    compute: { module, entryPoint: 'main' },
  });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(
    0,
    device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [{ binding: 0, resource: { buffer } }],
    }),
  );
  pass.dispatchWorkgroups(Math.ceil(numbers.length / 64));
  pass.end();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, numbers.byteLength);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(1 /* GPUMapMode.READ */);
  const result = new Uint32Array(staging.getMappedRange().slice(0));
  buffer.destroy();
  staging.destroy();
  return result;
}

describe(`WebGPU on ${testHost}`, () => {
  it('has an adapter with at least the default limits', async ({ task }) => {
    const { vendor, architecture, device, description, features } = await getTestAdapter();
    const { limits } = await getTestDevice();
    const name = [vendor, architecture, device, description].filter(Boolean).join(', ') || '(names nothing)';
    const optional = ['shader-f16', 'subgroups', 'timestamp-query'].filter((f) => features.includes(f));
    // npm test prints it in its summary.
    task.meta.adapter =
      `${name}; ${optional.join(', ')}; buffers of ${Math.round(limits.maxBufferSize / 2 ** 20)} MiB, ` +
      `bindings of ${limits.maxStorageBufferBindingSize / 2 ** 20} MiB, ` +
      `workgroups of ${limits.maxComputeInvocationsPerWorkgroup}`;
    expect(limits.maxBufferSize).toBeGreaterThanOrEqual(256 * 2 ** 20);
    expect(limits.maxStorageBufferBindingSize).toBeGreaterThanOrEqual(128 * 2 ** 20);
    expect(limits.maxStorageBuffersPerShaderStage).toBeGreaterThanOrEqual(8);
    expect(limits.maxComputeWorkgroupStorageSize).toBeGreaterThanOrEqual(16384);
    expect(limits.maxComputeWorkgroupsPerDimension).toBeGreaterThanOrEqual(65535);
  });

  it('computes exactly', async () => {
    const numbers = Uint32Array.from({ length: 1000 }, (_, i) => i + 1);
    const steps = await compute(await getTestDevice(), COLLATZ, numbers);
    expect([...steps]).toEqual(Array.from(numbers, collatzSteps));
    expect(steps[26]).toBe(111);
  });

  it('reports a mistake in a shader instead of computing nonsense', async () => {
    const device = await getTestDevice();
    device.pushErrorScope('validation');
    const run = compute(device, COLLATZ.replace('steps++', 'steps += 1.5f'), new Uint32Array([3]));
    const error = device.popErrorScope();
    await expect(run).rejects.toThrow();
    expect(await error).toBeInstanceOf(GPUValidationError);
  });

  it('compiles every shader of the product', async () => {
    const device = await getTestDevice();
    const shaders = await testShaders();
    expect(shaders.size).toBeGreaterThan(10);
    const failures: string[] = [];
    // Parts are no shaders of their own: they are compiled within those that take them in.
    for (const name of [...shaders.keys()].filter((n) => !n.startsWith('parts/'))) {
      const code = shaderSource(shaders, name, {});
      device.pushErrorScope('validation');
      const info = await device.createShaderModule({ label: name, code }).getCompilationInfo();
      for (const m of info.messages)
        if (m.type === 'error') failures.push(`${name}:${m.lineNum} ${m.message}`);
      await device.popErrorScope();
    }
    expect(failures).toEqual([]);
  });

  it('copies back what was written, through the ledger', async () => {
    const gpu = await getTestGpu();
    const data = Float32Array.from({ length: 257 }, (_, i) => Math.fround(1 / (i + 1)));
    const before = gpu.ledger.bytes;
    const buffer = await gpu.ledger.allocate('smoke', (create) =>
      create('numbers', data.byteLength, BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST),
    );
    gpu.device.queue.writeBuffer(buffer, 0, data);
    // The ledger rounds sizes up: what is asked back is what was written.
    expect(new Float32Array(await gpu.readback(buffer, 0, data.byteLength))).toEqual(data);
    gpu.ledger.release(buffer);
    expect(gpu.ledger.bytes).toBe(before);
  });
});
