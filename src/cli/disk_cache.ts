/** @file The cache of models in the terminal: a directory with the files, their records as JSON, and a lock file. */
import { mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import {
  type CacheHost,
  type FileStorage,
  NoRoomError,
  type PartFile,
  type Records,
} from '../store/cache_host.ts';

/** $XDG_CACHE_HOME/tabtune, else ~/.cache/tabtune: https://specifications.freedesktop.org/basedir-spec/latest/ */
export function cacheDirectory(environment: NodeJS.ProcessEnv = process.env): string {
  const base = environment.XDG_CACHE_HOME || join(homedir(), '.cache');
  return join(base, 'tabtune');
}

/** How often a process that waits for another looks again, in milliseconds. */
const POLL_MS = 500;

export function diskCache(directory: string): CacheHost {
  const models = join(directory, 'models');
  return {
    files: diskFiles(models),
    records: diskRecords(join(directory, 'records')),
    async exclusive(work, signal, onWait) {
      await mkdir(directory, { recursive: true });
      const release = await takeLock(join(directory, 'lock'), signal, onWait);
      try {
        return await work();
      } finally {
        await release();
      }
    },
    async room() {
      await mkdir(models, { recursive: true });
      const { bavail, bsize } = await statfs(models);
      return { usage: 0, quota: bavail * bsize };
    },
    roomCure: `Free disk space, or let XDG_CACHE_HOME name a directory on another disk (now ${directory}).`,
  };
}

function diskFiles(folder: string): FileStorage {
  const path = (name: string) => join(folder, name);
  return {
    async list() {
      const names = await readdir(folder).catch(orNothing([]));
      return Promise.all(names.map(async (name) => ({ name, bytes: (await stat(path(name))).size })));
    },
    async open(name) {
      const found = await stat(path(name)).catch(orNothing(null));
      if (!found?.isFile()) return null;
      return {
        bytes: found.size,
        modifiedAt: found.mtimeMs,
        async read(offset, length) {
          const handle = await open(path(name));
          try {
            return await readAt(handle, offset, length);
          } finally {
            await handle.close();
          }
        },
      };
    },
    async openPart(name) {
      await mkdir(folder, { recursive: true });
      // 'a+' would ignore positions, 'w+' would empty the file.
      return partFile(await open(path(name), 'r+').catch(() => open(path(name), 'w+')));
    },
    rename: (from, to) => rename(path(from), path(to)),
    remove: (name) => rm(path(name), { force: true }),
  };
}

type Handle = Awaited<ReturnType<typeof open>>;

async function readAt(handle: Handle, offset: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let count = 0;
  while (count < length) {
    const { bytesRead } = await handle.read(bytes, count, length - count, offset + count);
    if (bytesRead === 0) break;
    count += bytesRead;
  }
  return bytes.subarray(0, count);
}

function partFile(handle: Handle): PartFile {
  return {
    size: async () => (await handle.stat()).size,
    read: (offset, length) => readAt(handle, offset, length),
    async write(offset, bytes) {
      for (let at = 0; at < bytes.length; ) {
        const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, offset + at).catch(roomOr);
        at += bytesWritten;
      }
    },
    truncate: (size) => handle.truncate(size),
    flush: () => handle.sync().catch(roomOr),
    close: () => handle.close(),
  };
}

/** One JSON file per key; keys hold slashes, which names of files cannot. */
function diskRecords(folder: string): Records {
  const path = (key: string) => join(folder, `${encodeURIComponent(key)}.json`);
  return {
    async keys() {
      const names = await readdir(folder).catch(orNothing([]));
      return names
        .filter((n) => n.endsWith('.json'))
        .map((n) => decodeURIComponent(n.slice(0, -'.json'.length)));
    },
    async get(key) {
      const text = await readFile(path(key), 'utf8').catch(orNothing(undefined));
      try {
        return text === undefined ? undefined : JSON.parse(text);
      } catch {
        // Torn or altered: the same as none.
        return undefined;
      }
    },
    async set(key, value) {
      await mkdir(folder, { recursive: true });
      const fresh = `${path(key)}.new`;
      await writeFile(fresh, JSON.stringify(value), { flush: true }).catch(roomOr);
      await rename(fresh, path(key));
    },
    delete: (key) => rm(path(key), { force: true }),
  };
}

/**
 * A file that holds the number of the process that writes to the cache. One that was left behind by a process which is
 * no more is taken over.
 */
async function takeLock(
  path: string,
  signal?: AbortSignal,
  onWait?: () => void,
): Promise<() => Promise<void>> {
  for (let told = false; ; ) {
    signal?.throwIfAborted();
    try {
      await writeFile(path, String(process.pid), { flag: 'wx' });
      return () => rm(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = Number(await readFile(path, 'utf8').catch(() => ''));
    if (holder > 0 && !isAlive(holder)) {
      await rm(path, { force: true });
      continue;
    }
    if (!told) onWait?.();
    told = true;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It lives, but belongs to someone else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function roomOr(error: NodeJS.ErrnoException): never {
  throw error.code === 'ENOSPC' || error.code === 'EDQUOT' ? new NoRoomError() : error;
}

/** For what may not be there. */
const orNothing =
  <T>(nothing: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === 'ENOENT') return nothing;
    throw error;
  };
