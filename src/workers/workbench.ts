/** @file What the workbench worker does: holds one model on the GPU, asks it, and trains an adapter on the user's rows. */

import { writePeft } from '../formats/peft.ts';
import { sortedJson } from '../formats/sorted_json.ts';
import { trainerState } from '../formats/trainer_state.ts';
import { zipFiles } from '../formats/zip.ts';
import { Gpu } from '../gpu/gpu.ts';
import { factPerplexities } from '../knowtuning/fact_perplexities.ts';
import { parameterCount } from '../llama/weight_plan.ts';
import { kernelVariants } from '../ops/kernel_variants.ts';
import { matmulRate } from '../ops/matmul_rate.ts';
import { parseTrainConfig } from '../train/config.ts';
import { trainConfigToJson } from '../train/config_json.ts';
import { createTuner } from '../train/engine.ts';
import { type OpenedTuner, openTuner } from '../train/open_tuner.ts';
import type {
  Generation,
  OnPreparation,
  OnStep,
  PreferenceRow,
  TrainConfig,
  TrainingRow,
  TrainResult,
} from '../train/tuner.ts';
import { browserDevice } from './browser_device.ts';
import { describeFailure, type Failure, FailureError } from './failure.ts';
import { type LoanRequest, lendModel } from './model_loan.ts';
import { openModelSource } from './model_source.ts';
import type { StartResult } from './protocol.ts';
import { bundledShaders } from './shaders.ts';
import { startTemplateWorker } from './text_template_host.ts';
import { withTrainingLock } from './training_lock.ts';
import type {
  AskRequest,
  MeasureRequest,
  OpenRequest,
  Side,
  Task,
  TrainRequest,
  TrainSummary,
  WorkbenchApi,
  WorkbenchEvent,
} from './workbench_protocol.ts';

const BUSY: Failure = {
  kind: 'busy',
  place: 'This tab',
  problem: 'The model is at work.',
  cure: 'Wait until it has finished, or stop it.',
};

const TRAINS_ELSEWHERE: Failure = {
  kind: 'busy',
  place: 'Another run',
  problem: 'TabTune already trains in this browser.',
  cure: 'Wait until that has finished, or stop it.',
};

const NO_MODEL: Failure = {
  kind: 'input',
  place: 'Model',
  problem: 'None is loaded.',
  cure: 'Load a model first.',
};

interface Loaded {
  readonly gpu: Gpu;
  readonly opened: OpenedTuner;
}

interface Trained {
  readonly result: TrainResult;
  readonly config: TrainConfig;
  readonly request: TrainRequest;
}

export class Workbench implements WorkbenchApi {
  #port: MessagePort | null = null;
  #base = '';
  #stop: AbortController | null = null;
  /** What is being done, or was last. */
  #task: Task = 'open';
  #loaded: Loaded | null = null;
  #trained: Trained | null = null;
  readonly #onPreparation: OnPreparation = (preparation) => this.#emit({ kind: 'preparing', preparation });

  constructor(private readonly now: () => number) {}

  connect(port: MessagePort, base: string): void {
    this.#port = port;
    this.#base = base;
  }

  open(request: OpenRequest): StartResult {
    return this.#begin('open', async () => {
      this.#close();
      const gpu = await Gpu.create(browserDevice, bundledShaders());
      try {
        const source = await openModelSource(request.choice, this.#base);
        const opened = await openTuner(gpu, source, {
          clock: this.now,
          startTemplateWorker,
          onPreparation: this.#onPreparation,
          load: {
            weights: request.weights,
            embedding: request.embedding,
            onProgress: (filled, total) => this.#emit({ kind: 'loading', filled, total }),
          },
        });
        this.#loaded = { gpu, opened };
      } catch (error) {
        gpu.destroy();
        throw error;
      }
      this.#tellOpened(this.#loaded);
    });
  }

  ask(request: AskRequest): StartResult {
    return this.#begin('ask', async (signal) => {
      await this.#answer('base', request, signal);
      if (this.#trained) await this.#answer('adapter', request, signal);
    });
  }

  train(request: TrainRequest): StartResult {
    return this.#begin('train', async (signal) => {
      const granted = await withTrainingLock(() => this.#train(request, signal));
      if (!granted) throw new FailureError(TRAINS_ELSEWHERE);
    });
  }

  measure({ questions, pplContext, side }: MeasureRequest): StartResult {
    return this.#begin('measure', async (signal) => {
      const adapter = side === 'base' ? null : (this.#trained?.result.adapter ?? null);
      const { tuner } = this.#loaded!.opened;
      const perplexities = await factPerplexities(questions, pplContext, tuner, adapter, signal);
      this.#emit({ kind: 'measured', side, perplexities });
    });
  }

  lend(port: MessagePort): void {
    lendModel(
      port,
      (request) => this.#write(request),
      () => {
        if (this.#task === 'write') this.stop();
      },
    );
  }

  stop(): void {
    this.#stop?.abort(new DOMException('Stopped.', 'AbortError'));
  }

  adapterZip(): Uint8Array<ArrayBuffer> | null {
    const { opened, gpu } = this.#loaded ?? {};
    if (!this.#trained || !opened || !gpu) return null;
    const { result, config, request } = this.#trained;
    const files = new Map<string, Uint8Array>(
      writePeft(result.adapter, { baseModel: opened.baseModel, tags: ['tabtune', request.method] }),
    );
    const text = (content: string) => new TextEncoder().encode(content);
    files.set('trainer_state.json', text(trainerState(result.log, result.steps, config)));
    files.set(
      'run.json',
      text(
        sortedJson({
          tool: 'TabTune',
          host: 'browser',
          method: request.method,
          model: { name: opened.baseModel, config_sha256: opened.configSha256 },
          template: opened.template,
          data: { name: request.data, rows: request.rows.length, source: request.source },
          config: trainConfigToJson(config),
          ...(request.method === 'dpo' ? { tree_batching: request.treeBatching } : {}),
          adapter: gpu.adapter,
          kernels: kernelVariants(gpu),
          matmul_flops_per_second: result.matmulFlopsPerSecond,
          order: result.order,
        }),
      ),
    );
    return zipFiles(files, 'tabtune-adapter');
  }

  /** Begins a task unless there is one; how it ends is told by events. */
  #begin(task: Task, work: (signal: AbortSignal) => Promise<void>): StartResult {
    if (this.#stop) return { ok: false, failure: BUSY };
    if (task !== 'open' && !this.#loaded) return { ok: false, failure: NO_MODEL };
    const stop = new AbortController();
    this.#stop = stop;
    this.#task = task;
    // Freed before the end is told, so that whoever hears of it can begin the next task.
    work(stop.signal).then(
      () => {
        this.#stop = null;
        this.#emit({ kind: 'idle' });
      },
      (error: unknown) => {
        this.#stop = null;
        this.#emit(
          stop.signal.aborted
            ? { kind: 'stopped', task }
            : { kind: 'failed', task, failure: describeFailure(error) },
        );
      },
    );
    return { ok: true };
  }

  /** Generates for the studio. */
  #write({ prompts, maxNewTokens, sampling }: LoanRequest): Promise<readonly Generation[]> {
    return new Promise((resolve, reject) => {
      const begun = this.#begin('write', async (signal) => {
        try {
          const { tuner } = this.#loaded!.opened;
          resolve(await tuner.generate(prompts, null, { maxNewTokens, sampling, signal }));
        } catch (error) {
          // Whoever asked is told; the model itself is none the worse.
          reject(error);
        }
      });
      if (!begun.ok) reject(new FailureError(begun.failure));
    });
  }

  async #answer(side: Side, { prompt, maxNewTokens, sampling }: AskRequest, signal: AbortSignal) {
    const { tuner } = this.#loaded!.opened;
    const started = this.now();
    const adapter = side === 'base' ? null : this.#trained!.result.adapter;
    const [answer] = await tuner.generate([prompt], adapter, {
      maxNewTokens,
      sampling,
      signal,
      onText: (_, text) => this.#emit({ kind: 'answer', side, text, done: false }),
    });
    const { text, ids } = answer!;
    const seconds = (this.now() - started) / 1000;
    this.#emit({ kind: 'answer', side, text, done: true, tokens: ids.length, seconds });
  }

  async #train(request: TrainRequest, signal: AbortSignal): Promise<void> {
    const { opened, gpu } = this.#loaded!;
    const config = parseTrainConfig(request.config, 'settings', opened.config.maxPositionEmbeddings);
    const onStep: OnStep = (log, totalSteps) => this.#emit({ kind: 'step', log, totalSteps });
    this.#trained = null;
    // Measured now: its buffers are no part of the training's.
    const rate = await matmulRate(gpu, this.now);
    gpu.ledger.resetPeak();
    const { treeBatching, memoryBudget } = request;
    const tuner = createTuner(opened.model, opened.codec, this.now, {
      treeBatching,
      matmulRate: async () => rate,
      ...(memoryBudget === null ? {} : { memoryBudget }),
      onPreparation: this.#onPreparation,
    });
    const result =
      request.method === 'sft'
        ? await tuner.trainSft(request.rows as readonly TrainingRow[], config, null, onStep, signal)
        : await tuner.trainDpo(
            request.rows as readonly PreferenceRow[],
            config,
            null,
            'start',
            onStep,
            signal,
          );
    this.#trained = { result, config, request };
    this.#emit({ kind: 'trained', summary: summary(result, gpu.ledger.peakBytes) });
  }

  #tellOpened({ gpu, opened }: Loaded): void {
    const { model, config, baseModel, template } = opened;
    this.#emit({
      kind: 'opened',
      model: {
        name: baseModel,
        parameters: parameterCount(config),
        contextLength: config.maxPositionEmbeddings,
        template,
        adapter: gpu.adapter,
        weightBytes: model.weights.plan.bytes,
        conversions: model.weights.plan.conversions,
      },
    });
  }

  #close(): void {
    this.#trained = null;
    this.#loaded?.opened.codec.close();
    this.#loaded?.gpu.destroy();
    this.#loaded = null;
  }

  #emit(event: WorkbenchEvent): void {
    this.#port?.postMessage(event);
  }
}

function summary({ log, steps, recomputedLayers }: TrainResult, peakBytes: number): TrainSummary {
  return {
    steps,
    firstLoss: log[0]!.loss,
    lastLoss: log.at(-1)!.loss,
    seconds: log.at(-1)!.seconds,
    tokens: log.reduce((sum, step) => sum + step.tokens, 0),
    peakBytes,
    recomputedLayers,
  };
}
