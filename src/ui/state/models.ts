/** @file What the page knows of models, as signals, and what it can do about them: look, plan, download, open, delete. */
import { computed, signal } from '@preact/signals';
import type { WeightChoice } from '../../llama/weight_plan.ts';
import { describeFailure, type Failure } from '../../workers/failure.ts';
import type {
  Answer,
  CacheView,
  HubModelView,
  ModelChoice,
  ModelEvent,
  ModelsApi,
} from '../../workers/model_protocol.ts';
import { WorkerClient } from '../../workers/worker_client.ts';
import { type Candidate, cachedOf, choiceOf, fromFiles, fromHub, listed, planned } from './candidates.ts';
import { onToken, shareToken } from './hub_token.ts';
import { DEFAULT_SETTINGS, type MemoryPlan, type PlanSettings, planMemory } from './model_plan.ts';
import type { PickedFiles } from './picked_files.ts';
import { probe } from './session.ts';
import { SHORT_LIST } from './short_list.ts';

/** The one download of this tab. */
export interface Job {
  readonly key: string;
  readonly state: 'asking' | 'other-tab' | 'checking' | 'downloading' | 'waiting' | 'stopping';
  readonly file: string | null;
  readonly done: number;
  readonly bytes: number;
  /** Bytes per second over the last seconds; null before that can be told. */
  readonly speed: number | null;
}

export const candidates = signal<readonly Candidate[]>(SHORT_LIST.map(listed));
export const selectedKey = signal<string>(candidates.value[0]!.key);
export const settings = signal<PlanSettings>(DEFAULT_SETTINGS);
export const job = signal<Job | null>(null);
export const cache = signal<CacheView | null>(null);
/** What went wrong last, and with what: a candidate's key, 'hub', 'files' or 'cache'. */
export const trouble = signal<{
  readonly at: string;
  readonly failure: Failure;
  readonly needsToken: boolean;
} | null>(null);
/** What the worker is being asked for: a candidate's key, 'hub' or 'files'. */
export const asking = signal<string | null>(null);

export const selected = computed(() => candidates.value.find((c) => c.key === selectedKey.value)!);

/** The plan of what is selected; null where its configuration is not known yet, a sentence where none can be made. */
export const plan = computed<MemoryPlan | string | null>(() => {
  const { facts } = selected.value;
  if (!facts) return null;
  const limits = probe.value?.ok ? probe.value.device : null;
  try {
    return planMemory(facts.config, facts.stored, settings.value, limits);
  } catch (error) {
    return (error as Error).message;
  }
});

/**
 * What a worker opens by openModelSource, with the formats of its weights; null until it is there to be opened. This is
 * all that a user has decided here.
 */
export const opening = computed<{
  choice: ModelChoice;
  weights: WeightChoice;
  embedding: WeightChoice;
} | null>(() => {
  const choice = choiceOf(selected.value, cache.value);
  const { weights, embedding } = settings.value;
  return choice && { choice, weights, embedding };
});

type Client = WorkerClient<ModelsApi, ModelEvent>;
let client: Client | null = null;
/** A call may take several requests, each of which the worker lets be silent for half a minute. */
const CALL_TIMEOUT_MS = 180_000;
/** Times and bytes of the last progress events, for the speed. */
let samples: { at: number; done: number }[] = [];
const SPEED_SAMPLES = 30;

function connect(): Client {
  client ??= new WorkerClient<ModelsApi, ModelEvent>({
    createWorker: () =>
      new Worker(new URL('../../workers/models.worker.ts', import.meta.url), {
        type: 'module',
        name: 'models',
      }),
    base: document.baseURI,
    onEvent: receive,
    onDeath: (failure) => {
      client = null;
      if (job.value) trouble.value = { at: job.value.key, failure, needsToken: false };
      job.value = null;
    },
    place: 'Worker for models',
    cure: 'What was downloaded is kept. Reload the page to go on.',
    callTimeoutMs: CALL_TIMEOUT_MS,
  });
  return client;
}

/** The value of an answer; a failure becomes the trouble at `at`, and null. */
async function ask<T>(at: string, call: (worker: Client) => Promise<Answer<T>>): Promise<T | null> {
  asking.value = at;
  if (trouble.value?.at === at) trouble.value = null;
  try {
    const answer = await call(connect());
    if (answer.ok) return answer.value;
    trouble.value = { at, failure: answer.failure, needsToken: answer.needsToken };
  } catch (error) {
    trouble.value = { at, failure: describeFailure(error), needsToken: false };
  } finally {
    asking.value = null;
  }
  return null;
}

/** Reads what is in the cache. */
export async function openCache(): Promise<void> {
  const view = await ask('cache', (worker) => worker.call('cache'));
  if (view) cache.value = view;
}

export function select(key: string): void {
  selectedKey.value = key;
}

export function change(part: Partial<PlanSettings>): void {
  settings.value = { ...settings.value, ...part };
}

function put(candidate: Candidate): void {
  const others = candidates.value;
  const at = others.findIndex((c) => c.key === candidate.key);
  candidates.value = at < 0 ? [...others, candidate] : others.with(at, candidate);
}

/** Asks the Hub for a model by its name or address, and selects it. */
export async function lookUp(text: string): Promise<void> {
  const view = await ask('hub', (worker) => worker.call('look', text));
  if (!view) return;
  const known = candidates.value.find((c) => c.id === view.id && view.revision === 'main');
  const candidate = await withFacts(fromHub(view, known ?? null), 'hub');
  put(candidate);
  select(candidate.key);
}

/** Another way to load what is selected. */
export async function takeVariant(variant: string): Promise<void> {
  const candidate = selected.value;
  const bytes = candidate.variants.find((v) => v.name === variant)?.bytes ?? candidate.bytes;
  const changed = { ...candidate, variant, bytes, facts: null };
  put(changed);
  put(await withFacts(changed, candidate.key));
}

/** The candidate with what its own head says of it. */
async function withFacts(candidate: Candidate, at: string): Promise<Candidate> {
  const { id, commit, variant, picked } = candidate;
  const choice: ModelChoice | null = picked
    ? { kind: 'files', name: picked.name, variant, files: picked.files }
    : id !== null && commit !== null
      ? { kind: 'hub', id, commit, variant }
      : null;
  const facts = choice && (await ask(at, (worker) => worker.call('facts', choice)));
  return facts ? { ...candidate, facts: planned(facts) } : candidate;
}

/** Takes files that were picked or dropped, and selects what they are. */
export async function takeFiles(picked: PickedFiles | null): Promise<void> {
  if (!picked) return;
  const sizes = picked.files.map(({ name, file }) => ({ name, bytes: file.size }));
  const variants = await ask('files', (worker) => worker.call('variants', picked.name, sizes));
  const [first, ...others] = variants ?? [];
  if (!first) return;
  const candidate = fromFiles(picked, [first, ...others]);
  const whole = await withFacts(candidate, 'files');
  // Without facts it is no model: what is wrong with it is told.
  if (!whole.facts) return;
  put(whole);
  select(whole.key);
}

/** Downloads what is selected, or goes on with it; asks the Hub first where that was not done. */
export async function download(): Promise<void> {
  if (job.value) return;
  const { key } = selected.value;
  // A click: the moment at which browsers may grant storage that is not evicted.
  void navigator.storage?.persist?.();
  start(key, 'asking');
  const mine = job.value;
  const begun = cachedOf(selected.value, cache.value);
  const commit = selected.value.commit ?? begun?.commit ?? (await settle(selected.value));
  const candidate = candidates.value.find((c) => c.key === key);
  // Cancelled meanwhile, and perhaps another one begun.
  if (job.value !== mine) return;
  if (commit === null || !candidate?.id) {
    job.value = null;
    return;
  }
  const { id, variant } = candidate;
  await connect()
    .call('download', { id, commit, variant })
    .catch((error: unknown) => {
      trouble.value = { at: key, failure: describeFailure(error), needsToken: false };
      job.value = null;
    });
}

/** The commit of a candidate's revision, by the Hub. */
async function settle(candidate: Candidate): Promise<string | null> {
  const { id, revision, key } = candidate;
  const view = await ask(key, (worker) => worker.call('look', `${id}@${revision}`));
  if (!view) return null;
  put(fromHub(view, candidate));
  return view.commit;
}

/** Goes on with a download that is in the cache, whatever is selected. */
export async function goOn(model: CacheView['models'][number]): Promise<void> {
  await showCached(model);
  await download();
}

/** Selects a model of the cache. */
export async function showCached({
  id,
  revision,
  commit,
  variant,
  bytes,
}: CacheView['models'][number]): Promise<void> {
  const same = candidates.value.find(
    (c) => c.id === id && c.variant === variant && (c.commit === null || c.commit === commit),
  );
  if (same) return select(same.key);
  const view: HubModelView = { id, revision, commit, gated: false, variants: [{ name: variant, bytes }] };
  const candidate = { ...fromHub(view, null), key: `${id}@${commit}/${variant}` };
  put(candidate);
  select(candidate.key);
  put(await withFacts(candidate, candidate.key));
}

export function cancel(): void {
  if (!job.value) return;
  // Before the worker downloads there is nothing to stop there: leaving the job is enough.
  if (job.value.state === 'asking') {
    job.value = null;
    return;
  }
  job.value = { ...job.value, state: 'stopping' };
  void client?.call('cancel').catch(() => {});
}

/** Gives the workers a token, and tries again what needed one. */
export async function giveToken(token: string): Promise<void> {
  const at = trouble.value?.at;
  await shareToken(token);
  trouble.value = null;
  if (at !== undefined && at === selectedKey.value) await download();
}

export async function forget(model: CacheView['models'][number]): Promise<void> {
  const view = await ask('cache', (worker) => worker.call('remove', model));
  if (view) cache.value = view;
}

/** Asks the browser not to evict what is stored. */
export async function keepStorage(): Promise<boolean> {
  const granted = (await navigator.storage?.persist?.()) ?? false;
  await openCache();
  return granted;
}

function start(key: string, state: Job['state']): void {
  samples = [];
  trouble.value = null;
  job.value = { key, state, file: null, done: 0, bytes: 0, speed: null };
}

function receive(event: ModelEvent): void {
  if (!job.value) return;
  const { key } = job.value;
  switch (event.kind) {
    case 'waiting':
      job.value = { ...job.value, state: 'other-tab' };
      return;
    case 'progress': {
      const { state, file, allDone, allBytes } = event.progress;
      const isStopping = job.value.state === 'stopping';
      const speed = state === 'downloading' ? measure(allDone) : null;
      job.value = {
        key,
        state: isStopping ? 'stopping' : state,
        file,
        done: allDone,
        bytes: allBytes,
        speed,
      };
      return;
    }
    case 'failed':
      trouble.value = { at: key, failure: event.failure, needsToken: event.needsToken };
      break;
    case 'downloaded':
    case 'cancelled':
      break;
  }
  job.value = null;
  void openCache();
}

function measure(done: number): number | null {
  samples.push({ at: performance.now(), done });
  if (samples.length > SPEED_SAMPLES) samples.shift();
  const [first] = samples;
  const last = samples.at(-1);
  if (!first || !last || last.at - first.at < 1000) return null;
  return (1000 * (last.done - first.done)) / (last.at - first.at);
}

onToken((token) => connect().call('setToken', token));
