/** @file What tests of the Hub share: a server with a small model, a client, a cache in a temporary directory. */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diskCache } from '../../src/cli/disk_cache.ts';
import type { CacheHost } from '../../src/store/cache_host.ts';
import { HubClient } from '../../src/store/hub.ts';
import type { HubAccess } from '../../src/store/hub_fetch.ts';
import { ModelCache, type ModelDownloadOptions } from '../../src/store/model_cache.ts';
import { modelVariants, pickVariant } from '../../src/store/model_files.ts';
import type { ModelRecord } from '../../src/store/model_record.ts';
import { type Content, HubServer } from './hub_server.ts';

export const MODEL = 'someone/small-llama';
export const WEIGHTS = 'model.safetensors';
export const WEIGHT_BYTES = 700_001;

/** Bytes that do not repeat, the same for the same seed. */
export function noise(seed: string, bytes: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  for (let i = 0; i * 32 < bytes; i++) blocks.push(createHash('sha256').update(`${seed} ${i}`).digest());
  return new Uint8Array(Buffer.concat(blocks).subarray(0, bytes));
}

/**
 * A safetensors file of any size that is made as it is read: tensors "t0", "t1" ... of one MiB of f32, whose values
 * are noise with the tensor's number in the first 4 bytes.
 */
export function syntheticCheckpoint(tensors: number): Content {
  const size = 2 ** 20;
  const block = noise('checkpoint', size);
  const entries = Array.from({ length: tensors }, (_, i) => [
    `t${i}`,
    { dtype: 'F32', shape: [512, 512], data_offsets: [i * size, (i + 1) * size] },
  ]);
  const json = JSON.stringify(Object.fromEntries(entries));
  const text = new TextEncoder().encode(json.padEnd(Math.ceil(json.length / 8) * 8));
  const head = new Uint8Array(8 + text.length);
  new DataView(head.buffer).setBigUint64(0, BigInt(text.length), true);
  head.set(text, 8);
  const start = head.length;
  return {
    bytes: start + tensors * size,
    read(offset, length) {
      const piece = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        const position = offset + at;
        if (position < start) {
          const part = head.subarray(position, Math.min(start, offset + length));
          piece.set(part, at);
          at += part.length;
          continue;
        }
        const tensor = Math.floor((position - start) / size);
        const within = (position - start) % size;
        const part = block.subarray(within, Math.min(size, within + length - at));
        piece.set(part, at);
        const number = new Uint8Array(Uint32Array.of(tensor).buffer);
        for (let i = within; i < Math.min(4, within + part.length); i++) piece[at + i - within] = number[i]!;
        at += part.length;
      }
      return piece;
    },
  };
}

export const SMALL_FILES = {
  'config.json': JSON.stringify({ model_type: 'llama', hidden_size: 64 }),
  'tokenizer.json': JSON.stringify({ model: { type: 'BPE' } }),
  'tokenizer_config.json': '{}',
  'README.md': '# A model',
};

export interface Bench {
  readonly hub: HubServer;
  readonly host: CacheHost;
  readonly cache: ModelCache;
  readonly directory: string;
  /** Milliseconds that downloads waited. */
  readonly waits: number[];
  client(options?: Partial<HubAccess>): HubClient;
  download(options?: Partial<ModelDownloadOptions>, client?: HubClient, id?: string): Promise<ModelRecord>;
  close(): Promise<void>;
}

/** A server that has {@link MODEL}, and an empty cache. */
export async function openBench(): Promise<Bench> {
  const hub = await HubServer.start();
  hub.addModel(MODEL, { ...SMALL_FILES, [WEIGHTS]: noise('weights', WEIGHT_BYTES) });
  const directory = mkdtempSync(join(tmpdir(), 'tabtune-hub-'));
  const host = diskCache(directory);
  const cache = new ModelCache(host, () => 1000);
  const waits: number[] = [];
  const client = (options: Partial<HubAccess> = {}) =>
    new HubClient({
      hubUrl: hub.url,
      fetch,
      token: () => null,
      now: Date.now,
      unrestricted: true,
      stallMs: 2000,
      ...options,
    });
  return {
    hub,
    host,
    cache,
    directory,
    waits,
    client,
    async download(options = {}, from = client(), id = MODEL) {
      const listing = await from.list({ id, revision: 'main' });
      return cache.download(from, listing, pickVariant(modelVariants(listing.files, id), null, id), {
        delay: async (ms) => void waits.push(ms),
        ...options,
      });
    },
    async close() {
      await hub.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
