/** @file A model of the Hub in the terminal: downloaded into the cache directory once, then read from there. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ByteSource } from '../formats/byte_source.ts';
import { HubClient } from '../store/hub.ts';
import { HubError } from '../store/hub_error.ts';
import { parseHubId } from '../store/hub_id.ts';
import { ModelCache } from '../store/model_cache.ts';
import { modelVariants, pickVariant } from '../store/model_files.ts';
import { cacheDirectory, diskCache } from './disk_cache.ts';
import { hubAccess, inTerminal, tellDownload } from './hub_access.ts';

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
  const client = new HubClient(hubAccess(environment));
  const cache = new ModelCache(diskCache(cacheDirectory(environment)), Date.now);
  try {
    const listing = await client.list(wanted);
    const variant = pickVariant(modelVariants(listing.files, wanted.id), file, wanted.id);
    const record = await cache.download(client, listing, variant, {
      delay: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
      onProgress: tellDownload(options.progress, wanted.id),
      onWait: () => options.progress('Another process downloads a model; waiting for it.'),
    });
    return cache.open(record);
  } catch (error) {
    if (!(error instanceof HubError) || !error.transient) throw inTerminal(error);
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
