/** @file What the page knows, as signals, and the few things it can do about it. */
import { computed, signal } from '@preact/signals';
import { DEMO_QUESTIONS } from '../../knowtuning/demo.ts';
import { HOLDOUT_SHARE } from '../../knowtuning/holdout.ts';
import type { StageConfigs } from '../../knowtuning/run_options.ts';
import { RunStore } from '../../store/run_store.ts';
import { strictStore } from '../../store/strict_store.ts';
import type { Preparation } from '../../train/tuner.ts';
import { describeFailure, type Failure } from '../../workers/failure.ts';
import {
  BUNDLED_MODEL,
  type ProbeResult,
  type RunData,
  type RunRequest,
  type TrainerEvent,
} from '../../workers/protocol.ts';
import { beginRun, foldNews } from '../../workers/run_fold.ts';
import type { RunView } from '../../workers/run_view.ts';
import {
  CHECKPOINT_DATABASE,
  CHECKPOINT_STORE,
  loadSavedRun,
  type SavedRun,
} from '../../workers/saved_run.ts';
import { TrainerClient as Client, type TrainerClient } from '../../workers/trainer_client.ts';
import type { OpenRequest } from '../../workers/workbench_protocol.ts';
import { stillPreparing } from './measures.ts';
import { keepScreenOn } from './wake_lock.ts';

/** What the worker said of the GPU; null while it is being asked. */
export const probe = signal<ProbeResult | null>(null);
/** The run on the page: live, or opened from storage. */
export const view = signal<RunView | null>(null);
/** GPU memory by the engine's ledger, in bytes. */
export const memory = signal<{ readonly bytes: number; readonly peakBytes: number } | null>(null);
/** What goes on before the next result of the run; null while results come. */
export const preparing = signal<Preparation | null>(null);
/** Why the last run ended, if it failed. */
export const failure = signal<Failure | null>(null);
/** What the run that was asked for last was to learn from: it is there that `failure` is shown. */
export const begunWith = signal<RunData['kind']>('demo');
/** The newest run in storage, offered until it is opened or a new one starts. */
export const offered = signal<SavedRun | null>(null);
export const busyElsewhere = signal(false);
export const running = computed(() => view.value?.status === 'running' || view.value?.status === 'stopping');
/** Why no run can start now, or null when one can. */
export const whyNot = computed(() => {
  if (running.value) return 'A run goes on below; this button works again when it has ended.';
  if (busyElsewhere.value) return 'Another tab is training.';
  if (probe.value === null) return 'Waiting for the browser to name its GPU.';
  if (!probe.value.ok) return 'The card says what this browser lacks.';
  return null;
});

const runs = new RunStore(strictStore(CHECKPOINT_DATABASE, CHECKPOINT_STORE), Date.now);
let client: TrainerClient | null = null;
let releaseScreen: (() => void) | null = null;

/** Settings of the demo, from the address: ?questions=N&seed=S, so that a workshop can share a smaller one. */
export interface DemoSettings {
  readonly questions: number;
  readonly seed: number;
}

/** Whether Stage II computes a question once, with its answers as branches. */
export const treeBatching = signal(true);

const DEFAULT_SEED = 1;
/** Of runs over the user's own data: the terminal's. */
const USUAL_SEED = 42;

export function demoSettings(search: string): DemoSettings {
  const parameters = new URLSearchParams(search);
  const natural = (name: string, otherwise: number, least: number) => {
    const text = parameters.get(name);
    return text !== null && /^\d{1,9}$/.test(text) && Number(text) >= least ? Number(text) : otherwise;
  };
  return {
    questions: Math.min(DEMO_QUESTIONS, natural('questions', DEMO_QUESTIONS, 1)),
    seed: natural('seed', DEFAULT_SEED, 0),
  };
}

/** Asks the worker for the GPU, and storage for the newest run. */
export async function openPage(): Promise<void> {
  await Promise.all([askDevice(), offerSavedRun()]);
}

async function askDevice(): Promise<void> {
  try {
    const result = await connect().probe();
    probe.value = result;
    busyElsewhere.value = result.ok && result.busyElsewhere;
  } catch (error) {
    probe.value = { ok: false, failure: describeFailure(error) };
  }
}

async function offerSavedRun(): Promise<void> {
  try {
    const run = (await runs.list()).at(-1);
    if (run !== undefined && view.value === null) offered.value = await loadSavedRun(runs, run);
  } catch {
    // Private browsing may refuse IndexedDB: there is nothing to offer, and a run says so when it cannot save.
  }
}

/** Shows the run that is offered. */
export function openSavedRun(): void {
  const saved = offered.value;
  if (!saved?.view) return;
  view.value = saved.view;
  offered.value = null;
}

/** Starts a run of the demo. */
export function startRun({ questions, seed }: DemoSettings): Promise<void> {
  return start({ data: { kind: 'demo', questions }, model: BUNDLED_MODEL, seed, config: {} });
}

/** Starts a run on the bundled model over sentences that someone typed, one on each line. */
export function startFactsRun(text: string): Promise<void> {
  return start({ data: { kind: 'facts', text }, model: BUNDLED_MODEL, seed: USUAL_SEED, config: {} });
}

/** How a project is learned from. */
export interface ProjectRunSettings {
  /** What the project is called, in messages and in the run's manifest. */
  readonly name: string;
  /** How many questions it has. */
  readonly questions: number;
  /** Share that is kept out of training and asked of every system afterwards; a tenth where nothing is said. */
  readonly holdout?: number;
  /** The bundled one where nothing is said. */
  readonly model?: OpenRequest;
  readonly seed?: number;
  /** Keys of a `--config` file for each training, where they are not the usual ones. */
  readonly config?: StageConfigs;
}

/**
 * Starts a run over a project. Parts of it that are stale are written by rules.
 * @param project its file, as the studio's `projectFile` gives it
 */
export function startProjectRun(
  project: Uint8Array<ArrayBuffer>,
  { name, questions, holdout = HOLDOUT_SHARE, model, seed, config }: ProjectRunSettings,
): Promise<void> {
  const request = {
    data: { kind: 'project' as const, name, questions, holdout },
    model: model ?? BUNDLED_MODEL,
    seed: seed ?? USUAL_SEED,
    config: config ?? {},
  };
  return start(request, project);
}

async function start(
  request: Omit<RunRequest, 'run' | 'treeBatching'>,
  project?: Uint8Array<ArrayBuffer>,
): Promise<void> {
  if (running.value) return;
  const run = `${new Date().toISOString().replace(/[:.]/g, '-')}-${crypto.randomUUID().slice(0, 8)}`;
  failure.value = null;
  begunWith.value = request.data.kind;
  memory.value = null;
  // A click: the moment at which browsers may grant storage that is not evicted.
  void navigator.storage?.persist?.();
  try {
    const result = await connect().start({ ...request, run, treeBatching: treeBatching.value }, project);
    if (!result.ok) {
      failure.value = result.failure;
      busyElsewhere.value = result.failure.kind === 'busy';
    }
  } catch (error) {
    failure.value = describeFailure(error);
  }
}

export async function stopRun(): Promise<void> {
  if (!running.value || !view.value) return;
  view.value = { ...view.value, status: 'stopping' };
  await client?.stop().catch(() => {});
}

/** The adapter of the run on the page as a zip, from storage. */
export async function adapterZip(run: string): Promise<Uint8Array<ArrayBuffer>> {
  const loaded = await runs.load(run);
  const zip = loaded?.checkpoints.get('adapter');
  if (!zip) throw new Error(loaded?.damaged[0] ?? 'The adapter of this run is no longer in storage.');
  return zip;
}

function connect(): TrainerClient {
  client ??= new Client({
    createWorker: () =>
      new Worker(new URL('../../workers/trainer.worker.ts', import.meta.url), {
        type: 'module',
        name: 'trainer',
      }),
    base: document.baseURI,
    onEvent: receive,
    onDeath: (reason) => {
      client = null;
      endRun('failed', reason);
    },
  });
  return client;
}

function receive(event: TrainerEvent): void {
  switch (event.kind) {
    case 'heartbeat':
      memory.value = event.memory;
      return;
    case 'lock-free':
      busyElsewhere.value = false;
      void offerSavedRun();
      return;
    case 'begun':
      offered.value = null;
      view.value = beginRun(event.request, event.at);
      releaseScreen?.();
      releaseScreen = keepScreenOn();
      return;
    case 'preparing':
      if (view.value?.run === event.run) preparing.value = stillPreparing(event.preparation);
      return;
    default:
      if (view.value?.run !== event.run) return;
      if (event.kind === 'knowtune') preparing.value = null;
      view.value = foldNews(view.value, event);
      if (event.kind === 'failed') failure.value = event.failure;
      if (!running.value) endRun(view.value.status, null);
  }
}

function endRun(status: RunView['status'], reason: Failure | null): void {
  releaseScreen?.();
  releaseScreen = null;
  memory.value = null;
  preparing.value = null;
  if (reason) {
    failure.value = reason;
    if (probe.value === null) probe.value = { ok: false, failure: reason };
  }
  if (view.value && running.value) view.value = { ...view.value, status };
}
