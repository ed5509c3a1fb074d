/** @file A model of the Hub in the terminal: downloaded into the cache directory once, then read from there. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ByteSource } from '../formats/byte_source.ts';
import { InputError } from '../formats/input_error.ts';
import { HubClient } from '../store/hub.ts';
import { HubError } from '../store/hub_error.ts';
import { OFFICIAL_HUB } from '../store/hub_fetch.ts';
import { parseHubId } from '../store/hub_id.ts';
import { ModelCache, type ModelProgress } from '../store/model_cache.ts';
import { modelVariants, pickVariant } from '../store/model_files.ts';
import { cacheDirectory, diskCache } from './disk_cache.ts';

export interface HubSourceOptions {
  /** Lines for the user. */
  readonly progress: (line: string) => void;
  /** HF_ENDPOINT (a mirror), HF_TOKEN and XDG_CACHE_HOME are read from here. */
  readonly environment?: NodeJS.ProcessEnv;
}

/** "org/name@revision:file.gguf" as the id with its revision, and the file or null. */
export function parseModelName(model: string): { name: string; file: string | null } {
  const [, name = model, file = null] = /^(.*?):([^:/]+\.gguf)$/i.exec(model) ?? [];
  return { name, file };
}

/**
 * The model "org/name[@revision]" or "org/name[@revision]:file.gguf".
 * Without a connection, the newest copy of that revision in the cache is taken.
 * @throws InputError with what helps
 */
export async function hubSource(model: string, options: HubSourceOptions): Promise<ByteSource> {
  const environment = options.environment ?? process.env;
  const { name, file } = parseModelName(model);
  const wanted = parseHubId(name);
  const client = new HubClient({
    hubUrl: hubUrl(environment),
    fetch,
    token: () => environment.HF_TOKEN || null,
    now: Date.now,
    unrestricted: true,
  });
  const cache = new ModelCache(diskCache(cacheDirectory(environment)), Date.now);
  try {
    const listing = await client.list(wanted);
    const variant = pickVariant(modelVariants(listing.files, wanted.id), file, wanted.id);
    const record = await cache.download(client, listing, variant, {
      delay: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
      onProgress: tellProgress(options.progress, wanted.id),
      onWait: () => options.progress('Another process downloads a model; waiting for it.'),
    });
    return cache.open(record);
  } catch (error) {
    if (!(error instanceof HubError) || !error.transient) throw error;
    const models = await cache.list();
    const cached = models.find(
      (m) =>
        m.whole && m.id === wanted.id && wanted.revision === m.revision && (file ?? m.variant) === m.variant,
    );
    if (!cached) throw error;
    options.progress(`${error.problem} Taking ${cached.id} at commit ${cached.commit} from the cache.`);
    return cache.open(cached);
  }
}

/** The Hub or, as for Hugging Face's own tools, the mirror that HF_ENDPOINT names. */
function hubUrl(environment: NodeJS.ProcessEnv): string {
  const endpoint = environment.HF_ENDPOINT;
  if (!endpoint) return OFFICIAL_HUB;
  try {
    const url = new URL(endpoint);
    if (/^https?:$/.test(url.protocol) && url.pathname === '/') return url.origin;
  } catch {
    // Told below.
  }
  throw new InputError(
    'HF_ENDPOINT',
    `is ${endpoint}.`,
    'Let it name the origin of a mirror, such as https://hub.example.',
  );
}

/** One line when a file begins, and one for every tenth of a large one. */
function tellProgress(progress: (line: string) => void, id: string): (p: ModelProgress) => void {
  let last = '';
  return ({ state, file, bytes, done, allBytes }) => {
    if (state === 'checking' && done === 0) return;
    const tenth = bytes > 50e6 ? Math.floor((10 * done) / bytes) * 10 : 100;
    const line =
      state === 'waiting'
        ? `${file}: the connection failed; trying again`
        : `${id}: ${state} ${file}${tenth < 100 ? `, ${tenth} %` : ''} (${(bytes / 1e6).toFixed(1)} of ${(allBytes / 1e6).toFixed(1)} MB)`;
    if (line !== last) progress(line);
    last = line;
  };
}
