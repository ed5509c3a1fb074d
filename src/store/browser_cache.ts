/** @file The cache of models in a browser: bytes in the private file system, records in IndexedDB, Web Locks between tabs. */
import { del, get, keys, set, type UseStore } from 'idb-keyval';
import type { CacheHost, Records } from './cache_host.ts';
import { opfsStorage } from './opfs_storage.ts';
import { strictStore } from './strict_store.ts';

const FOLDER = 'models';
const LOCK = 'tabtune/models';

/** Usable in workers; in a page everything but writing works. */
export function browserCache(): CacheHost {
  return {
    files: opfsStorage(FOLDER),
    records: idbRecords(strictStore('tabtune-models', 'models')),
    exclusive: withLock,
    async room() {
      const { usage, quota } = await navigator.storage.estimate();
      return usage === undefined || quota === undefined ? null : { usage, quota };
    },
    roomCure: 'Delete other models from the list, free disk space, or leave private browsing.',
  };
}

function idbRecords(store: UseStore): Records {
  return {
    keys: async () => (await keys<IDBValidKey>(store)).map(String),
    get: (key) => get<unknown>(key, store),
    set: (key, value) => set(key, value, store),
    delete: (key) => del(key, store),
  };
}

async function withLock<T>(work: () => Promise<T>, signal?: AbortSignal, onWait?: () => void): Promise<T> {
  const granted = await navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) =>
    lock ? { value: await work() } : null,
  );
  if (granted) return granted.value;
  onWait?.();
  return navigator.locks.request(LOCK, signal ? { signal } : {}, work) as Promise<T>;
}
