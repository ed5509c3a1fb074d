/** @file The project that is being worked on, as signals, and the few things that can be done with it. */
import { batch, signal } from '@preact/signals';
import type { CostEstimate } from '../../authors/cost/extrapolate.ts';
import type { UsageReport } from '../../authors/openai/usage.ts';
import type { DataSource } from '../../formats/data_source.ts';
import type { ExportFormat } from '../../knowtuning/exports/files.ts';
import { defaultMethod, type TrainRow } from '../../knowtuning/project.ts';
import { describeFailure, type Failure, FailureError } from '../../workers/failure.ts';
import type {
  StudioAnswer,
  StudioApi,
  StudioAudit,
  StudioAuthor,
  StudioEvent,
  StudioView,
} from '../../workers/studio_protocol.ts';
import { WorkerClient } from '../../workers/worker_client.ts';

/** The project; null where there is none. */
export const studio = signal<StudioView | null>(null);
/** Whether what was saved is still being looked for. */
export const looking = signal(true);
/** Why the last thing that was asked for could not be done. */
export const studioFailure = signal<Failure | null>(null);
/** What is being done that takes its time, in words; null where nothing is. */
export const busyWith = signal<string | null>(null);

export interface BuildCourse {
  readonly done: number;
  readonly total: number;
  /** Calls that were not remembered from an earlier build. */
  readonly asked: number;
  readonly usage: UsageReport | null;
  /** Milliseconds since 1970 until which the endpoint wants to be left alone; null where it does not. */
  readonly waitsUntil: number | null;
}

/** The build that goes on, or the last one. */
export const course = signal<BuildCourse | null>(null);
/** How the last build ended. */
export const buildEnd = signal<Extract<StudioEvent, { kind: 'built' | 'cancelled' | 'failed' }> | null>(null);
export const estimate = signal<CostEstimate | null>(null);
/** What the audit said; null before it, and once something has changed. */
export const audit = signal<StudioAudit | null>(null);

/** Hears of questions that were written anew, and of another project (null). */
type OnRows = (index: number | null) => void;
let onRows: OnRows = () => {};

/** Auditing 10,000 questions takes its time, and calls wait for one another. */
const CALL_MS = 300_000;

type Client = WorkerClient<StudioApi, StudioEvent>;
let client: Client | null = null;

/** Tells whoever shows rows when they change. */
export function whenRowsChange(listener: OnRows): void {
  onRows = listener;
}

/** Opens the project that was saved. */
export async function openStudio(): Promise<void> {
  looking.value = true;
  const view = await ask((c) => c.call('open'));
  batch(() => {
    looking.value = false;
    if (view) take(view);
  });
}

/** @param source the data set that they come from, where that is known */
export const startProject = (
  name: string,
  rows: readonly TrainRow[],
  source: DataSource | null = null,
): Promise<void> =>
  begin('Putting the questions into storage', (c) => c.call('start', name, rows, defaultMethod, source));

export const startFromDocument = (name: string, text: string): Promise<void> =>
  begin('Asking about each passage', (c) => c.call('startDocument', name, text, defaultMethod));

export const importProject = (file: File): Promise<void> =>
  begin('Reading the project', async (c) =>
    c.call('importProject', new Uint8Array(await file.arrayBuffer()), file.name),
  );

/** Deletes the project, which the user was asked about. */
export async function removeProject(): Promise<void> {
  if ((await ask((c) => c.call('remove'))) === undefined) return;
  batch(() => {
    studio.value = null;
    forgetCourse();
  });
}

/** @returns whether it was taken */
export async function setAuthor(choice: StudioAuthor): Promise<boolean> {
  const view = await ask((c) => c.call('setAuthor', choice));
  if (!view) return false;
  studio.value = view;
  estimate.value = (await ask((c) => c.call('estimate'))) ?? null;
  return true;
}

export async function build(): Promise<void> {
  buildEnd.value = null;
  estimate.value = null;
  audit.value = null;
  void navigator.storage?.persist?.();
  const view = await ask((c) => c.call('build'));
  if (view) studio.value = view;
}

export async function cancelBuild(): Promise<void> {
  await client?.call('cancel').catch(() => {});
}

export async function runAudit(): Promise<void> {
  await busy('Auditing the pairs', async () => {
    audit.value = (await ask((c) => c.call('audit'))) ?? null;
    onRows(null);
  });
}

/** Takes perplexities; what follows from them is written by the next build. */
export async function takeMeasures(
  values: ReadonlyMap<string, readonly number[]>,
  field: 'perplexity' | 'perplexityAfter',
): Promise<void> {
  await ask((c) => c.call('takeMeasures', values, field));
  await refreshView();
  const view = studio.value;
  // What hangs on it is written at once where that costs nothing.
  if (view?.author === 'rules' && view.unwritten > 0 && !view.building) await build();
  else onRows(null);
}

/** The project as a file. @throws FailureError */
export const projectFile = (): Promise<Uint8Array<ArrayBuffer>> => strictly((c) => c.call('projectFile'));

/** The data sets in a format, zipped. @throws FailureError */
export const exportZip = (format: ExportFormat): Promise<Uint8Array<ArrayBuffer>> =>
  strictly((c) => c.call('exportZip', format));

/** Asks the worker; a failure is shown, and undefined is the answer. */
export async function ask<T>(work: (client: Client) => Promise<StudioAnswer<T>>): Promise<T | undefined> {
  studioFailure.value = null;
  try {
    return await strictly(work);
  } catch (error) {
    studioFailure.value = describeFailure(error);
    return undefined;
  }
}

/** Asks the worker. @throws FailureError */
export async function strictly<T>(work: (client: Client) => Promise<StudioAnswer<T>>): Promise<T> {
  const answer = await work(connect());
  if (!answer.ok) throw new FailureError(answer.failure);
  return answer.value;
}

/** Figures about the project after something in it changed. */
export async function refreshView(): Promise<void> {
  const view = await ask((c) => c.call('view'));
  if (view) studio.value = view;
}

async function begin(
  what: string,
  work: (client: Client) => Promise<StudioAnswer<StudioView>>,
): Promise<void> {
  await busy(what, async () => {
    const view = await ask(work);
    if (!view) return;
    batch(() => {
      forgetCourse();
      take(view);
    });
  });
}

async function busy(what: string, work: () => Promise<void>): Promise<void> {
  if (busyWith.value !== null) return;
  busyWith.value = what;
  try {
    await work();
  } finally {
    busyWith.value = null;
  }
}

function take(view: StudioView): void {
  studio.value = view;
  onRows(null);
}

function forgetCourse(): void {
  course.value = null;
  buildEnd.value = null;
  estimate.value = null;
  audit.value = null;
}

function connect(): Client {
  client ??= new WorkerClient<StudioApi, StudioEvent>({
    createWorker: () =>
      new Worker(new URL('../../workers/studio.worker.ts', import.meta.url), {
        type: 'module',
        name: 'studio',
      }),
    base: document.baseURI,
    onEvent: receive,
    onDeath: (failure) => {
      client = null;
      batch(() => {
        studio.value = null;
        looking.value = false;
        forgetCourse();
        studioFailure.value = failure;
      });
    },
    place: 'Studio',
    cure: 'What was written is saved: open it again.',
    callTimeoutMs: CALL_MS,
  });
  return client;
}

function receive(event: StudioEvent): void {
  switch (event.kind) {
    case 'progress':
      course.value = {
        ...{ done: event.done, total: event.total, asked: event.asked, usage: event.usage },
        waitsUntil: null,
      };
      return;
    case 'waiting':
      if (course.value) course.value = { ...course.value, waitsUntil: Date.now() + event.milliseconds };
      return;
    case 'written':
      onRows(event.index);
      return;
    default:
      buildEnd.value = event;
      void refreshView();
      onRows(null);
  }
}
