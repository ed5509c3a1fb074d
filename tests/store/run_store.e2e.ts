/** @file Runs in a real IndexedDB: nothing saved is lost, and nothing torn is taken for a run. */
import { describe, expect, it } from 'vitest';
import { useStorePage } from './store_page.ts';

const tab = useStorePage(`(async () => {
  const { RunStore } = await import('/src/store/run_store.ts');
  const { strictStore } = await import('/src/store/strict_store.ts');
  let clock = 0;
  globalThis.runs = new RunStore(strictStore('test', 'runs'), () => ++clock);
  // Replaces a stored value behind the store's back.
  globalThis.tamper = (key, change) => new Promise((resolve, reject) => {
    const request = indexedDB.open('test');
    request.onsuccess = () => {
      const store = request.result.transaction('runs', 'readwrite').objectStore('runs');
      store.get(key).onsuccess = (event) => {
        const value = change(event.target.result);
        if (value === undefined) store.delete(key);
        else store.put(value, key);
      };
      store.transaction.oncomplete = () => { request.result.close(); resolve(); };
      store.transaction.onerror = () => reject(store.transaction.error);
    };
  });
})()`);

interface Loaded {
  readonly record: { readonly run: string; readonly status: string };
  readonly checkpoints: ReadonlyMap<string, Uint8Array>;
  readonly damaged: readonly string[];
}
declare const runs: {
  begin(run: string, request: unknown): Promise<void>;
  save(run: string, phase: string, data: Uint8Array): Promise<unknown>;
  end(run: string, status: string): Promise<void>;
  load(run: string): Promise<Loaded | null>;
  latest(): Promise<Loaded | null>;
  list(): Promise<readonly string[]>;
};

/** What `latest` gives, as plain values. */
const latest = () =>
  tab.page.evaluate(async () => {
    const loaded = await runs.latest();
    return (
      loaded && {
        run: loaded.record.run,
        status: loaded.record.status,
        checkpoints: [...loaded.checkpoints].map(([phase, data]) => [phase, [...data]] as const),
        damaged: loaded.damaged,
      }
    );
  });

const saveTwo = () =>
  tab.page.evaluate(async () => {
    await runs.begin('a', { questions: 2 });
    await runs.save('a', 'sft', new Uint8Array([1, 2, 3]));
    await runs.save('a', 'stage1', new Uint8Array([4, 5]));
  });

describe('RunStore', () => {
  it('has nothing at first', async () => {
    expect(await latest()).toBeNull();
  });

  it('gives back what was saved, after a reload too', async () => {
    await saveTwo();
    await tab.page.evaluate(() => runs.end('a', 'finished'));
    await tab.open();
    expect(await latest()).toEqual({
      run: 'a',
      status: 'finished',
      checkpoints: [
        ['sft', [1, 2, 3]],
        ['stage1', [4, 5]],
      ],
      damaged: [],
    });
  });

  it('still says "running" of a run that was cut off', async () => {
    await saveTwo();
    await tab.open();
    expect((await latest())?.status).toBe('running');
  });

  it.each([
    ['an altered byte', '(v) => ({ ...v, data: new Uint8Array([4, 6]) })', 'altered'],
    ['a missing byte', '(v) => ({ ...v, data: v.data.slice(0, 1) })', '1 of 2 bytes'],
    ['a missing value', '() => undefined', 'not there'],
    ['a value of another kind', '() => "text"', 'not a checkpoint'],
  ])('refuses a checkpoint with %s and keeps the rest', async (_, change, sentence) => {
    await saveTwo();
    await tab.page.evaluate(`tamper('ckpt/a/stage1', ${change})`);
    const loaded = await latest();
    expect(loaded?.checkpoints.map(([phase]) => phase)).toEqual(['sft']);
    expect(loaded?.damaged).toHaveLength(1);
    expect(loaded?.damaged[0]).toContain(sentence);
  });

  it('refuses to write a checkpoint twice, and a run twice', async () => {
    await saveTwo();
    await expect(tab.page.evaluate(() => runs.save('a', 'sft', new Uint8Array(1)))).rejects.toThrow('exists');
    await expect(tab.page.evaluate(() => runs.begin('a', {}))).rejects.toThrow('exists');
    expect((await latest())?.checkpoints).toHaveLength(2);
  });

  it('writes nothing at all where there is no room, and keeps what there was', async () => {
    // Before the first write, since Chromium remembers for a while how much room there was.
    const session = await tab.context.newCDPSession(tab.page);
    const origin = new URL(tab.page.url()).origin;
    await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: 1_000_000 });
    await saveTwo();
    const error = await tab.page.evaluate(() => {
      // Bytes that do not compress, far more than fit.
      const data = new Uint8Array(4_000_000).map(() => Math.random() * 256);
      return runs.save('a', 'stage2', data).then(
        () => null,
        (e: Error) => e.name,
      );
    });
    expect(error).toBe('QuotaExceededError');
    const loaded = await latest();
    expect(loaded?.checkpoints.map(([phase]) => phase)).toEqual(['sft', 'stage1']);
    expect(loaded?.damaged).toEqual([]);
  });

  it('keeps the three newest runs, with their checkpoints only', async () => {
    const keys = await tab.page.evaluate(async () => {
      for (const run of ['a', 'b', 'c', 'd']) {
        await runs.begin(run, {});
        await runs.save(run, 'x', new Uint8Array([1]));
        await runs.end(run, 'finished');
      }
      const db = await new Promise<IDBDatabase>((resolve) => {
        const request = indexedDB.open('test');
        request.onsuccess = () => resolve(request.result);
      });
      return new Promise<IDBValidKey[]>((resolve) => {
        const request = db.transaction('runs').objectStore('runs').getAllKeys();
        request.onsuccess = () => resolve(request.result);
      });
    });
    expect(keys).toEqual(['ckpt/b/x', 'ckpt/c/x', 'ckpt/d/x', 'run/b', 'run/c', 'run/d', 'runs']);
  });

  it('opens the database anew when it was closed by another tab', async () => {
    await saveTwo();
    await tab.page.evaluate(
      () =>
        new Promise<void>((resolve, reject) => {
          const request = indexedDB.open('test', 2);
          request.onsuccess = () => {
            request.result.close();
            resolve();
          };
          request.onerror = () => reject(request.error);
        }),
    );
    // Version 2 is newer than what the store asks for: it says so instead of hanging.
    await expect(latest()).rejects.toThrow(/version/i);
  });
});
