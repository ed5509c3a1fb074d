/** @file All GPU buffers of a session (but the weights), allocated from its memory plan and found by label. */
import { type Gpu, STORAGE_USAGE } from '../gpu/gpu.ts';
import { type BufferSlice, elements, whole } from '../gpu/ledger.ts';
import { bufferOnPaper } from '../gpu/paper.ts';
import type { LlamaConfig } from './config.ts';
import type { LoraGroup, LoraLayout } from './lora_layout.ts';
import { activationSet, type PlanItem, planSession, type SessionShape } from './memory_plan.ts';
import { checkPlan } from './plan_limits.ts';
import { ropeAngles } from './rope_angles.ts';

export class Workspace {
  private constructor(
    private readonly device: Gpu | null,
    readonly config: LlamaConfig,
    readonly lora: LoraLayout | null,
    readonly shape: SessionShape,
    readonly plan: readonly PlanItem[],
    private readonly buffers: ReadonlyMap<string, GPUBuffer>,
    private readonly owner: string,
  ) {}

  /** @throws InputError where the adapter does not take a buffer of this size, before any is allocated */
  static async create(
    gpu: Gpu,
    config: LlamaConfig,
    lora: LoraLayout | null,
    shape: SessionShape,
    owner: string,
  ): Promise<Workspace> {
    const plan = planSession(config, lora, shape);
    checkPlan(plan, gpu, shape.tokens);
    const buffers = await gpu.ledger.allocate(
      owner,
      (create) => new Map(plan.map((i) => [i.label, create(i.label, i.bytes, STORAGE_USAGE)])),
    );
    const workspace = new Workspace(gpu, config, lora, shape, plan, buffers, owner);
    gpu.device.queue.writeBuffer(workspace.buffer('angles'), 0, ropeAngles(config, shape.positions));
    return workspace;
  }

  /** A session that can be recorded and counted, but not run: all its buffers are on paper. */
  static onPaper(config: LlamaConfig, lora: LoraLayout | null, shape: SessionShape): Workspace {
    const plan = planSession(config, lora, shape);
    const buffers = new Map(plan.map(({ label, bytes }) => [label, bufferOnPaper(label, bytes)]));
    return new Workspace(null, config, lora, shape, plan, buffers, 'paper');
  }

  get gpu(): Gpu {
    if (!this.device) throw new Error('A session on paper has no GPU.');
    return this.device;
  }

  /** The buffer planned under a label. */
  buffer(label: string): GPUBuffer {
    const buffer = this.buffers.get(label);
    if (!buffer) throw new Error(`The session has no buffer ${label}.`);
    return buffer;
  }

  slice(label: string): BufferSlice {
    return whole(this.buffer(label));
  }

  /** A layer's saved activation, in its own set or in one that it shares. */
  saved(layer: number, name: string): BufferSlice {
    return this.slice(`${activationSet(this.shape, layer)}.${name}`);
  }

  /** Whether a layer's activations were overwritten by a later layer's by the time of its backward pass. */
  isRecomputed(layer: number): boolean {
    return layer < (this.shape.recomputed ?? 0) - 1;
  }

  /** Input of layer `layer` (and output of the one before); without training, two buffers take turns. */
  x(layer: number): BufferSlice {
    return this.slice(`${this.shape.training ? layer : layer % 2}.x`);
  }

  /** [totalRank, inner] of a group in the flat buffer `of`. */
  a(group: LoraGroup, of: 'parameters' | 'gradient' = 'parameters'): BufferSlice {
    return elements(this.buffer(of), group.aOffset, group.totalRank * group.inner);
  }

  /** [bRows, rank] of a group in the flat buffer `of`. */
  b(group: LoraGroup, of: 'parameters' | 'gradient' = 'parameters'): BufferSlice {
    return elements(this.buffer(of), group.bOffset, group.bRows * this.lora!.rank);
  }

  /** Gives back all buffers but one. */
  releaseAllBut(label: string): void {
    for (const [other, buffer] of this.buffers) if (other !== label) this.gpu.ledger.release(buffer);
  }

  release(): void {
    this.gpu.ledger.releaseOwner(this.owner);
  }
}
