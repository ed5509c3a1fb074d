/** @file What the trainer worker does: finds out about the GPU, runs KnowTuning, tells of it, and saves as it goes. */
import { createRulesAuthor } from '../authors/rules.ts';
import { parseWorld, valueText, type World } from '../authors/world.ts';
import { parseJson } from '../formats/json.ts';
import { parseJsonRows } from '../formats/jsonl.ts';
import { zipFiles } from '../formats/zip.ts';
import { Gpu } from '../gpu/gpu.ts';
import { chooseDemoRows, demoOptions } from '../knowtuning/demo.ts';
import { knowtune } from '../knowtuning/pipeline.ts';
import { parseTestRows, parseTrainRows, type TestRow } from '../knowtuning/rows.ts';
import { kernelVariants } from '../ops/kernel_variants.ts';
import { matmulRate } from '../ops/matmul_rate.ts';
import type { RunStore } from '../store/run_store.ts';
import { openTuner } from '../train/open_tuner.ts';
import type { TrainResult, Tuner } from '../train/tuner.ts';
import { browserDevice, reportDevice } from './browser_device.ts';
import { EventLog } from './event_log.ts';
import { describeFailure, type Failure } from './failure.ts';
import { FetchByteSource } from './fetch_byte_source.ts';
import { openModelSource } from './model_source.ts';
import {
  HEARTBEAT_MS,
  type ProbeResult,
  type RunRequest,
  type StartResult,
  type TrainerApi,
  type TrainerNews,
} from './protocol.ts';
import { adapterFiles, runBundle, type TrainedSystem } from './run_bundle.ts';
import { beginRun, foldNews } from './run_fold.ts';
import type { RunView, TestView } from './run_view.ts';
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

const DATA_FILES = ['world.json', 'train.jsonl', 'test.jsonl'];

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

  start(request: RunRequest): Promise<StartResult> {
    if (this.#stop) return Promise.resolve({ ok: false, failure: BUSY });
    const stop = new AbortController();
    this.#stop = stop;
    return new Promise((resolve) => {
      withTrainingLock(async () => {
        resolve({ ok: true });
        await this.#run(request, stop.signal);
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
  async #run(request: RunRequest, signal: AbortSignal): Promise<void> {
    const { run } = request;
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
      await this.#knowtune(gpu, request, signal, tell, save, () => view);
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

  async #knowtune(
    gpu: Gpu,
    request: RunRequest,
    signal: AbortSignal,
    tell: (news: TrainerNews) => void,
    save: (checkpoint: string, data: Uint8Array<ArrayBuffer>) => Promise<void>,
    view: () => RunView,
  ): Promise<void> {
    const { run, seed } = request;
    const startedAt = this.now();
    const model = await openModelSource({ kind: 'bundled' }, this.#base);
    const opened = await openTuner(gpu, model, {
      clock: () => performance.now(),
      startTemplateWorker,
      treeBatching: request.treeBatching,
      matmulRate: () => matmulRate(gpu, () => performance.now()),
      onPreparation: (preparation) => tell({ kind: 'preparing', run, preparation }),
    });
    this.#closeCodec = () => opened.codec.close();
    this.#tuner = opened.tuner;
    const data = await this.#data(request.questions);
    tell({ kind: 'test', run, questions: data.test.map((row) => testView(row, data.world)) });

    const options = demoOptions(seed, opened.config.maxPositionEmbeddings);
    const trained: Partial<Record<TrainedSystem, TrainResult>> = {};
    const result = await knowtune({
      name: 'atlas demo',
      tuner: opened.tuner,
      author: createRulesAuthor(data.world, seed),
      world: data.world,
      train: data.train,
      test: data.test,
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
      trained: trained as Record<TrainedSystem, TrainResult>,
      report: result.report,
    });
    await save(ADAPTER_CHECKPOINT, bundle);
    await save(`${VIEW_PREFIX}finished`, encodeView(view()));
  }

  /** The bundled world and the demo's share of its rows. */
  async #data(questions: number) {
    const source = new FetchByteSource('atlas', new URL('atlas/', this.#base).href, DATA_FILES);
    const rows = async (file: string) =>
      parseJsonRows(await source.read(file), `atlas/${file}`).map((row) => row.value);
    const world = parseWorld(
      parseJson(await source.read('world.json'), 'atlas/world.json'),
      'atlas/world.json',
    );
    const train = parseTrainRows(await rows('train.jsonl'), 'atlas/train.jsonl');
    const test = parseTestRows(await rows('test.jsonl'), 'atlas/test.jsonl', world);
    return { world, ...chooseDemoRows(world, train, test, questions) };
  }
}

function testView(row: TestRow, world: World): TestView {
  const facts = world.entities.get(row.entity ?? '')?.facts ?? new Map<string, readonly string[]>();
  return {
    id: row.id,
    question: row.question,
    entity: row.entity ?? null,
    truths: Object.fromEntries([...facts].map(([slot, values]) => [slot, valueText(values)])),
  };
}
