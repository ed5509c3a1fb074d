/** @file What the trainer worker does: finds out about the GPU, runs KnowTuning, tells of it, and saves as it goes. */
import { zipFiles } from '../formats/zip.ts';
import { Gpu } from '../gpu/gpu.ts';
import { type KnowtuneOptions, knowtune } from '../knowtuning/pipeline.ts';
import { parseStageConfigs, runOptions, type Stage } from '../knowtuning/run_options.ts';
import { FACT_ANSWER_TOKENS } from '../knowtuning/ten_facts.ts';
import { kernelVariants } from '../ops/kernel_variants.ts';
import { matmulRate } from '../ops/matmul_rate.ts';
import type { RunStore } from '../store/run_store.ts';
import { openTuner } from '../train/open_tuner.ts';
import type { TrainResult, Tuner } from '../train/tuner.ts';
import { browserDevice, reportDevice } from './browser_device.ts';
import { EventLog } from './event_log.ts';
import { describeFailure, type Failure } from './failure.ts';
import type { ModelChoice } from './model_protocol.ts';
import { openModelSource } from './model_source.ts';
import {
  HEARTBEAT_MS,
  type ProbeResult,
  type RunRequest,
  type StartResult,
  type TrainerApi,
  type TrainerNews,
} from './protocol.ts';
import { adapterFiles, runBundle } from './run_bundle.ts';
import { prepareData, testView } from './run_data.ts';
import { beginRun, foldNews } from './run_fold.ts';
import type { LeftOutFact, RunView } from './run_view.ts';
import { ADAPTER_CHECKPOINT, encodeView, VIEW_PREFIX } from './saved_run.ts';
import { bundledShaders } from './shaders.ts';
import { startTemplateWorker } from './text_template_host.ts';
import { trainingLockFree, trainingLockHeld, withTrainingLock } from './training_lock.ts';

const BUSY: Failure = {
  kind: 'busy',
  place: 'Another tab',
  problem: 'TabTune already trains in another tab of this browser.',
  cure: 'Wait until it has finished there, or stop it.',
};

/** What a run is given on its way: the request as it is recorded, and what is not recorded. */
interface RunningRun {
  readonly gpu: Gpu;
  readonly request: RunRequest;
  readonly choice: ModelChoice;
  readonly project: Uint8Array<ArrayBuffer> | undefined;
  readonly signal: AbortSignal;
  readonly tell: (news: TrainerNews) => void;
  readonly save: (checkpoint: string, data: Uint8Array<ArrayBuffer>) => Promise<void>;
  readonly view: () => RunView;
}

export class Trainer implements TrainerApi {
  readonly #log: EventLog;
  #base = '';
  #stop: AbortController | null = null;
  #tuner: Tuner | null = null;
  #closeCodec: (() => void) | null = null;
  #waiting = false;

  constructor(
    private readonly runs: RunStore,
    private readonly now: () => number,
  ) {
    this.#log = new EventLog(now);
    setInterval(
      () => this.#log.emit({ kind: 'heartbeat', memory: this.#tuner?.memory() ?? null }),
      HEARTBEAT_MS,
    );
  }

  connect(port: MessagePort, base: string): void {
    this.#base = base;
    this.#log.connect(port);
  }

  async probe(): Promise<ProbeResult> {
    try {
      const device = await reportDevice();
      const busyElsewhere = this.#stop === null && (await trainingLockHeld());
      if (busyElsewhere) this.#tellWhenFree();
      return { ok: true, device, busyElsewhere };
    } catch (error) {
      return { ok: false, failure: describeFailure(error) };
    }
  }

  start(request: RunRequest, project?: Uint8Array<ArrayBuffer>): Promise<StartResult> {
    if (this.#stop) return Promise.resolve({ ok: false, failure: BUSY });
    const stop = new AbortController();
    this.#stop = stop;
    return new Promise((resolve) => {
      withTrainingLock(async () => {
        resolve({ ok: true });
        await this.#run(request, stop.signal, project);
      })
        .then((granted) => {
          if (granted) return;
          this.#tellWhenFree();
          resolve({ ok: false, failure: BUSY });
        })
        .catch((error: unknown) => resolve({ ok: false, failure: describeFailure(error) }))
        .finally(() => {
          this.#stop = null;
        });
    });
  }

  stop(): void {
    this.#stop?.abort(new DOMException('The run was stopped.', 'AbortError'));
  }

  poll(seq: number) {
    return this.#log.since(seq);
  }

  ping(): true {
    return true;
  }

  #tellWhenFree(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    void trainingLockFree().then(() => {
      this.#waiting = false;
      this.#log.emit({ kind: 'lock-free' });
    });
  }

  /** A run from its record in storage to its end, however it ends. Never rejects. */
  async #run(given: RunRequest, signal: AbortSignal, project?: Uint8Array<ArrayBuffer>): Promise<void> {
    const { run } = given;
    const request = await recordOf(given, project);
    this.#log.clear();
    let view = beginRun(request, this.now());
    const tell = (news: TrainerNews) => {
      view = foldNews(view, { ...news, at: this.now() });
      this.#log.emit(news);
    };
    const save = async (checkpoint: string, data: Uint8Array<ArrayBuffer>) => {
      const { bytes } = await this.runs.save(run, checkpoint, data);
      tell({ kind: 'saved', run, checkpoint, bytes });
    };
    let gpu: Gpu | undefined;
    try {
      await this.runs.begin(run, request);
      tell({ kind: 'begun', run, request });
      gpu = await Gpu.create(browserDevice, bundledShaders());
      const { choice } = given.model;
      await this.#knowtune({ gpu, request, choice, project, signal, tell, save, view: () => view });
      await this.runs.end(run, 'finished');
      tell({ kind: 'finished', run });
    } catch (error) {
      const news: TrainerNews = signal.aborted
        ? { kind: 'stopped', run }
        : { kind: 'failed', run, failure: describeFailure(error) };
      await this.#close(foldNews(view, { ...news, at: this.now() }));
      tell(news);
    } finally {
      this.#tuner = null;
      this.#closeCodec?.();
      this.#closeCodec = null;
      gpu?.destroy();
    }
  }

  /** Saves how a run ended that did not finish. What cannot be saved now was saved before, phase by phase. */
  async #close(view: RunView): Promise<void> {
    try {
      await this.runs.save(view.run, `${VIEW_PREFIX}${view.status}`, encodeView(view));
      await this.runs.end(view.run, view.status === 'stopped' ? 'stopped' : 'failed');
    } catch (error) {
      console.warn('The end of the run could not be saved.', error);
    }
  }

  async #knowtune(running: RunningRun): Promise<void> {
    const { gpu, request, choice, signal, tell, save, view } = running;
    const { run, seed, model } = request;
    const startedAt = this.now();
    const host = {
      base: this.#base,
      onLeftOut: (facts: readonly LeftOutFact[]) => tell({ kind: 'left-out', run, facts }),
    };
    const data = await prepareData(request.data, seed, host, running.project);
    const opened = await openTuner(gpu, await openModelSource(choice, this.#base), {
      load: {
        ...{ weights: model.weights, embedding: model.embedding },
        onProgress: onPercent((percent) => tell({ kind: 'loading', run, percent })),
      },
      clock: () => performance.now(),
      startTemplateWorker,
      treeBatching: request.treeBatching,
      matmulRate: () => matmulRate(gpu, () => performance.now()),
      onPreparation: (preparation) => tell({ kind: 'preparing', run, preparation }),
    });
    this.#closeCodec = () => opened.codec.close();
    this.#tuner = opened.tuner;
    tell({ kind: 'test', run, questions: data.test.map((row) => testView(row, data.world)) });

    const facts = request.data.kind === 'facts';
    const options: KnowtuneOptions = {
      ...runOptions({
        ...{ seed, facts, configs: parseStageConfigs(request.config, 'settings'), place: 'settings' },
        contextLength: opened.config.maxPositionEmbeddings,
      }),
      ...(facts ? { maxNewTokens: FACT_ANSWER_TOKENS } : {}),
    };
    const trained: Partial<Record<Stage, TrainResult>> = {};
    const result = await knowtune({
      ...data,
      tuner: opened.tuner,
      options,
      clock: () => performance.now() / 1000,
      signal,
      onEvent: (event) => tell({ kind: 'knowtune', run, event }),
      onAdapter: async (system, done) => {
        if (system === 'base') return;
        trained[system] = done;
        const files = adapterFiles(system, done, options[system], opened.baseModel);
        await save(system, zipFiles(files, system));
        await save(VIEW_PREFIX + system, encodeView(view()));
      },
    });
    tell({ kind: 'project', run, questions: result.project.questions });
    const bundle = runBundle({
      request,
      startedAt,
      finishedAt: this.now(),
      baseModel: opened.baseModel,
      configSha256: opened.configSha256,
      template: opened.template,
      adapter: gpu.adapter,
      kernels: kernelVariants(gpu),
      options,
      trained: trained as Record<Stage, TrainResult>,
      report: result.report,
    });
    await save(ADAPTER_CHECKPOINT, bundle);
    await save(`${VIEW_PREFIX}finished`, encodeView(view()));
  }
}

/** Tells each whole percent once. */
function onPercent(tell: (percent: number) => void): (done: number, total: number) => void {
  let told = -1;
  return (done, total) => {
    const percent = Math.floor((100 * done) / total);
    if (percent > told) tell(percent);
    told = percent;
  };
}

/** The request as it is recorded: a project by its hash, and a model that was picked without its files. */
async function recordOf(request: RunRequest, project?: Uint8Array<ArrayBuffer>): Promise<RunRequest> {
  const { data, model } = request;
  const sha256 = project && hex(await crypto.subtle.digest('SHA-256', project));
  return {
    ...request,
    ...(data.kind === 'project' && sha256 ? { data: { ...data, sha256 } } : {}),
    ...(model.choice.kind === 'files' ? { model: { ...model, choice: { ...model.choice, files: [] } } } : {}),
  };
}

const hex = (bytes: ArrayBuffer): string =>
  [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
