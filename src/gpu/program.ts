/**
 * @file Plan, then replay: dispatches are recorded once, with pipelines, bind groups and parameters fixed, and then
 * replayed as often as wanted without allocating or compiling anything.
 */
import type { AdapterClass } from './adapter.ts';
import { BufferUsage, type Gpu, type Kernel } from './gpu.ts';
import type { BufferSlice } from './ledger.ts';
import { dispatchCost } from './pace.ts';
import { type ParamValues, type ShaderConstants, writeParams } from './shader_library.ts';
import type { ForcedVariants } from './variants.ts';

/** Largest number of workgroups in one dimension of a dispatch (WebGPU's default limit). */
export const MAX_WORKGROUPS = 65535;

/**
 * Bytes that a dispatch asks of global memory, if what a workgroup loads once it holds: a tile of a product reads X once
 * per tile of columns and W once per tile of rows.
 */
export interface Traffic {
  readonly read: number;
  readonly written: number;
}

export interface DispatchSpec {
  readonly shader: string;
  readonly constants?: ShaderConstants;
  /** By the names the shader declares; `params` is provided by the program. */
  readonly bind: Readonly<Record<string, BufferSlice>>;
  readonly params?: ParamValues;
  readonly workgroups: readonly [number, number?, number?];
  /** Floating-point operations that it makes. */
  readonly flops?: number;
  /** Bytes of global memory: with the operations, where submits are cut, and what a model of real GPUs sums up. */
  readonly traffic?: Traffic;
}

/** What is known of a recorded dispatch without a GPU. */
export interface RecordedDispatch {
  readonly shader: string;
  readonly constants: ShaderConstants;
  readonly workgroups: readonly [number, number, number];
  readonly flops: number;
  readonly traffic: Traffic;
}

function recorded({ shader, constants, workgroups, flops, traffic }: DispatchSpec): RecordedDispatch {
  const [x, y = 1, z = 1] = workgroups;
  return {
    shader,
    constants: constants ?? {},
    workgroups: [x, y, z],
    flops: flops ?? 0,
    traffic: traffic ?? { read: 0, written: 0 },
  };
}

type Command =
  | { readonly kind: 'dispatch'; readonly spec: DispatchSpec }
  | { readonly kind: 'clear'; readonly slice: BufferSlice }
  | { readonly kind: 'copy'; readonly from: BufferSlice; readonly to: BufferSlice };

type Replayable =
  | {
      readonly kind: 'dispatch';
      readonly kernel: Kernel;
      readonly group: GPUBindGroup;
      readonly recorded: RecordedDispatch;
    }
  | { readonly kind: 'clear'; readonly slice: BufferSlice }
  | { readonly kind: 'copy'; readonly from: BufferSlice; readonly to: BufferSlice };

/** Records dispatches, clears and copies in order. Recording needs no GPU; finishing does. */
export class ProgramBuilder {
  readonly #commands: Command[] = [];

  /**
   * @param adapterClass whose kernels are recorded
   * @param dispatchFlops operations of one dispatch at most, where an operation can be cut into several (pace.ts)
   * @param forcedVariants by operation, for what the fixed tables would choose otherwise
   */
  constructor(
    readonly adapterClass: AdapterClass,
    readonly dispatchFlops = Number.POSITIVE_INFINITY,
    private readonly forcedVariants: ForcedVariants = {},
  ) {}

  /** For a device: kernels of its class or those that were forced on it, in dispatches cut by its pace. */
  static for(gpu: Gpu): ProgramBuilder {
    return new ProgramBuilder(gpu.adapterClass, gpu.pace.dispatchFlops, gpu.forced);
  }

  /** The variant that an operation is to run in wherever it can take the shape, if one was forced. */
  forced(operation: string): string | undefined {
    return this.forcedVariants[operation];
  }

  /** What was recorded so far, but for clears and copies. */
  get dispatches(): RecordedDispatch[] {
    return this.#commands.flatMap((c) => (c.kind === 'dispatch' ? [recorded(c.spec)] : []));
  }

  dispatch(spec: DispatchSpec): void {
    const [x, y = 1, z = 1] = spec.workgroups;
    if (x === 0 || y === 0 || z === 0) return;
    if (Math.max(x, y, z) > MAX_WORKGROUPS)
      throw new Error(
        `${spec.shader}: ${x} x ${y} x ${z} workgroups; at most ${MAX_WORKGROUPS} in one dimension.`,
      );
    this.#commands.push({ kind: 'dispatch', spec });
  }

  clear(slice: BufferSlice): void {
    this.#commands.push({ kind: 'clear', slice });
  }

  copy(from: BufferSlice, to: BufferSlice): void {
    this.#commands.push({ kind: 'copy', from, to });
  }

  /**
   * Compiles what is not compiled yet, uploads all parameters and fixes all bind groups.
   * @param owner of the program's one buffer (its parameters) in the ledger
   */
  async finish(gpu: Gpu, owner: string): Promise<Program> {
    const program = await this.finishUncompiled(gpu, owner);
    await program.compiled;
    return program;
  }

  /** Like `finish`, but does not wait for its kernels, which are compiled in the order in which they are needed. */
  async finishUncompiled(gpu: Gpu, owner: string): Promise<Program> {
    const kernels = this.#commands.map((c) =>
      c.kind === 'dispatch' ? gpu.kernel(c.spec.shader, c.spec.constants) : undefined,
    );
    const align = gpu.device.limits.minUniformBufferOffsetAlignment;
    const offsets: number[] = [];
    let bytes = 0;
    kernels.forEach((kernel, i) => {
      offsets[i] = bytes;
      if (kernel) bytes += Math.ceil(kernel.interface.paramBytes / align) * align;
    });
    const view = new DataView(new ArrayBuffer(Math.max(16, bytes)));
    this.#commands.forEach((c, i) => {
      if (c.kind === 'dispatch')
        writeParams(c.spec.shader, kernels[i]!.interface, c.spec.params ?? {}, view, offsets[i]!);
    });
    const params = await gpu.ledger.allocate(owner, (create) =>
      create('params', view.byteLength, BufferUsage.UNIFORM | BufferUsage.COPY_DST),
    );
    gpu.device.queue.writeBuffer(params, 0, view.buffer);
    gpu.device.pushErrorScope('validation');
    const replayables = this.#commands.map((c, i): Replayable => {
      if (c.kind !== 'dispatch') return c;
      const group = bindGroup(gpu, kernels[i]!, c.spec, {
        buffer: params,
        offset: offsets[i]!,
        size: kernels[i]!.interface.paramBytes,
      });
      return { kind: 'dispatch', kernel: kernels[i]!, group, recorded: recorded(c.spec) };
    });
    const error = await gpu.device.popErrorScope();
    if (error) throw new Error(`A recorded program is invalid: ${error.message}`);
    return new Program(gpu, replayables, params);
  }
}

function bindGroup(gpu: Gpu, kernel: Kernel, spec: DispatchSpec, params: BufferSlice): GPUBindGroup {
  const names = kernel.interface.bindings.map((b) => b.name);
  for (const name of Object.keys(spec.bind))
    if (!names.includes(name))
      throw new Error(`Shader ${spec.shader} has no binding ${name}; it has ${names.join(', ')}.`);
  return gpu.device.createBindGroup({
    label: spec.shader,
    layout: kernel.layout,
    entries: kernel.interface.bindings.map((b) => {
      const slice = b.name === 'params' ? params : spec.bind[b.name];
      if (!slice) throw new Error(`Shader ${spec.shader}: binding ${b.name} is not given.`);
      if (slice.size > gpu.bindingLimit)
        throw new Error(
          `Shader ${spec.shader}: ${b.name} has ${slice.size} bytes; a binding takes ${gpu.bindingLimit} at most.`,
        );
      return {
        binding: b.binding,
        resource: { buffer: slice.buffer, offset: slice.offset, size: slice.size },
      };
    }),
  });
}

/** A recorded program. `submit` replays it. */
export class Program {
  readonly flops: number;
  /** What a replay costs, as submits are cut by it (pace.ts). */
  readonly cost: number;
  /** Settles when all its kernels are compiled, or one is not to be. */
  readonly compiled: Promise<void>;
  /** In order; clears and copies are left out. */
  readonly dispatches: readonly RecordedDispatch[];

  constructor(
    readonly gpu: Gpu,
    private readonly commands: readonly Replayable[],
    private readonly params: GPUBuffer,
  ) {
    this.dispatches = commands.flatMap((c) => (c.kind === 'dispatch' ? [c.recorded] : []));
    this.flops = this.dispatches.reduce((sum, d) => sum + d.flops, 0);
    this.cost = this.dispatches.reduce((sum, d) => sum + dispatchCost(d), 0);
    const kernels = commands.flatMap((c) => (c.kind === 'dispatch' ? [c.kernel.compiled] : []));
    this.compiled = Promise.all(kernels).then(() => undefined);
    // Whoever submits the program is told.
    this.compiled.catch(() => {});
  }

  /**
   * Submits the program in as many submits as it takes for none of them to cost more than `most`, but for a dispatch
   * that does so by itself. By default a submit lasts about as long as pace.ts says.
   * @throws Error where a kernel is not compiled yet
   */
  submit(most = this.gpu.pace.submitCost): void {
    for (const kernel of this.#submits(most)) throw new Error(`Kernel ${kernel.name} is not compiled yet.`);
  }

  /**
   * Submits the program as far as its kernels are compiled, again and again, so that the GPU works while the rest are
   * compiled. Nothing else may be submitted meanwhile that the program depends on, or that depends on it.
   */
  async submitAsCompiled(most = this.gpu.pace.submitCost): Promise<void> {
    for (const kernel of this.#submits(most)) await kernel.compiled;
  }

  /** Submits, and stops at every kernel that is not compiled yet until it is. */
  *#submits(most: number): Generator<Kernel, void> {
    const { device } = this.gpu;
    let encoder = device.createCommandEncoder();
    let pass: GPUComputePassEncoder | undefined;
    let isEmpty = true;
    let held = 0;
    const submitHeld = () => {
      if (isEmpty) return;
      pass?.end();
      pass = undefined;
      device.queue.submit([encoder.finish()]);
      encoder = device.createCommandEncoder();
      isEmpty = true;
      held = 0;
    };
    for (const c of this.commands) {
      if (c.kind !== 'dispatch') {
        pass?.end();
        pass = undefined;
        if (c.kind === 'clear') encoder.clearBuffer(c.slice.buffer, c.slice.offset, c.slice.size);
        else encoder.copyBufferToBuffer(c.from.buffer, c.from.offset, c.to.buffer, c.to.offset, c.from.size);
        isEmpty = false;
        continue;
      }
      const cost = dispatchCost(c.recorded);
      const { kernel } = c;
      if ((held > 0 && held + cost > most) || !kernel.pipeline) submitHeld();
      if (!kernel.pipeline) yield kernel;
      pass ??= encoder.beginComputePass();
      pass.setPipeline(kernel.pipeline!);
      pass.setBindGroup(0, c.group);
      pass.dispatchWorkgroups(...c.recorded.workgroups);
      isEmpty = false;
      held += cost;
    }
    submitHeld();
  }

  /** Its dispatches of some shaders alone, to be timed: they leave behind what they can without the others. */
  only(keep: (shader: string) => boolean): Program {
    const kept = this.commands.filter((c) => c.kind === 'dispatch' && keep(c.recorded.shader));
    return new Program(this.gpu, kept, this.params);
  }

  /** GPU bytes of its own: the parameters of all dispatches. */
  get bytes(): number {
    return this.params.size;
  }

  /** Releases the program's parameters. */
  release(): void {
    this.gpu.ledger.release(this.params);
  }
}

/** Workgroups for `count` invocations of a one-dimensional kernel, folded into two dimensions beyond the limit. */
export function linearWorkgroups(count: number, workgroupSize: number): [number, number] {
  const groups = Math.ceil(count / workgroupSize);
  const y = Math.ceil(groups / MAX_WORKGROUPS);
  return [Math.ceil(groups / Math.max(1, y)), Math.max(1, y)];
}
