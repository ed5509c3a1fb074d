/** @file Downloads from a Hub that misbehaves: nothing wrong is kept, nothing right is fetched twice. */
import { existsSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NoRoomError } from '../../src/store/cache_host.ts';
import { HubError } from '../../src/store/hub_error.ts';
import { ModelCache, type ModelProgress } from '../../src/store/model_cache.ts';
import type { ModelKey } from '../../src/store/model_record.ts';
import { contentOf, TOKEN } from './hub_server.ts';
import { type Bench, MODEL, noise, openBench, SMALL_FILES, WEIGHT_BYTES, WEIGHTS } from './support.ts';

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const blobs = () => {
  const folder = join(bench.directory, 'models');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
};
const weightsBlob = () => `sha256-${bench.hub.file(MODEL, WEIGHTS).oid}`;
const pathOf = (blob: string) => join(bench.directory, 'models', blob);
const weightsServed = () => bench.hub.served.get(WEIGHTS) ?? 0;
/** The model can be opened, and its weights are those of the server. */
async function expectWeights(record: ModelKey): Promise<void> {
  const bytes = await (await bench.cache.open(record)).read(WEIGHTS);
  // Matchers compare arrays element by element, which takes seconds.
  expect(Buffer.compare(bytes, noise('weights', WEIGHT_BYTES))).toBe(0);
}
const rejection = (promise: Promise<unknown>): Promise<HubError> =>
  promise.then(
    () => {
      throw new Error('It did not fail.');
    },
    (error) => error as HubError,
  );

describe('a download', () => {
  it('brings every file that is needed, and no other', async () => {
    const record = await bench.download();
    expect(record.files.map((file) => file.name)).toEqual([
      'config.json',
      'tokenizer.json',
      'tokenizer_config.json',
      WEIGHTS,
    ]);
    const source = await bench.cache.open(record);
    expect(await source.list()).toContain(WEIGHTS);
    await expectWeights(record);
    expect(await source.read(WEIGHTS, 1000, 5)).toEqual(noise('weights', 1005).subarray(1000));
    expect(await bench.cache.list()).toMatchObject([
      { id: MODEL, whole: true, present: record.files.reduce((n, f) => n + f.bytes, 0) },
    ]);
    expect(blobs().some((name) => name.endsWith('.part'))).toBe(false);
    expect(bench.hub.served.has('README.md')).toBe(false);
  });

  it('is not done twice', async () => {
    await bench.download();
    await bench.download();
    expect(weightsServed()).toBe(WEIGHT_BYTES);
  });

  it('tells of its progress, which never falls', async () => {
    const seen: ModelProgress[] = [];
    await bench.download({ onProgress: (p) => seen.push(p) });
    expect(seen.map((p) => p.allDone)).toEqual(seen.map((p) => p.allDone).toSorted((a, b) => a - b));
    expect(seen.at(-1)?.allDone).toBe(seen[0]?.allBytes);
  });

  it('goes on by itself where the connection drops, without fetching anything twice', async () => {
    bench.hub.fail(WEIGHTS, { kind: 'drop', after: 200_000 }, { kind: 'drop', after: 200_000 });
    const record = await bench.download();
    await expectWeights(record);
    // What the server counts as sent may still have been on its way when it dropped the connection.
    expect(weightsServed()).toBeGreaterThanOrEqual(WEIGHT_BYTES);
    expect(weightsServed()).toBeLessThanOrEqual(WEIGHT_BYTES + 400_000);
    expect(bench.waits.length).toBe(2);
  });

  it('goes on in a later process from where it was cancelled', async () => {
    const stop = new AbortController();
    const reason = new Error('cancelled');
    bench.hub.pieceDelay = 2;
    const cancelled = bench.download({
      signal: stop.signal,
      onProgress: ({ file, done }) => {
        if (file === WEIGHTS && done >= 300_000) stop.abort(reason);
      },
    });
    expect(await rejection(cancelled)).toBe(reason);
    const kept = readFileSync(pathOf(`${weightsBlob()}.part`)).length;
    expect(kept).toBeGreaterThanOrEqual(300_000);
    expect(kept).toBeLessThan(WEIGHT_BYTES);
    expect(await bench.cache.list()).toMatchObject([{ whole: false }]);
    bench.hub.served.clear();
    bench.hub.requests.length = 0;
    await bench.download();
    expect(weightsServed()).toBe(WEIGHT_BYTES - kept);
    expect(bench.hub.served.has('tokenizer.json')).toBe(false);
    expect(bench.hub.requests).toContain(`GET /storage/${MODEL}/${WEIGHTS} bytes=${kept}-`);
  });

  it.each([
    ['a body that ends early as if it were whole', { kind: 'short', after: 300_000 }],
    ['a connection that falls silent', { kind: 'stall', after: 300_000 }],
    ['a fault of the server', { kind: 'status', status: 503 }],
    ['429 with a short wait', { kind: 'status', status: 429, headers: { 'retry-after': '7' } }],
  ] as const)('survives %s', async (_, fault) => {
    bench.hub.fail(WEIGHTS, fault);
    const record = await bench.download();
    await expectWeights(record);
    if (fault.kind === 'status' && fault.status === 429) expect(bench.waits).toEqual([7000]);
  });

  it('gives up after some failures in a row, keeps what it has, and says so', async () => {
    bench.hub.fail(WEIGHTS, ...Array.from({ length: 9 }, () => ({ kind: 'drop', after: 70_000 }) as const));
    const error = await rejection(bench.download());
    expect(error).toBeInstanceOf(HubError);
    expect(error).toMatchObject({ kind: 'unreachable', place: `${MODEL}/${WEIGHTS}` });
    expect(error.cure).toContain('kept');
    expect(await rejection(bench.cache.open((await bench.cache.list())[0]!))).toMatchObject({
      problem: expect.stringContaining('not in the cache'),
    });
    bench.hub.faults.clear();
    await bench.download();
  });

  it('does not wait as long as the Hub may ask for, but says how long', async () => {
    bench.hub.fail(WEIGHTS, { kind: 'status', status: 429, headers: { 'retry-after': '3600' } });
    const error = await rejection(bench.download());
    expect(error).toMatchObject({ kind: 'busy', retryAfter: 3600 });
    expect(error.cure).toContain('3600 seconds');
    expect(bench.waits).toEqual([]);
  });

  it.each([
    ['flipped bit', [{ kind: 'flip', at: 123_456 }]],
    [
      'flipped bit in a resumed rest',
      [
        { kind: 'drop', after: 100_000 },
        { kind: 'flip', at: 500_000 },
      ],
    ],
  ] as const)('refuses a %s, and keeps none of the file', async (_, faults) => {
    bench.hub.fail(WEIGHTS, ...faults);
    const error = await rejection(bench.download());
    expect(error).toMatchObject({ kind: 'altered', place: `${MODEL}/${WEIGHTS}` });
    expect(blobs()).not.toContain(weightsBlob());
    expect(readFileSync(pathOf(`${weightsBlob()}.part`)).length).toBe(0);
    expect(await bench.cache.list()).toMatchObject([{ whole: false }]);
    await bench.download();
  });

  it('refuses a flipped bit in a small file, by the id of its git blob', async () => {
    bench.hub.fail('tokenizer.json', { kind: 'flip', at: 3 });
    expect(await rejection(bench.download())).toMatchObject({
      kind: 'altered',
      place: `${MODEL}/tokenizer.json`,
    });
  });

  it('refuses more bytes than the file has', async () => {
    bench.hub.fail(WEIGHTS, { kind: 'long', extra: 3 });
    expect(await rejection(bench.download())).toMatchObject({
      kind: 'strange',
      problem: expect.stringContaining('more than'),
    });
    expect(readFileSync(pathOf(`${weightsBlob()}.part`)).length).toBe(0);
  });

  it('refuses another range than it asked for', async () => {
    bench.hub.fail(WEIGHTS, { kind: 'drop', after: 200_000 }, { kind: 'wrong-range' });
    expect(await rejection(bench.download())).toMatchObject({
      kind: 'strange',
      problem: expect.stringContaining('were asked for'),
    });
  });

  it('starts a file anew where the server does not go on', async () => {
    bench.hub.fail(WEIGHTS, { kind: 'drop', after: 200_000 }, { kind: 'ignore-range' });
    const record = await bench.download();
    await expectWeights(record);
  });

  it.each([true, false])('starts a file anew where its ETag changed (If-Range: %s)', async (unrestricted) => {
    bench.hub.fail(WEIGHTS, ...Array.from({ length: 4 }, () => ({ kind: 'drop', after: 70_000 }) as const));
    await rejection(bench.download({}, bench.client({ unrestricted })));
    bench.hub.faults.clear();
    bench.hub.file(MODEL, WEIGHTS).etag = '"another"';
    bench.hub.served.clear();
    await bench.download({}, bench.client({ unrestricted }));
    expect(weightsServed()).toBeGreaterThanOrEqual(WEIGHT_BYTES);
  });

  it.each([
    ['altered', (path: string) => writeFileSync(path, noise('other', 300_000))],
    ['too long', (path: string) => writeFileSync(path, noise('weights', WEIGHT_BYTES + 1))],
    ['complete, but wrong', (path: string) => writeFileSync(path, noise('other', WEIGHT_BYTES))],
  ])('does not build on a part that is %s', async (_, spoil) => {
    await bench.download();
    await bench.cache.remove((await bench.cache.list())[0]!);
    spoil(pathOf(`${weightsBlob()}.part`));
    const record = await bench.download();
    await expectWeights(record);
  });

  it('fetches nothing where a complete part is right', async () => {
    await bench.download();
    await bench.cache.remove((await bench.cache.list())[0]!);
    writeFileSync(pathOf(`${weightsBlob()}.part`), noise('weights', WEIGHT_BYTES));
    bench.hub.served.clear();
    await bench.download();
    expect(weightsServed()).toBe(0);
  });

  it('follows redirects to hosts of the Hub only', async () => {
    bench.hub.fail(WEIGHTS, { kind: 'redirect', to: 'http://127.0.0.2:9/elsewhere' });
    const error = await rejection(bench.download());
    expect(error).toMatchObject({ kind: 'strange', problem: expect.stringContaining('127.0.0.2:9') });
    bench.hub.fail(WEIGHTS, { kind: 'redirect', to: `/storage/${MODEL}/${WEIGHTS}` });
    await bench.download();
  });

  it('says what a full disk needs, and keeps what it has', async () => {
    const { host } = bench;
    let room = 400_000;
    const full = new ModelCache(
      {
        ...host,
        room: async () => null,
        files: {
          ...host.files,
          async openPart(name) {
            const part = await host.files.openPart(name);
            return {
              ...part,
              async write(offset, bytes) {
                room -= bytes.length;
                if (room < 0) throw new NoRoomError();
                await part.write(offset, bytes);
              },
            };
          },
        },
      },
      () => 0,
    );
    const client = bench.client();
    const listing = await client.list({ id: MODEL, revision: 'main' });
    const variant = { name: 'safetensors', files: listing.files, bytes: 0 };
    const options = { delay: async () => {} };
    const error = await rejection(full.download(client, listing, variant, options));
    expect(error).toMatchObject({ place: MODEL, problem: expect.stringContaining('no room') });
    expect(error.cure).toContain('Free disk space');
    expect(readFileSync(pathOf(`${weightsBlob()}.part`)).length).toBeGreaterThan(250_000);
    bench.hub.served.clear();
    room = Number.POSITIVE_INFINITY;
    await full.download(client, listing, variant, options);
    expect(weightsServed()).toBeLessThan(WEIGHT_BYTES - 250_000);
  });

  it('refuses beforehand what the host says has no room', async () => {
    const small = new ModelCache(
      { ...bench.host, room: async () => ({ usage: 0, quota: WEIGHT_BYTES }) },
      () => 0,
    );
    const client = bench.client();
    const listing = await client.list({ id: MODEL, revision: 'main' });
    const download = small.download(
      client,
      listing,
      { name: 'x', files: listing.files, bytes: 0 },
      { delay: async () => {} },
    );
    expect((await rejection(download)).problem).toContain('no room');
    expect(weightsServed()).toBe(0);
  });

  it('is done once where two ask at the same time', async () => {
    let waited = 0;
    const client = bench.client();
    const options = { onWait: () => waited++ };
    await Promise.all([bench.download(options, client), bench.download(options, client)]);
    expect(weightsServed()).toBe(WEIGHT_BYTES);
    expect(waited).toBe(1);
  });

  it('takes over the lock of a process that is no more', async () => {
    writeFileSync(join(bench.directory, 'lock'), '999999999');
    await bench.download();
    expect(existsSync(join(bench.directory, 'lock'))).toBe(false);
  });
});

describe('a gated model', () => {
  const GATED = 'someone/gated';
  beforeEach(() => bench.hub.addModel(GATED, { ...SMALL_FILES, [WEIGHTS]: noise('g', 1000) }, true));

  it('asks for a token', async () => {
    const error = await rejection(bench.download({}, bench.client(), GATED));
    expect(error).toMatchObject({ kind: 'token', place: `${GATED}/config.json` });
    expect(error.cure).toContain('token');
  });

  it('says that a token is not enough', async () => {
    const error = await rejection(bench.download({}, bench.client({ token: () => 'hf_wrong' }), GATED));
    expect(error).toMatchObject({ kind: 'token', problem: expect.stringContaining('your token') });
  });

  it('comes with the right token, which is nowhere on disk', async () => {
    const record = await bench.download({}, bench.client({ token: () => TOKEN }), GATED);
    expect(record.files).toHaveLength(4);
    const stored = readdirSync(bench.directory, { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile())
      .map((e) => readFileSync(join(e.parentPath, e.name), 'latin1'));
    expect(stored.length).toBeGreaterThan(4);
    expect(stored.filter((text) => text.includes(TOKEN))).toEqual([]);
  });
});

describe('the cache', () => {
  it.each([
    ['altered', () => writeFileSync(pathOf(weightsBlob()), noise('other', WEIGHT_BYTES)), 'altered'],
    ['cut', () => truncateSync(pathOf(weightsBlob()), 1000), '1000 of'],
    ['removed', () => writeFileSync(pathOf(weightsBlob()), ''), '0 of'],
  ])(
    'does not open a model with a file that was %s, and mends it by a download',
    async (_, spoil, sentence) => {
      const record = await bench.download();
      spoil();
      expect(await rejection(bench.cache.open(record))).toMatchObject({
        problem: expect.stringContaining(sentence),
      });
      expect(await bench.cache.record(record)).toBeNull();
      bench.hub.served.clear();
      await bench.download();
      expect(bench.hub.served.has('tokenizer.json')).toBe(false);
      await expectWeights(record);
    },
  );

  it('takes a model for none while it is being mended', async () => {
    const record = await bench.download();
    writeFileSync(pathOf(weightsBlob()), noise('other', WEIGHT_BYTES));
    bench.hub.fail(WEIGHTS, { kind: 'status', status: 404 });
    await rejection(bench.download());
    expect(await bench.cache.record(record)).toBeNull();
    expect(await bench.cache.list()).toMatchObject([{ whole: false }]);
  });

  it.each(['not json', '{}', '{"schema":1,"files":[{"name":"../../x"}]}'])(
    'takes the record %s for none',
    async (text) => {
      const record = await bench.download();
      const folder = join(bench.directory, 'records');
      const [file] = readdirSync(folder).filter((name) => name.startsWith('model'));
      writeFileSync(join(folder, file!), text);
      expect(await bench.cache.record(record)).toBeNull();
      expect(await bench.cache.list()).toEqual([]);
    },
  );

  it('deletes a model, but no file that another one has', async () => {
    const other = 'someone/other';
    bench.hub.addModel(other, { ...SMALL_FILES, [WEIGHTS]: contentOf(noise('o', 5000)) });
    const first = await bench.download();
    const second = await bench.download({}, bench.client(), other);
    await bench.cache.remove(first);
    expect(blobs()).not.toContain(weightsBlob());
    expect(await (await bench.cache.open(second)).read('tokenizer.json')).toEqual(
      new TextEncoder().encode(SMALL_FILES['tokenizer.json']),
    );
    await bench.cache.remove(second);
    expect(blobs()).toEqual([]);
    expect(readdirSync(join(bench.directory, 'records'))).toEqual([]);
  });

  it('deletes nothing while a download runs', async () => {
    bench.hub.pieceDelay = 5;
    const record = await bench.download();
    await bench.cache.remove(record);
    const running = bench.download();
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect((await rejection(bench.cache.remove(record))).problem).toContain('a download runs');
    await running;
  });
});
