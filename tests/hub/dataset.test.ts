/** @file Data sets of the Hub: names, which files are which split, what is refused and how, and the download. */
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_DATA_BYTES } from '../../src/formats/dataset.ts';
import { HubClient } from '../../src/store/hub.ts';
import { type DatasetProgress, downloadDataset, findDataset } from '../../src/store/hub_dataset.ts';
import { parseDatasetId } from '../../src/store/hub_dataset_id.ts';
import { convertedConfigs, ownConfigs } from '../../src/store/hub_splits.ts';
import { matchesPattern } from '../../src/store/path_pattern.ts';
import { HubServer, TOKEN } from './hub_server.ts';

const ID = 'someone/questions';
const ROWS = '{"question":"q","answer":"a"}\n';

describe('parseDatasetId', () => {
  it.each([
    ['a/b', { id: 'a/b', revision: 'main', config: null, split: null }],
    [' a/b@v1:c.d-e/test ', { id: 'a/b', revision: 'v1', config: 'c.d-e', split: 'test' }],
    ['a/b/validation', { id: 'a/b', revision: 'main', config: null, split: 'validation' }],
    ['https://huggingface.co/datasets/a/b', { id: 'a/b', revision: 'main', config: null, split: null }],
    ['https://huggingface.co/datasets/a/b/', { id: 'a/b', revision: 'main', config: null, split: null }],
    [
      'huggingface.co/datasets/a/b/viewer/some%20config/test?row=3',
      { id: 'a/b', revision: 'main', config: 'some config', split: 'test' },
    ],
    ['www.huggingface.co/datasets/a/b/viewer', { id: 'a/b', revision: 'main', config: null, split: null }],
    [
      'https://huggingface.co/datasets/a/b/tree/v2/data',
      { id: 'a/b', revision: 'v2', config: null, split: null },
    ],
  ])('reads %j', (text, parts) => {
    expect(parseDatasetId(text)).toEqual(parts);
  });

  it.each(['', 'a', '../b', 'a/..', 'a b/c', 'https://evil.example/datasets/a/b', 'a/b/c/d', 'a/b@../x'])(
    'refuses %j',
    (text) => {
      expect(() => parseDatasetId(text)).toThrow(/is no name of a data set|names no revision/);
    },
  );
});

describe('matchesPattern', () => {
  it.each([
    ['data/train-*', 'data/train-00000-of-00001.parquet', true],
    ['data/train-*', 'data/x/train-0', false],
    ['*.csv', 'a.csv', true],
    ['*.csv', 'x/a.csv', false],
    ['**/*.csv', 'a.csv', true],
    ['**/*.csv', 'x/y/a.csv', true],
    ['x/**', 'x/y/a.csv', true],
    ['x/**', 'z/y/a.csv', false],
    ['a?[0-9].json', 'ab7.json', true],
    ['a[!0-9].json', 'a7.json', false],
    ['a.json', 'aXjson', false],
    ['[a', '[a', true],
  ])('%s, %s: %s', (pattern, path, matches) => {
    expect(matchesPattern(pattern, path)).toBe(matches);
  });

  it('takes no longer for a pattern made to take long', () => {
    const started = performance.now();
    expect(matchesPattern(`${'*a'.repeat(100)}b`, 'a'.repeat(250))).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

const files = (...names: string[]) =>
  names.map((name) => ({
    name,
    bytes: 1,
    hash: { algorithm: 'sha256' as const, value: 'a'.repeat(64) },
  }));
/** Names of files by split, by configuration. */
const shape = (configs: ReturnType<typeof ownConfigs>) =>
  Object.fromEntries(
    configs.map(({ name, splits }) => [
      name,
      Object.fromEntries(splits.map((split) => [split.name, split.files.map((file) => file.name)])),
    ]),
  );

describe('the splits of a data set', () => {
  it.each([
    [['README.md', 'any.jsonl'], { train: ['any.jsonl'] }],
    [
      ['train.csv', 'my_test_file.csv', 'dev.csv', 'trainer.csv'],
      { train: ['train.csv'], test: ['my_test_file.csv'], validation: ['dev.csv'] },
    ],
    [
      ['data/training/b.json', 'data/training/a.json', 'data/eval/test.json', 'x.json'],
      { train: ['data/training/a.json', 'data/training/b.json'], test: ['data/eval/test.json'] },
    ],
    [
      [
        'data/train-00000-of-00002.parquet',
        'data/train-00001-of-00002-ab.parquet',
        'data/odd-00000-of-00001.parquet',
      ],
      {
        train: ['data/train-00000-of-00002.parquet', 'data/train-00001-of-00002-ab.parquet'],
        odd: ['data/odd-00000-of-00001.parquet'],
      },
    ],
    // The same rows in two formats, what only describes, and what is hidden.
    [
      ['train.json', 'train.parquet', 'dataset_infos.json', '.train.json', '__x/train.csv'],
      { train: ['train.parquet'] },
    ],
  ])('are told by the names %j', (names, splits) => {
    expect(shape(ownConfigs(files(...names), null))).toEqual({ default: splits });
  });

  it('are those of the card', () => {
    const card = {
      configs: [
        { config_name: 'en', data_files: [{ split: 'train', path: ['en/a*.jsonl', 'en/z.jsonl'] }] },
        { config_name: 2, data_files: 'two.csv', default: true },
        { config_name: 'de', data_dir: 'de', data_files: [{ split: 'dev', path: '*.json' }] },
        { config_name: 'zip', data_files: 'x.zip' },
        { config_name: 'fr', data_dir: './fr/' },
      ],
    };
    const configs = ownConfigs(
      files(
        'en/a1.jsonl',
        'en/a2.jsonl',
        'en/z.jsonl',
        'en/n.jsonl',
        'two.csv',
        'de/d.json',
        'x.zip',
        'fr/test.json',
      ),
      card,
    );
    expect(shape(configs)).toEqual({
      en: { train: ['en/a1.jsonl', 'en/a2.jsonl', 'en/z.jsonl'] },
      2: { train: ['two.csv'] },
      de: { dev: ['de/d.json'] },
      fr: { test: ['fr/test.json'] },
    });
    expect(configs.filter(({ isDefault }) => isDefault).map(({ name }) => name)).toEqual(['2']);
  });

  it('are the folders of what the Hub converted', () => {
    const [config] = convertedConfigs(
      files(
        'SelfRC/test/0000.parquet',
        'SelfRC/partial-train/0001.parquet',
        'SelfRC/partial-train/0000.parquet',
      ),
    );
    expect(config).toMatchObject({
      name: 'SelfRC',
      splits: [
        { name: 'test', partial: false },
        { name: 'train', partial: true },
      ],
    });
    expect(config!.splits[1]!.files.map(({ name }) => name)).toEqual([
      'SelfRC/partial-train/0000.parquet',
      'SelfRC/partial-train/0001.parquet',
    ]);
  });
});

describe('a data set of the Hub', () => {
  let hub: HubServer;
  let token: string | null;
  beforeEach(async () => {
    hub = await HubServer.start();
    token = null;
  });
  afterEach(() => hub.close());
  const client = () =>
    new HubClient(
      { hubUrl: hub.url, fetch, token: () => token, now: Date.now, unrestricted: true, stallMs: 2000 },
      'dataset',
    );
  const find = (name: string) => findDataset(client(), parseDatasetId(name));
  const options = { delay: async () => {} };
  const commitOf = (key: string) => hub.models.get(`datasets/${key}`)!.commit;

  it('is found with licence and commit, through every page of its files', async () => {
    const names = Array.from({ length: 7 }, (_, i) => `train/part_${i}.jsonl`);
    hub.addDataset(ID, Object.fromEntries(names.map((name) => [name, ROWS])), {
      card: { license: ['mit', 'other'], license_name: 'house-rules' },
    });
    expect(await find(ID)).toMatchObject({
      id: ID,
      revision: 'main',
      commit: commitOf(ID),
      licence: 'mit, house-rules',
      config: 'default',
      split: 'train',
      bytes: 7 * ROWS.length,
      partial: false,
      files: names.map((name) => ({ name })),
    });
    expect((await find(`${ID}@${commitOf(ID)}`)).revision).toBe(commitOf(ID));
  });

  it('is downloaded file by file, checked, and goes on after a dropped connection', async () => {
    const [first, second] = ['x'.repeat(100_000), 'y'.repeat(90_000)];
    hub.addDataset(ID, { 'data/train_a.csv': first, 'data/train_b.csv': second });
    const found = await find(ID);
    hub.fail('data/train_b.csv', { kind: 'drop', after: 70_000 });
    const told: DatasetProgress[] = [];
    const downloaded = await downloadDataset(client(), found, {
      ...options,
      onProgress: (p) => told.push(p),
    });
    expect(downloaded.map(({ name }) => name)).toEqual([`${ID}/data/train_a.csv`, `${ID}/data/train_b.csv`]);
    expect(await Promise.all(downloaded.map((file) => file.text()))).toEqual([first, second]);
    expect(told.at(-1)).toMatchObject({ allDone: 190_000, allBytes: 190_000 });
    expect(told.some(({ state }) => state === 'waiting')).toBe(true);
    hub.fail('data/train_a.csv', { kind: 'flip', at: 5 });
    await expect(downloadDataset(client(), found, options)).rejects.toMatchObject({ kind: 'altered' });
    const stop = new AbortController();
    const stopped = { ...options, signal: stop.signal, onProgress: () => stop.abort('enough') };
    await expect(downloadDataset(client(), found, stopped)).rejects.toBe('enough');
  });

  const parquet = (rows: number) =>
    new Uint8Array(
      parquetWriteBuffer({ columnData: [{ name: 'question', data: Array(rows).fill('q'), type: 'STRING' }] }),
    );

  it.each([
    ['only other formats', { 'data.zip': 'zip', 'README.md': '#' }],
    ['a program that makes its rows', { 'questions.py': 'def', 'raw.json': '{}' }],
  ])('is taken as the Hub converted it where it has %s', async (_, own) => {
    hub.addDataset(ID, own, {
      card: { license: 'cc-by-4.0' },
      converted: {
        'default/partial-train/0000.parquet': parquet(3),
        'default/test/0000.parquet': parquet(1),
      },
    });
    const found = await find(ID);
    expect(found).toMatchObject({
      revision: 'refs/convert/parquet',
      commit: commitOf(`${ID}@refs/convert/parquet`),
      licence: 'cc-by-4.0',
      partial: true,
      files: [{ name: 'default/partial-train/0000.parquet' }],
    });
    const [file] = await downloadDataset(client(), found, options);
    expect(new Uint8Array(await file!.arrayBuffer())).toEqual(parquet(3));
  });

  it('is its own files where there is a program, but nothing converted', async () => {
    hub.addDataset(ID, { 'questions.py': 'def', 'raw.json': '[]' });
    expect((await find(ID)).files).toMatchObject([{ name: 'raw.json' }]);
  });

  it('asks which configuration and split where there are several', async () => {
    const configs = ['en', 'de'].map((name) => ({
      config_name: name,
      data_files: [
        { split: 'first', path: `${name}/1.jsonl` },
        { split: 'second', path: `${name}/2.jsonl` },
      ],
    }));
    const own = Object.fromEntries(
      ['en/1.jsonl', 'en/2.jsonl', 'de/1.jsonl', 'de/2.jsonl'].map((name) => [name, ROWS]),
    );
    hub.addDataset(ID, own, { card: { configs } });
    await expect(find(ID)).rejects.toThrow(
      `${ID}: has several configurations. Write one of them behind a colon, as in ${ID}:en. It has en, de.`,
    );
    await expect(find(`${ID}:fr`)).rejects.toThrow('has no configuration "fr"');
    await expect(find(`${ID}:de`)).rejects.toThrow(
      `has no split "train", but several others. Write one of them at the end, as in ${ID}:de/first. There are first, second.`,
    );
    await expect(find(`${ID}:de/third`)).rejects.toThrow('has no split "third"');
    expect(await find(`${ID}:de/second`)).toMatchObject({
      config: 'de',
      split: 'second',
      files: [{ name: 'de/2.jsonl' }],
    });
  });

  it('is refused where nothing of it can be read, or too much', async () => {
    hub.addDataset(ID, { 'data.zip': 'zip' });
    await expect(find(ID)).rejects.toThrow('has no file that can be read');
    const large = { bytes: MAX_DATA_BYTES + 1, read: (_: number, length: number) => new Uint8Array(length) };
    hub.addDataset('someone/large', { 'train.jsonl': large, 'test.jsonl': ROWS });
    await expect(find('someone/large')).rejects.toThrow(
      /has 257 MB in its split train; at most 256 MB.*train, test/,
    );
    expect((await find('someone/large/test')).bytes).toBe(ROWS.length);
  });

  it('says what is wrong with the name or the token, as of a data set', async () => {
    await expect(find('no/such')).rejects.toMatchObject({
      kind: 'token',
      problem: expect.stringContaining('the data set is private or gated, or there is none of this name'),
    });
    hub.addDataset(ID, { 'train.jsonl': ROWS }, { gated: true });
    await expect(find(`${ID}@v9`)).rejects.toMatchObject({
      kind: 'missing',
      problem: expect.stringContaining('revision'),
    });
    const found = await find(ID);
    const download = () => downloadDataset(client(), found, options);
    await expect(download()).rejects.toMatchObject({
      kind: 'token',
      problem: expect.stringContaining('This data set is gated'),
    });
    token = 'wrong';
    await expect(download()).rejects.toMatchObject({
      problem: expect.stringContaining('for your token (status 403)'),
    });
    token = TOKEN;
    expect(await download()).toHaveLength(1);
  });

  it('is not asked for an address that its card or its list of files makes up', async () => {
    const entry = { type: 'file', path: 'a/../../b.jsonl', size: 1, oid: 'b'.repeat(40) };
    const answers = [{ sha: 'a'.repeat(40) }, [entry]];
    const evil = new HubClient(
      {
        ...client().access,
        fetch: async () => new Response(JSON.stringify(answers.shift())),
      },
      'dataset',
    );
    await expect(findDataset(evil, parseDatasetId(ID))).rejects.toMatchObject({ kind: 'strange' });
    // A card of any form is at worst one that says nothing.
    for (const card of [7, { configs: 'x' }, { configs: [{ config_name: [] }] }, { license: { a: 1 } }]) {
      hub.addDataset(ID, { 'train.jsonl': ROWS }, { card });
      expect(await find(ID)).toMatchObject({ licence: null, config: 'default' });
    }
  });
});
