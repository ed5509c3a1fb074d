/** @file The user's data on the page, as signals: what was read, its mapping, and the row that is shown. */
import { signal } from '@preact/signals';
import type { DroppedRow } from '../../formats/dataset.ts';
import type { Mapping } from '../../formats/dataset_mapping.ts';
import type { QuestionRows } from '../../knowtuning/question_rows.ts';
import { describeFailure, type Failure, FailureError } from '../../workers/failure.ts';
import type { ModelChoice } from '../../workers/model_protocol.ts';
import type {
  DatasetView,
  HubDataProgress,
  RowView,
  TextAnswer,
  TextApi,
  TextEvent,
  TextRows,
  TextSourceView,
} from '../../workers/text_protocol.ts';
import { WorkerClient } from '../../workers/worker_client.ts';
import { onToken, shareToken } from './hub_token.ts';

export type TrainOn = 'all' | 'last';

/** Data on their way: a file that is read, or a data set of the Hub that is asked for, downloaded and then read. */
export interface Reading {
  readonly name: string;
  readonly isHub: boolean;
  readonly state: HubDataProgress['state'] | 'reading' | 'stopping';
  readonly done: number;
  readonly bytes: number;
}

/** What was read last. */
export const dataset = signal<DatasetView | null>(null);
/** How far the data at hand are; null where none are on their way. */
export const reading = signal<Reading | null>(null);
/** Why data could not be read; whether they were to come from the Hub, and whether it wants a token. */
export interface DataFailure {
  readonly failure: Failure;
  readonly isHub: boolean;
  readonly needsToken: boolean;
}

export const dataFailure = signal<DataFailure | null>(null);
/** Rows that were left out, as far as they have been asked for. */
export const droppedRows = signal<readonly DroppedRow[]>([]);
/** Whose tokens rows are shown in. */
export const textSource = signal<TextSourceView | null>(null);
export const rowIndex = signal(0);
export const trainOn = signal<TrainOn>('all');
export const row = signal<TextAnswer<RowView> | null>(null);

/** Rows left out that are fetched at a time. */
const DROPPED_PAGE = 50;
/** A call may wait for a model's files to be hashed, and for a chat template to run into its time limit. */
const CALL_MS = 120_000;

type Client = WorkerClient<TextApi, TextEvent>;
let client: Client | null = null;
let job = 0;
/** What is being read, or was last. */
let given = { name: '', isHub: false };
let choice: ModelChoice = { kind: 'bundled' };
let opened: Promise<TextAnswer<TextSourceView>> | null = null;
/** Number of the newest request for a row: answers to older ones are passed over. */
let asked = 0;

/** Reads a file and tells its format from its columns. */
export async function takeDataFile(file: File): Promise<void> {
  given = { name: file.name, isHub: false };
  await begin('reading', file.size, (worker) => worker.call('readData', file));
}

/** Downloads a data set of the Hub and reads it. */
export async function takeHubData(name: string): Promise<void> {
  given = { name, isHub: true };
  await begin('asking', 0, (worker) => worker.call('readHubData', name));
}

/** Gives the workers a token, and asks again for the data set that needed it. */
export async function giveDataToken(token: string): Promise<void> {
  await shareToken(token);
  if (given.isHub) await takeHubData(given.name);
}

/** Reads the same again, with columns chosen by hand. */
export async function remap(mapping: Mapping): Promise<void> {
  if (!dataset.value) return;
  const { name, bytes, source } = dataset.value;
  given = { name, isHub: source?.hub !== undefined };
  await begin('reading', bytes, (worker) => worker.call('readAgain', mapping));
}

/** Ends what is on its way; what was read before stays. */
export function cancelData(): void {
  if (!reading.value) return;
  reading.value = { ...reading.value, state: 'stopping' };
  void client?.call('cancel').catch(() => {});
}

/** Shows rows in the tokens of this model from now on. */
export async function useTextSource(next: ModelChoice): Promise<void> {
  choice = next;
  opened = null;
  textSource.value = null;
  if (dataset.value) await showRow(rowIndex.value);
}

/** The rows that were read, to be trained on. They are copied out of the worker: ask when they are needed. */
export async function trainingRows(): Promise<TextRows> {
  const answer = await connect().call('rows');
  if (!answer.ok) throw new FailureError(answer.failure);
  return answer.value;
}

/** The questions that were read, for the method. They are copied out of the worker, too. */
export async function questionRows(): Promise<QuestionRows> {
  const answer = await connect().call('questions');
  if (!answer.ok) throw new FailureError(answer.failure);
  return answer.value;
}

export async function showRow(index: number): Promise<void> {
  const view = dataset.value;
  const number = ++asked;
  rowIndex.value = index;
  if (!view || view.rows === 0) {
    row.value = null;
    return;
  }
  const answer = await settled(async (): Promise<TextAnswer<RowView>> => {
    const source = await openText();
    return source.ok ? connect().call('rowTokens', index, trainOn.value) : source;
  });
  if (number === asked) row.value = answer;
}

export async function setTrainOn(which: TrainOn): Promise<void> {
  trainOn.value = which;
  await showRow(rowIndex.value);
}

export async function moreDroppedRows(): Promise<void> {
  const from = droppedRows.value.length;
  const more = await connect().call('droppedRows', from, DROPPED_PAGE);
  if (from === droppedRows.value.length) droppedRows.value = [...droppedRows.value, ...more];
}

async function begin(
  state: Reading['state'],
  bytes: number,
  call: (worker: Client) => Promise<number>,
): Promise<void> {
  dataFailure.value = null;
  reading.value = { ...given, state, done: 0, bytes };
  try {
    job = await call(connect());
  } catch (error) {
    fail(describeFailure(error));
  }
}

function openText(): Promise<TextAnswer<TextSourceView>> {
  const current = choice;
  opened ??= connect()
    .call('openTextSource', current)
    .then((answer) => {
      if (answer.ok && current === choice) textSource.value = answer.value;
      // What failed may be tried again.
      if (!answer.ok) opened = null;
      return answer;
    });
  return opened;
}

async function settled<T>(work: () => Promise<TextAnswer<T>>): Promise<TextAnswer<T>> {
  try {
    return await work();
  } catch (error) {
    return { ok: false, failure: describeFailure(error) };
  }
}

function receive(event: TextEvent): void {
  if (event.job < job) return;
  switch (event.kind) {
    case 'fetching':
    case 'reading': {
      const { done, bytes } = event;
      const state = event.kind === 'reading' ? event.kind : event.state;
      reading.value = {
        ...given,
        state: reading.value?.state === 'stopping' ? 'stopping' : state,
        done,
        bytes,
      };
      return;
    }
    case 'failed':
      fail(event.failure, event.needsToken);
      return;
    case 'cancelled':
      reading.value = null;
      return;
    case 'read':
      reading.value = null;
      dataset.value = event.dataset;
      droppedRows.value = [];
      if (event.dataset.dropped > 0) void moreDroppedRows();
      void showRow(Math.min(rowIndex.value, Math.max(0, event.dataset.rows - 1)));
  }
}

function fail(failure: Failure, needsToken = false): void {
  reading.value = null;
  dataFailure.value = { failure, isHub: given.isHub, needsToken };
}

function connect(): Client {
  client ??= new WorkerClient<TextApi, TextEvent>({
    createWorker: () =>
      new Worker(new URL('../../workers/text.worker.ts', import.meta.url), { type: 'module', name: 'text' }),
    base: document.baseURI,
    onEvent: receive,
    onDeath: (failure) => {
      client = null;
      opened = null;
      dataset.value = null;
      row.value = null;
      fail(failure);
    },
    place: 'Data',
    cure: 'Choose the file again; if it happens again, use a smaller one.',
    callTimeoutMs: CALL_MS,
  });
  return client;
}

onToken((token) => connect().call('setToken', token));
