/** @file The Hub's client: names, listings, which files make a model, and what each refusal means. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { retryAfterSeconds } from '../../src/store/hub_error.ts';
import { isHubAddress, OFFICIAL_HUB } from '../../src/store/hub_fetch.ts';
import { looksLikeHubId, parseHubId } from '../../src/store/hub_id.ts';
import { checkShardIndex, modelVariants, pickVariant } from '../../src/store/model_files.ts';
import { type Bench, MODEL, openBench, SMALL_FILES, WEIGHT_BYTES, WEIGHTS } from './support.ts';

describe('parseHubId', () => {
  it.each([
    ['HuggingFaceTB/SmolLM2-135M', 'HuggingFaceTB/SmolLM2-135M', 'main'],
    [' a/b@refs/pr/3 ', 'a/b', 'refs/pr/3'],
    ['https://huggingface.co/a/b.c_d', 'a/b.c_d', 'main'],
    ['https://huggingface.co/a/b/tree/v1.0', 'a/b', 'v1.0'],
    ['huggingface.co/a/b/', 'a/b', 'main'],
  ])('reads %j', (text, id, revision) => {
    expect(parseHubId(text)).toEqual({ id, revision });
  });

  it.each([
    '',
    'a',
    'a/b/c',
    '../b',
    'a/..',
    'a/b--c',
    '-a/b',
    'a/b@',
    'a/b@../x',
    'a b/c',
    'http://evil.example/a/b',
  ])('refuses %j', (text) => {
    expect(() => parseHubId(text)).toThrow(/is no name of a model|names no revision/);
  });

  it('tells names from paths', () => {
    expect(looksLikeHubId('org/name@main')).toBe(true);
    expect(looksLikeHubId('./model')).toBe(false);
    expect(looksLikeHubId('/models/llama')).toBe(false);
  });
});

describe('hosts', () => {
  it.each([
    [`${OFFICIAL_HUB}/a`, true],
    ['https://cas-bridge.xethub.hf.co/x', true],
    ['https://us.gcp.cdn.hf.co/x', true],
    ['https://cdn-lfs.huggingface.co/x', true],
    ['http://huggingface.co/x', false],
    ['https://huggingface.co.evil.example/x', false],
    ['https://evilhuggingface.co/x', false],
    ['https://hf.co.evil.example/x', false],
    ['https://evilhf.co/x', false],
    ['https://user@cdn.hf.co/x', false],
    ['https://cdn.hf.co:8443/x', false],
    ['http://127.0.0.1:1/x', false],
  ])('%s: %s', (url, allowed) => {
    expect(isHubAddress(url, OFFICIAL_HUB)).toBe(allowed);
  });
});

describe('retryAfterSeconds', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');
  it.each([
    [{ 'retry-after': '12' }, 12],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }, 60],
    [{ ratelimit: '"api";r=0;t=55' }, 55],
    [{ 'retry-after': '99999999' }, 86_400],
    [{ 'retry-after': 'soon' }, null],
    [{}, null],
  ])('%j: %s', (headers, seconds) => {
    expect(retryAfterSeconds(new Headers(headers as Record<string, string>), now)).toBe(seconds);
  });
});

describe('modelVariants', () => {
  const named = (...names: string[]) => names.map((name, i) => ({ name, bytes: 10 ** i }));
  const SMALL = ['config.json', 'tokenizer.json'];

  it('takes the whole file, what there is besides, and every .gguf', () => {
    const variants = modelVariants(
      named(...SMALL, 'model.safetensors', 'x.Q4_0.gguf', 'README.md', 'chat_template.jinja'),
      'p',
    );
    expect(variants.map((v) => [v.name, v.files.map((f) => f.name)])).toEqual([
      ['safetensors', [...SMALL, 'chat_template.jinja', 'model.safetensors']],
      ['x.Q4_0.gguf', ['x.Q4_0.gguf']],
    ]);
    expect(variants[0]!.bytes).toBe(1 + 10 + 100 + 100_000);
  });

  it('takes an index and all of its shards', () => {
    const shards = ['model-00002-of-00002.safetensors', 'model-00001-of-00002.safetensors'];
    const [variant] = modelVariants(named(...SMALL, ...shards, 'model.safetensors.index.json'), 'p');
    expect(variant!.files.map((f) => f.name)).toEqual([
      ...SMALL,
      'model.safetensors.index.json',
      ...shards.toReversed(),
    ]);
  });

  it.each([
    [['config.json', 'model.safetensors'], 'no tokenizer.json'],
    [['tokenizer.json', 'model.safetensors'], 'no config.json'],
    [[...SMALL, 'pytorch_model.bin'], 'PyTorch format'],
    [[...SMALL, 'big-00001-of-00002.gguf'], 'no weights'],
    [[...SMALL, 'model.safetensors.index.json', 'model-00001-of-00002.safetensors'], 'no weights'],
    [[], 'no weights'],
  ])('refuses %j', (names, sentence) => {
    expect(() => modelVariants(named(...names), 'p')).toThrow(sentence);
  });

  it('asks for a name where there are several .gguf files', () => {
    const variants = modelVariants(named('a.gguf', 'b.gguf'), 'p');
    expect(() => pickVariant(variants, null, 'p')).toThrow('a.gguf, b.gguf');
    expect(() => pickVariant(variants, 'c.gguf', 'p')).toThrow('has no c.gguf');
    expect(pickVariant(variants, 'b.gguf', 'p').name).toBe('b.gguf');
  });

  it('refuses an index that names what is not there', () => {
    const variant = { name: 'safetensors', files: named('model-00001-of-00001.safetensors'), bytes: 1 };
    expect(() =>
      checkShardIndex({ weight_map: { a: 'model-00001-of-00001.safetensors' } }, variant, 'p'),
    ).not.toThrow();
    expect(() => checkShardIndex({ weight_map: { a: 'other.safetensors' } }, variant, 'p')).toThrow(
      'other.safetensors',
    );
    expect(() => checkShardIndex([], variant, 'p')).toThrow('no weight_map');
  });
});

describe('a listing', () => {
  let bench: Bench;
  beforeEach(async () => {
    bench = await openBench();
  });
  afterEach(() => bench.close());
  const list = (id = MODEL, revision = 'main') => bench.client().list({ id, revision });

  it('has every page of files at the commit of the revision, with sizes and hashes', async () => {
    const listing = await list();
    expect(listing.commit).toBe(bench.hub.models.get(MODEL)!.commit);
    expect(listing.files.map((f) => f.name).toSorted()).toEqual(
      [...Object.keys(SMALL_FILES), WEIGHTS].toSorted(),
    );
    expect(listing.files.find((f) => f.name === WEIGHTS)).toEqual({
      name: WEIGHTS,
      bytes: WEIGHT_BYTES,
      hash: { algorithm: 'sha256', value: bench.hub.file(MODEL, WEIGHTS).oid },
    });
    expect(listing.files.find((f) => f.name === 'config.json')?.hash.algorithm).toBe('git-sha1');
  });

  it('reads a small file, checked', async () => {
    const listing = await list();
    const config = listing.files.find((f) => f.name === 'config.json')!;
    expect(new TextDecoder().decode(await bench.client().read(listing, config))).toBe(
      SMALL_FILES['config.json'],
    );
    bench.hub.fail(
      'config.json',
      { kind: 'flip', at: 2 },
      { kind: 'short', after: 3 },
      { kind: 'long', extra: 9 },
    );
    for (const kind of ['altered', 'altered', 'strange'])
      await expect(bench.client().read(listing, config)).rejects.toMatchObject({ kind });
  });

  it.each([
    ['no/such-model', 'main', 'token', 'none of this name'],
    [MODEL, 'v9', 'missing', 'no such revision'],
  ])('says what is wrong with %s@%s', async (id, revision, kind, sentence) => {
    await expect(list(id, revision)).rejects.toMatchObject({
      kind,
      problem: expect.stringContaining(sentence),
    });
  });

  it.each([
    [401, {}, 'token'],
    [403, {}, 'token'],
    [404, {}, 'missing'],
    [429, { 'retry-after': '90' }, 'busy'],
    [500, {}, 'unreachable'],
    [418, {}, 'strange'],
  ])('names status %s', async (status, headers, kind) => {
    bench.hub.fail('api', { kind: 'status', status, headers });
    await expect(list()).rejects.toMatchObject({ kind, problem: expect.stringContaining(String(status)) });
  });

  it('says that there is no connection', async () => {
    const client = bench.client({ hubUrl: 'http://127.0.0.1:9' });
    await expect(client.list({ id: MODEL, revision: 'main' })).rejects.toMatchObject({
      kind: 'unreachable',
      cure: expect.stringContaining('connection'),
    });
  });

  const answering = (...answers: readonly { readonly body: string; readonly link?: string }[]) => {
    const queue = [...answers];
    return bench.client({
      fetch: async () => {
        const { body, link } = queue.shift()!;
        return new Response(body, { headers: link ? { link: `<${link}>; rel="next"` } : {} });
      },
    });
  };
  const INFO = { body: JSON.stringify({ sha: 'a'.repeat(40), gated: false }) };
  const entry = (fields: object) =>
    JSON.stringify([{ type: 'file', path: 'x', size: 1, oid: 'b'.repeat(40), ...fields }]);

  it.each([
    ['no JSON', [{ body: '<html>' }]],
    ['no commit', [{ body: '{"sha":"main"}' }]],
    ['a path that leaves the folder', [INFO, { body: entry({ path: '..' }) }]],
    ['a path in a folder', [INFO, { body: entry({ path: 'a/b' }) }]],
    ['a negative size', [INFO, { body: entry({ size: -1 }) }]],
    ['an absurd size', [INFO, { body: entry({ size: 1e300 }) }]],
    ['a hash that is none', [INFO, { body: entry({ lfs: { oid: 'zz', size: 1 } }) }]],
    ['a next page elsewhere', [INFO, { body: '[]', link: 'https://evil.example/api' }]],
    ['an endless answer', [{ body: ' '.repeat(17 * 2 ** 20) }]],
  ])('refuses %s', async (_, answers) => {
    await expect(answering(...answers).list({ id: MODEL, revision: 'main' })).rejects.toMatchObject({
      kind: 'strange',
    });
  });

  it('gives the token to the Hub, and not to the storage it redirects to elsewhere', async () => {
    const seen: [string, string | null][] = [];
    const client = bench.client({
      token: () => 'secret',
      hubUrl: OFFICIAL_HUB,
      fetch: async (input, init) => {
        const url = new URL(String(input));
        seen.push([url.host, new Headers(init?.headers).get('authorization')]);
        return url.host === 'huggingface.co'
          ? new Response(null, { status: 302, headers: { location: 'https://cdn.hf.co/x' } })
          : new Response('x');
      },
    });
    await client.open(MODEL, 'a'.repeat(40), 'x', {});
    expect(seen).toEqual([
      ['huggingface.co', 'Bearer secret'],
      ['cdn.hf.co', null],
    ]);
  });

  it('refuses redirects without end', async () => {
    const fetch = async () => new Response(null, { status: 302, headers: { location: '/again' } });
    await expect(bench.client({ fetch }).open(MODEL, 'c', 'x', {})).rejects.toMatchObject({
      kind: 'strange',
    });
  });
});
