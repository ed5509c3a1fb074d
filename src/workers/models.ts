/** @file What the model worker does: asks the Hub, downloads into the cache, tells how far it is. */
import { InputError } from '../formats/input_error.ts';
import type { CacheHost } from '../store/cache_host.ts';
import { HubClient, type HubFile, type HubListing } from '../store/hub.ts';
import { HubError } from '../store/hub_error.ts';
import { OFFICIAL_HUB } from '../store/hub_fetch.ts';
import { parseHubId } from '../store/hub_id.ts';
import { hubRangeSource } from '../store/hub_range_source.ts';
import { ModelCache, type ModelProgress } from '../store/model_cache.ts';
import { type ModelVariant, modelVariants, pickVariant } from '../store/model_files.ts';
import type { ModelKey } from '../store/model_record.ts';
import { describeFailure } from './failure.ts';
import { modelFacts } from './model_facts.ts';
import type {
  Answer,
  CacheView,
  HubModelView,
  ModelChoice,
  ModelEvent,
  ModelFacts,
  ModelsApi,
  VariantView,
} from './model_protocol.ts';
import { openModelSource } from './model_source.ts';

/** Progress is told this often, in milliseconds. */
const PROGRESS_MS = 150;

export interface ModelsOptions {
  /** Origin of a mirror of the Hub, or null for the Hub itself. */
  readonly mirror: string | null;
}

export class Models implements ModelsApi {
  readonly #client: HubClient;
  readonly #cache: ModelCache;
  #token: string | null = null;
  #base = '';
  #port: MessagePort | null = null;
  #stop: AbortController | null = null;
  /** Listings of this session: what is at a commit does not change. */
  readonly #listings = new Map<string, HubListing>();

  constructor(
    private readonly host: CacheHost,
    { mirror }: ModelsOptions,
  ) {
    this.#cache = new ModelCache(host, Date.now);
    this.#client = new HubClient({
      hubUrl: mirror ?? OFFICIAL_HUB,
      fetch: (input, init) => fetch(input, init),
      token: () => this.#token,
      now: Date.now,
      unrestricted: false,
    });
  }

  connect(port: MessagePort, base: string): void {
    this.#port = port;
    this.#base = base;
  }

  setToken(token: string | null): void {
    this.#token = token === null || token.trim() === '' ? null : token.trim();
  }

  look(text: string): Promise<Answer<HubModelView>> {
    return answer(async () => {
      const listing = await this.#client.list(parseHubId(text));
      this.#listings.set(`${listing.id}@${listing.commit}`, listing);
      const { id, revision, commit, gated } = listing;
      return { id, revision, commit, gated, variants: modelVariants(listing.files, id).map(variantView) };
    });
  }

  facts(choice: ModelChoice): Promise<Answer<ModelFacts>> {
    return answer(async () => {
      if (choice.kind === 'bundled')
        return modelFacts(await openModelSource(choice, this.#base), 'safetensors');
      if (choice.kind === 'files' || (await this.#cache.record(choice)))
        return modelFacts(await openModelSource(choice, this.#base), choice.variant);
      const { listing, variant } = await this.#find(choice);
      return modelFacts(hubRangeSource(this.#client, listing, variant.files), variant.name);
    });
  }

  variants(
    name: string,
    files: readonly { readonly name: string; readonly bytes: number }[],
  ): Answer<VariantView[]> {
    try {
      return { ok: true, value: modelVariants(files, name).map(variantView) };
    } catch (error) {
      return failed(error);
    }
  }

  download(key: ModelKey): boolean {
    if (this.#stop) return false;
    const stop = new AbortController();
    this.#stop = stop;
    void this.#download(key, stop.signal).finally(() => {
      this.#stop = null;
    });
    return true;
  }

  cancel(): void {
    this.#stop?.abort(new DOMException('The download was cancelled.', 'AbortError'));
  }

  cache(): Promise<Answer<CacheView>> {
    return answer(() => this.#view());
  }

  remove(key: ModelKey): Promise<Answer<CacheView>> {
    return answer(async () => {
      await this.#cache.remove(key);
      return this.#view();
    });
  }

  async #download(key: ModelKey, signal: AbortSignal): Promise<void> {
    let told = 0;
    const onProgress = (progress: ModelProgress) => {
      const now = performance.now();
      const isEnd = progress.allDone === progress.allBytes;
      if (now - told < PROGRESS_MS && !isEnd && progress.state !== 'waiting') return;
      told = now;
      this.#emit({ kind: 'progress', key, progress });
    };
    try {
      const { listing, variant } = await this.#find(key, signal);
      await this.#cache.download(this.#client, listing, variant, {
        signal,
        onProgress,
        delay,
        onWait: () => this.#emit({ kind: 'waiting', key }),
      });
      this.#emit({ kind: 'downloaded', key });
    } catch (error) {
      if (signal.aborted) this.#emit({ kind: 'cancelled', key });
      else {
        const { failure, needsToken } = failed(error);
        this.#emit({ kind: 'failed', key, failure, needsToken });
      }
    }
  }

  /** The list of files at a commit, and the chosen ones. */
  async #find(
    { id, commit, variant }: ModelKey,
    signal?: AbortSignal,
  ): Promise<{ listing: HubListing; variant: ModelVariant<HubFile> }> {
    const name = `${id}@${commit}`;
    // A download that is gone on with knows its files from when it was begun, and keeps the revision of then.
    const plan = await this.#cache.plan({ id, commit, variant });
    if (plan)
      return {
        listing: { ...plan, gated: false },
        variant: { name: variant, files: plan.files, bytes: plan.files.reduce((n, f) => n + f.bytes, 0) },
      };
    const listing = this.#listings.get(name) ?? (await this.#client.list({ id, revision: commit }, signal));
    this.#listings.set(name, listing);
    return { listing, variant: pickVariant(modelVariants(listing.files, id), variant, id) };
  }

  async #view(): Promise<CacheView> {
    const [models, room, persisted] = await Promise.all([
      this.#cache.list(),
      this.host.room(),
      navigator.storage.persisted(),
    ]);
    return { models, room, persisted };
  }

  #emit(event: ModelEvent): void {
    this.#port?.postMessage(event);
  }
}

const variantView = ({ name, bytes }: ModelVariant): VariantView => ({ name, bytes });

async function answer<T>(work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): Extract<Answer<never>, { ok: false }> {
  return {
    ok: false,
    failure: describeFailure(storageError(error)),
    needsToken: error instanceof HubError && error.kind === 'token',
  };
}

/** Browsers refuse the private file system and IndexedDB in some kinds of private window, with errors of many names. */
function storageError(error: unknown): unknown {
  if (
    !(error instanceof DOMException) ||
    !['SecurityError', 'InvalidStateError', 'UnknownError'].includes(error.name)
  )
    return error;
  return new InputError(
    'Storage',
    `This browser does not let the page keep files (${error.message}).`,
    'Leave private browsing, or open a model from your disk.',
  );
}

function delay(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
