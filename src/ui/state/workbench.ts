/** @file The model that is loaded, what it is doing, and the few things that can be asked of it. */
import { computed, signal } from '@preact/signals';
import * as Comlink from 'comlink';
import type { Preparation, StepLog } from '../../train/tuner.ts';
import { describeFailure, type Failure } from '../../workers/failure.ts';
import type { StartResult } from '../../workers/protocol.ts';
import type { StudioAuthor } from '../../workers/studio_protocol.ts';
import type { TextRows } from '../../workers/text_protocol.ts';
import type {
  AskRequest,
  MeasureRequest,
  OpenedModel,
  OpenRequest,
  Side,
  Task,
  TrainRequest,
  TrainSummary,
  WorkbenchApi,
  WorkbenchEvent,
} from '../../workers/workbench_protocol.ts';
import { WorkerClient } from '../../workers/worker_client.ts';
import { stillPreparing } from './measures.ts';
import { takeMeasures } from './studio.ts';
import { keepScreenOn } from './wake_lock.ts';

export interface AnswerView {
  readonly text: string;
  readonly done: boolean;
  readonly tokens: number;
  readonly seconds: number;
}

export interface AskView {
  readonly prompt: string;
  readonly answers: Readonly<Partial<Record<Side, AnswerView>>>;
}

export interface TuningView {
  readonly log: readonly StepLog[];
  readonly totalSteps: number;
  readonly summary: TrainSummary | null;
}

export const model = signal<OpenedModel | null>(null);
/** Bytes of weights on the GPU, while a model is being loaded. */
export const loading = signal<{ readonly filled: number; readonly total: number } | null>(null);
export const task = signal<Task | null>(null);
export const asked = signal<AskView | null>(null);
export const tuning = signal<TuningView | null>(null);
/** What goes on before the first result of the task; null once there is one. */
export const preparing = signal<Preparation | null>(null);
/** Why a task failed; of the newest task alone. */
export const problem = signal<{ readonly task: Task; readonly failure: Failure } | null>(null);
/** Whether an adapter was trained on the loaded model. */
export const hasAdapter = computed(
  () => tuning.value?.summary !== undefined && tuning.value?.summary !== null,
);

type Client = WorkerClient<WorkbenchApi, WorkbenchEvent>;
let client: Client | null = null;
let releaseScreen: (() => void) | null = null;

/** A call only begins a task: asking for an adapter may start the browser's GPU process. */
const CALL_TIMEOUT_MS = 30_000;

export function loadModel(request: OpenRequest): Promise<void> {
  model.value = null;
  asked.value = null;
  tuning.value = null;
  loading.value = { filled: 0, total: 0 };
  return begin('open', (c) => c.call('open', request));
}

/** Ends the worker: whatever it held is given back. */
export function unloadModel(): void {
  client?.dispose();
  client = null;
  reset();
}

export function askModel(request: AskRequest): Promise<void> {
  asked.value = { prompt: request.prompt, answers: {} };
  return begin('ask', (c) => c.call('ask', request));
}

/**
 * @param data where the rows come from, and where they were published
 * @param rows asked for once, since they are copied out of another worker
 * @param engine how it is computed, which changes no number but by rounding
 */
export function tuneModel(
  data: Pick<TrainRequest, 'data' | 'source'>,
  rows: () => Promise<TextRows>,
  config: (method: TrainRequest['method']) => TrainRequest['config'],
  engine: Pick<TrainRequest, 'treeBatching' | 'memoryBudget'>,
): Promise<void> {
  tuning.value = { log: [], totalSteps: 0, summary: null };
  return begin('train', async (c) => {
    const taken = await rows();
    const method = taken.kind === 'preference' ? 'dpo' : 'sft';
    return c.call('train', { method, rows: taken.rows, config: config(method), ...data, ...engine });
  });
}

/** Measures how much facts surprise the model; the studio takes the figures once they are there. */
export function measureFacts(
  questions: MeasureRequest['questions'],
  side: Side,
  pplContext: MeasureRequest['pplContext'] = 'question',
): Promise<void> {
  return begin('measure', (c) => c.call('measure', { questions, pplContext, side }));
}

/** The loaded model as a writer for the studio, which asks it through a port of its own. */
export async function lendToStudio(name: string): Promise<StudioAuthor> {
  const { port1, port2 } = new MessageChannel();
  await connect().call('lend', Comlink.transfer(port1, [port1]));
  return Comlink.transfer({ kind: 'local', model: name, port: port2 }, [port2]);
}

export async function stopTask(): Promise<void> {
  await client?.call('stop').catch(() => {});
}

/** The trained adapter as a zip. @throws Error where there is none */
export async function tunedAdapterZip(): Promise<Uint8Array<ArrayBuffer>> {
  const zip = await connect().call('adapterZip');
  if (!zip) throw new Error('There is no trained adapter: train first.');
  return zip;
}

async function begin(which: Task, start: (client: Client) => Promise<StartResult>): Promise<void> {
  task.value = which;
  problem.value = null;
  releaseScreen ??= keepScreenOn();
  try {
    const result = await start(connect());
    if (!result.ok) end({ task: which, failure: result.failure });
  } catch (error) {
    end({ task: which, failure: describeFailure(error) });
  }
}

function end(reason: { readonly task: Task; readonly failure: Failure } | null): void {
  task.value = null;
  loading.value = null;
  preparing.value = null;
  if (reason) problem.value = reason;
  releaseScreen?.();
  releaseScreen = null;
}

function reset(): void {
  end(null);
  model.value = null;
  asked.value = null;
  tuning.value = null;
  problem.value = null;
}

function connect(): Client {
  client ??= new WorkerClient<WorkbenchApi, WorkbenchEvent>({
    createWorker: () =>
      new Worker(new URL('../../workers/workbench.worker.ts', import.meta.url), {
        type: 'module',
        name: 'workbench',
      }),
    base: document.baseURI,
    onEvent: receive,
    onDeath: (failure) => {
      client = null;
      const died = task.value ?? 'open';
      reset();
      problem.value = { task: died, failure };
    },
    place: 'Worker',
    cure: 'Load the model again.',
    callTimeoutMs: CALL_TIMEOUT_MS,
  });
  return client;
}

function receive(event: WorkbenchEvent): void {
  switch (event.kind) {
    case 'loading':
      loading.value = { filled: event.filled, total: event.total };
      break;
    case 'opened':
      model.value = event.model;
      break;
    case 'preparing':
      preparing.value = stillPreparing(event.preparation);
      break;
    case 'answer':
      preparing.value = null;
      if (asked.value) {
        const { side, text, done, tokens = 0, seconds = 0 } = event;
        const answers = { ...asked.value.answers, [side]: { text, done, tokens, seconds } };
        asked.value = { ...asked.value, answers };
      }
      break;
    case 'step':
      preparing.value = null;
      if (tuning.value)
        tuning.value = {
          ...tuning.value,
          log: [...tuning.value.log, event.log],
          totalSteps: event.totalSteps,
        };
      break;
    case 'measured':
      void takeMeasures(event.perplexities, event.side === 'base' ? 'perplexity' : 'perplexityAfter').catch(
        (error: unknown) => {
          problem.value = { task: 'measure', failure: describeFailure(error) };
        },
      );
      break;
    case 'trained':
      if (tuning.value) tuning.value = { ...tuning.value, summary: event.summary };
      break;
    case 'idle':
    case 'stopped':
      end(null);
      break;
    case 'failed':
      end(event);
      break;
  }
}
