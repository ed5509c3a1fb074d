/** @file One device with what hangs on it: ledger, shaders, compiled pipelines, and the news of its loss. */
import { type AdapterClass, type AdapterDescription, adapterClassOf } from './adapter.ts';
import { Ledger } from './ledger.ts';
import { Pace } from './pace.ts';
import {
  declaresConstant,
  type ShaderConstants,
  type ShaderInterface,
  type ShaderLibrary,
  shaderInterface,
  shaderSource,
} from './shader_library.ts';
import type { ForcedVariants } from './variants.ts';

/** Makes a device; called again after a loss. Hosts provide it: navigator.gpu in a worker, Dawn in the terminal. */
export type DeviceFactory = () => Promise<{
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
}>;

export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
}

/** A kernel that is being compiled, or is compiled once `pipeline` is there. */
export interface Kernel {
  readonly name: string;
  readonly interface: ShaderInterface;
  readonly layout: GPUBindGroupLayout;
  readonly pipeline: GPUComputePipeline | undefined;
  /** Rejects where the shader does not compile. */
  readonly compiled: Promise<void>;
}

/** Limits worth asking for: whatever the adapter has, since devices are bucketed by what is requested. */
export const REQUESTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
] as const;

/** Limits below those of the device, for tests of what is split because of them. */
export interface GpuLimits {
  readonly bufferBytes?: number;
  readonly bindingBytes?: number;
  /** Of one block of a weight's rows, where it is to be smaller than a binding. */
  readonly weightBlockBytes?: number;
}

export interface GpuOptions {
  /** Whose kernels run, if not those meant for the adapter's own class. */
  readonly adapterClass?: AdapterClass;
  readonly limits?: GpuLimits;
  readonly forced?: ForcedVariants;
}

export class Gpu {
  readonly ledger: Ledger;
  /** How fast it works: where submits and large dispatches are cut. */
  readonly pace: Pace;
  /** Bytes of a buffer at most. */
  readonly bufferLimit: number;
  /** Bytes of a buffer that a kernel may be given at once. */
  readonly bindingLimit: number;
  /** Bytes of one block of a weight's rows at most. */
  readonly weightBlockLimit: number;
  readonly #kernels = new Map<string, Kernel>();
  readonly #lost: Promise<never>;
  #fault: Error | undefined;
  #compiled = 0;
  #compiling = { done: 0, total: 0 };
  /** Told how many kernels are compiled of those that were asked for together: at first none, at last all. */
  onCompile: ((done: number, total: number) => void) | undefined;

  private constructor(
    readonly device: GPUDevice,
    readonly adapter: AdapterDescription,
    readonly shaders: ShaderLibrary,
    readonly adapterClass: AdapterClass,
    /** Variants that run instead of the fixed tables' choices, wherever they can take the shape. */
    readonly forced: ForcedVariants,
    limits: GpuLimits,
  ) {
    this.ledger = new Ledger(device);
    this.pace = new Pace(adapterClass);
    this.bufferLimit = Math.min(device.limits.maxBufferSize, limits.bufferBytes ?? Number.POSITIVE_INFINITY);
    this.bindingLimit = Math.min(
      device.limits.maxStorageBufferBindingSize,
      this.bufferLimit,
      limits.bindingBytes ?? Number.POSITIVE_INFINITY,
    );
    this.weightBlockLimit = Math.min(this.bindingLimit, limits.weightBlockBytes ?? Number.POSITIVE_INFINITY);
    this.#lost = device.lost.then((info) => {
      this.#fault ??= new DeviceLostError(`The GPU device was lost (${info.reason}): ${info.message}`);
      throw this.#fault;
    });
    this.#lost.catch(() => {});
    device.onuncapturederror = (event) => {
      this.#fault ??= new Error(`The GPU reported an error outside of any check: ${event.error.message}`);
    };
  }

  static async create(
    factory: DeviceFactory,
    shaders: ShaderLibrary,
    { adapterClass, limits = {}, forced = {} }: GpuOptions = {},
  ): Promise<Gpu> {
    const { device, adapter } = await factory();
    const usedClass = adapterClass ?? adapterClassOf(adapter);
    return new Gpu(device, adapter, shaders, usedClass, forced, limits);
  }

  /** How many pipelines were compiled: a training step must not change it. */
  get compiled(): number {
    return this.#compiled;
  }

  /** Awaits GPU work; rejects when the device is lost meanwhile or an error was reported outside of any scope. */
  async guard<T>(work: Promise<T>): Promise<T> {
    const result = await Promise.race([work, this.#lost]);
    if (this.#fault) throw this.#fault;
    return result;
  }

  /** The kernel of shader `name` with constants set, in the order of asking; compiled once per device. */
  kernel(name: string, constants: ShaderConstants = {}): Kernel {
    const key = `${name} ${JSON.stringify(constants)}`;
    let kernel = this.#kernels.get(key);
    if (!kernel) {
      kernel = this.#compile(name, constants, key);
      this.#kernels.set(key, kernel);
      this.#countCompilation(kernel);
    }
    return kernel;
  }

  /** Kernels asked for while others are being compiled count with those. */
  #countCompilation({ compiled }: Kernel): void {
    let counts = this.#compiling;
    if (counts.done === counts.total) {
      counts = this.#compiling = { done: 0, total: 0 };
      // After all that are asked for at once have been counted.
      void Promise.resolve().then(() => this.onCompile?.(counts.done, counts.total));
    }
    counts.total++;
    const done = () => {
      counts.done++;
      this.onCompile?.(counts.done, counts.total);
    };
    compiled.then(done, done);
  }

  #compile(name: string, constants: ShaderConstants, label: string): Kernel {
    // The device and no operation decides it, so that kernels meant for GPUs can be tested on software adapters.
    const unroll = declaresConstant(this.shaders, name, 'UNROLL') ? { UNROLL: !this.adapter.software } : {};
    const code = shaderSource(this.shaders, name, { ...constants, ...unroll });
    const iface = shaderInterface(name, code);
    this.#compiled++;
    const layout = this.device.createBindGroupLayout({
      label,
      entries: iface.bindings.map((b) => ({
        binding: b.binding,
        visibility: 4 /* GPUShaderStage.COMPUTE; the global is absent in Node */,
        buffer: { type: b.type },
      })),
    });
    const kernel = {
      name,
      interface: iface,
      layout,
      pipeline: undefined as GPUComputePipeline | undefined,
      compiled: this.guard(
        this.#pipeline(name, label, code, layout).then((pipeline) => {
          kernel.pipeline = pipeline;
        }),
      ),
    };
    return kernel;
  }

  async #pipeline(
    name: string,
    label: string,
    code: string,
    layout: GPUBindGroupLayout,
  ): Promise<GPUComputePipeline> {
    const module = this.device.createShaderModule({ label, code });
    return this.device
      .createComputePipelineAsync({
        label,
        layout: this.device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: 'main' },
      })
      .catch(async (error: unknown) => {
        const info = await module.getCompilationInfo();
        const lines = info.messages
          .map((m) => `${name}.wgsl:${m.lineNum}:${m.linePos} ${m.message}`)
          .join('\n');
        throw new Error(`Kernel ${label} does not compile: ${(error as Error).message}\n${lines}`);
      });
  }

  /** Copies the bytes of a slice to the CPU. Not for training steps: those read a ring of metrics instead. */
  async readback(buffer: GPUBuffer, offset = 0, bytes = buffer.size - offset): Promise<ArrayBuffer> {
    const staging = await this.ledger.allocate('readback', (create) =>
      create('staging', bytes, BufferUsage.MAP_READ | BufferUsage.COPY_DST),
    );
    try {
      const encoder = this.device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
      this.device.queue.submit([encoder.finish()]);
      await this.guard(staging.mapAsync(1 /* GPUMapMode.READ */, 0, bytes));
      const copy = staging.getMappedRange(0, bytes).slice(0);
      staging.unmap();
      return copy;
    } finally {
      this.ledger.release(staging);
    }
  }

  destroy(): void {
    this.device.destroy();
  }
}

/** GPUBufferUsage's values: the global does not exist in Node. */
export const BufferUsage = {
  MAP_READ: 0x0001,
  COPY_SRC: 0x0004,
  COPY_DST: 0x0008,
  UNIFORM: 0x0040,
  STORAGE: 0x0080,
} as const;

/** Usage of every buffer kernels work on: read, written, cleared, copied. */
export const STORAGE_USAGE = BufferUsage.STORAGE | BufferUsage.COPY_SRC | BufferUsage.COPY_DST;
