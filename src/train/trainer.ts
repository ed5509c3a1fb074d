/**
 * @file The training loop: replays recorded programs for prepared steps, reads back 64 bytes of metrics per step, and
 * never waits for the GPU within a step.
 */
import { BufferUsage } from '../gpu/gpu.ts';
import type { Clock } from '../gpu/pace.ts';
import { type Program, ProgramBuilder } from '../gpu/program.ts';
import { uploadBatch } from '../llama/batch_upload.ts';
import { stepFlops } from '../llama/flops.ts';
import type { Bucket } from '../llama/forward.ts';
import type { LoraLayout } from '../llama/lora_layout.ts';
import { layersToRecompute, type SessionShape } from '../llama/memory_plan.ts';
import type { LlamaModel } from '../llama/model.ts';
import type { PackedBatch } from '../llama/packed_batch.ts';
import { bucketSize } from '../llama/scoring.ts';
import { visibility } from '../llama/visibility.ts';
import { Workspace } from '../llama/workspace.ts';
import { adamwStep } from '../ops/adamw.ts';
import { METRIC, METRIC_COUNT } from '../ops/losses.ts';
import { scheduleFactor } from './schedule.ts';
import { recordGradients, recordUpdate } from './step_program.ts';
import type { PreparedStep } from './steps.ts';
import type { StepLog, TrainConfig } from './tuner.ts';

/** Steps whose metrics may still be on their way when the next one is submitted. */
const STEPS_IN_FLIGHT = 2;

const OWNER = 'training';

/** Everything of a run that is on the GPU: workspace, programs per bucket, the ring of metrics. */
export class TrainingSession {
  readonly #micro = new Map<string, Program>();
  #begin!: Program;
  #optimize!: Program;
  #ring: GPUBuffer[] = [];
  /** Settles when all kernels that its steps need are compiled, or one is not to be. */
  compiled!: Promise<void>;

  private constructor(
    readonly model: LlamaModel,
    readonly workspace: Workspace,
    readonly layout: LoraLayout,
  ) {}

  /**
   * Allocates and records everything that steps of these sizes need; nothing is allocated after this.
   * @param memoryBudget GPU bytes that weights and session should fit: activations are recomputed as far as that takes
   */
  static async create(
    model: LlamaModel,
    layout: LoraLayout,
    parameters: Float32Array<ArrayBuffer>,
    steps: readonly PreparedStep[],
    config: Pick<TrainConfig, 'adamBeta1' | 'adamBeta2' | 'adamEpsilon' | 'weightDecay'>,
    memoryBudget = Number.POSITIVE_INFINITY,
  ): Promise<TrainingSession> {
    const { gpu } = model;
    const whole = sessionShape(steps);
    const shape = {
      ...whole,
      recomputed: layersToRecompute(model.config, layout, whole, model.weights.plan.bytes, memoryBudget),
    };
    const workspace = await Workspace.create(gpu, model.config, layout, shape, OWNER);
    const session = new TrainingSession(model, workspace, layout);
    try {
      gpu.device.queue.writeBuffer(workspace.buffer('parameters'), 0, parameters);
      session.#ring = await gpu.ledger.allocate(OWNER, (create) =>
        Array.from({ length: STEPS_IN_FLIGHT + 1 }, (_, i) =>
          create(`metrics ring ${i}`, METRIC_COUNT * 4, BufferUsage.MAP_READ | BufferUsage.COPY_DST),
        ),
      );
      const begin = ProgramBuilder.for(gpu);
      begin.clear(workspace.slice('gradient'));
      begin.clear(workspace.slice('metrics'));
      const optimize = ProgramBuilder.for(gpu);
      const options = {
        beta1: config.adamBeta1,
        beta2: config.adamBeta2,
        epsilon: config.adamEpsilon,
        weightDecay: config.weightDecay,
      };
      recordUpdate(optimize, workspace, options, gpu.bindingLimit);
      const buckets = new Map(
        steps
          .flatMap((step) => step.batches.map(({ batch }) => session.bucket(batch)))
          .map((b) => [bucketKey(b), b]),
      );
      const hasPairs = steps.some((step) => step.batches.some(({ loss }) => loss.pairs.length > 0));
      // All at once: what is not compiled yet is compiled in parallel where the browser does that, and in the order of need.
      const builders = [
        begin,
        ...[...buckets.values()].map((bucket) => session.#record(bucket, hasPairs)),
        optimize,
      ];
      const programs = await Promise.all(builders.map((builder) => builder.finishUncompiled(gpu, OWNER)));
      const [beginProgram, optimizeProgram, micro] = [programs[0], programs.at(-1), programs.slice(1, -1)];
      session.compiled = Promise.all(programs.map((p) => p.compiled)).then(() => undefined);
      session.compiled.catch(() => {});
      session.#begin = beginProgram!;
      session.#optimize = optimizeProgram!;
      for (const [i, key] of [...buckets.keys()].entries()) session.#micro.set(key, micro[i]!);
      return session;
    } catch (error) {
      session.release();
      throw error;
    }
  }

  /** The bucket a batch is filled up to: rounded tokens and targets, the session's sequences. */
  bucket(batch: { readonly tokens: number; readonly targetRow: Uint32Array }): Bucket {
    const { shape } = this.workspace;
    return {
      tokens: Math.min(shape.tokens, bucketSize(batch.tokens)),
      targets: Math.min(shape.targets, bucketSize(batch.targetRow.length)),
      sequences: shape.sequences,
    };
  }

  #record(bucket: Bucket, hasPairs: boolean): ProgramBuilder {
    const { gpu } = this.model;
    const program = ProgramBuilder.for(gpu);
    recordGradients(program, this.workspace, this.model.weights, bucket, hasPairs);
    return program;
  }

  /** The recorded forward and backward pass that a batch is replayed by. */
  program(batch: PackedBatch): Program {
    return this.#micro.get(bucketKey(this.bucket(batch)))!;
  }

  /**
   * Submits forward and backward over all batches of a step; gradients and metrics are summed up from zero. The first step
   * starts while kernels are still being compiled; once this has returned, the update can follow.
   */
  async submitGradients(step: PreparedStep): Promise<void> {
    await this.#begin.submitAsCompiled();
    for (const { batch, loss } of step.batches) {
      uploadBatch(this.workspace, batch, this.bucket(batch), loss);
      await this.program(batch).submitAsCompiled();
    }
    await this.#optimize.compiled;
  }

  /** Submits the optimizer's update, and the copy of the step's metrics into the ring. Returns the metrics to come. */
  submitUpdate(at: number, learningRate: number, config: TrainConfig): Promise<Float32Array> {
    const { gpu } = this.model;
    const options = {
      beta1: config.adamBeta1,
      beta2: config.adamBeta2,
      epsilon: config.adamEpsilon,
      weightDecay: config.weightDecay,
    };
    gpu.device.queue.writeBuffer(
      this.workspace.buffer('step'),
      0,
      adamwStep(learningRate, config.maxGradNorm, options),
    );
    this.#optimize.submit();
    const staging = this.#ring[at % this.#ring.length]!;
    const encoder = gpu.device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.workspace.buffer('metrics'), 0, staging, 0, METRIC_COUNT * 4);
    gpu.device.queue.submit([encoder.finish()]);
    return gpu.guard(
      staging.mapAsync(1 /* GPUMapMode.READ */).then(() => {
        const metrics = new Float32Array(staging.getMappedRange().slice(0));
        staging.unmap();
        return metrics;
      }),
    );
  }

  /** FLOP that the mathematics of a step needs: of its real tokens, targets and visible pairs. */
  flops(step: PreparedStep): number {
    const { forward, backward } = stepFlops(this.model.config, this.layout, {
      tokens: step.tokens,
      targets: step.targetTokens,
      visiblePairs: step.batches.reduce((n, { batch }) => n + visibility(batch, batch.liveTokens).pairs, 0),
    });
    return forward + backward;
  }

  /** What a step costs the GPU, dead tokens included (gpu/pace.ts). */
  cost(step: PreparedStep): number {
    const batches = step.batches.reduce((sum, { batch }) => sum + this.program(batch).cost, 0);
    return this.#begin.cost + batches + this.#optimize.cost;
  }

  /** GPU bytes of the session: the plan's, and what its recorded programs take. */
  get bytes(): number {
    const planned = this.workspace.plan.reduce((sum, item) => sum + item.bytes, 0);
    const programs = [this.#begin, this.#optimize, ...this.#micro.values()];
    return planned + programs.reduce((sum, p) => sum + p.bytes, 0) + this.#ring.length * METRIC_COUNT * 4;
  }

  release(): void {
    this.model.gpu.ledger.releaseOwner(OWNER);
  }
}

function bucketKey(bucket: Bucket): string {
  return `${bucket.tokens} ${bucket.targets}`;
}

/** The sizes a session needs for all its steps. */
export function sessionShape(steps: readonly PreparedStep[]): SessionShape {
  const batches = steps.flatMap((s) => s.batches);
  const most = (f: (b: (typeof batches)[number]) => number) => batches.reduce((m, b) => Math.max(m, f(b)), 1);
  return {
    tokens: bucketSize(most(({ batch }) => batch.tokens)),
    targets: bucketSize(most(({ batch }) => batch.targetRow.length)),
    sequences: most(({ batch }) => batch.sequences),
    pairs: most(({ loss }) => loss.pairs.length),
    positions: 1 + most(({ batch }) => batch.positions.reduce((a, p) => Math.max(a, p), 0)),
    training: true,
  };
}

/**
 * Runs all steps. `onLog` is called once per step, in order, at most STEPS_IN_FLIGHT steps late. How long each step
 * took tells the device's pace, by which the next are cut into submits.
 * @param warmup steps of warm-up of the learning rate
 * @param matmulRate best FLOP per second of the adapter's products, which `mfu` is a share of
 */
export async function runSteps(
  session: TrainingSession,
  steps: readonly PreparedStep[],
  config: TrainConfig,
  warmup: number,
  clock: Clock,
  onLog: (log: StepLog) => void,
  signal?: AbortSignal,
  matmulRate: number | null = null,
): Promise<void> {
  const started = clock();
  const pending: Promise<void>[] = [];
  let lastDone = started;
  for (const [at, step] of steps.entries()) {
    if (signal?.aborted) break;
    while (pending.length >= STEPS_IN_FLIGHT) await pending.shift();
    const learningRate =
      config.learningRate * scheduleFactor(config.lrSchedulerType, at, steps.length, warmup);
    const submitted = clock();
    await session.submitGradients(step);
    const flops = session.flops(step);
    const log = session.submitUpdate(at, learningRate, config).then((metrics) => {
      const now = clock();
      session.model.gpu.pace.measured(session.cost(step), now - Math.max(lastDone, submitted));
      const flopsPerSecond = (1000 * flops) / Math.max(1e-3, now - lastDone);
      lastDone = now;
      const seconds = (now - started) / 1000;
      onLog({
        ...stepLog(at + 1, step, config, learningRate, metrics, seconds),
        flops_per_second: flopsPerSecond,
        ...(matmulRate === null ? {} : { mfu: flopsPerSecond / matmulRate }),
      });
    });
    log.catch(() => {});
    pending.push(log);
  }
  while (pending.length > 0) await pending.shift();
  signal?.throwIfAborted();
}

function stepLog(
  step: number,
  prepared: PreparedStep,
  config: TrainConfig,
  learningRate: number,
  metrics: Float32Array,
  seconds: number,
): Omit<StepLog, 'flops_per_second' | 'mfu'> {
  const m = (name: keyof typeof METRIC) => metrics[METRIC[name]]!;
  const isDpo = prepared.batches.some(({ loss }) => loss.pairs.length > 0);
  return {
    step,
    epoch: prepared.epoch,
    loss: m('sftLoss') + m('dpoLoss'),
    grad_norm: m('gradNorm'),
    learning_rate: learningRate,
    skipped: m('skipped') !== 0,
    tokens: prepared.tokens,
    target_tokens: prepared.targetTokens,
    seconds,
    ...(isDpo
      ? {
          dpo_loss: m('dpoLoss'),
          ...(config.prefFtx > 0 ? { sft_loss: m('sftLoss') / config.prefFtx } : {}),
          'rewards/chosen': m('rewardChosen'),
          'rewards/rejected': m('rewardRejected'),
          'rewards/margins': m('rewardChosen') - m('rewardRejected'),
          'rewards/accuracies': m('accuracy'),
          'logps/chosen': m('logpsChosen'),
          'logps/rejected': m('logpsRejected'),
        }
      : {}),
  };
}
