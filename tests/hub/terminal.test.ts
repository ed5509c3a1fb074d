/** @file Models of the Hub in the terminal: by name, from the cache, offline, and what wins over what. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheDirectory } from '../../src/cli/disk_cache.ts';
import { hubSource } from '../../src/cli/hub_source.ts';
import { modelSource } from '../../src/cli/model_source.ts';
import { openModelFiles } from '../../src/train/model_files.ts';
import { writeTinyCheckpoint } from '../cli/tiny_checkpoint.ts';
import { HubServer } from './hub_server.ts';
import { MODEL, noise, SMALL_FILES, WEIGHTS } from './support.ts';

let hub: HubServer;
let directory: string;
const lines: string[] = [];
const open = (model: string, environment: NodeJS.ProcessEnv = {}) =>
  hubSource(model, {
    progress: (line) => lines.push(line),
    environment: { HF_ENDPOINT: hub.url, XDG_CACHE_HOME: directory, ...environment },
  });

beforeEach(async () => {
  hub = await HubServer.start();
  hub.addModel(MODEL, {
    ...SMALL_FILES,
    [WEIGHTS]: noise('w', 3000),
    'a.gguf': 'GGUF a',
    'b.gguf': 'GGUF b',
  });
  directory = mkdtempSync(join(tmpdir(), 'tabtune-hub-'));
  lines.length = 0;
});
afterEach(async () => {
  await hub.close();
  rmSync(directory, { recursive: true, force: true });
});

describe('hubSource', () => {
  it('downloads a model once', async () => {
    const source = await open(MODEL);
    expect(source.name).toBe(MODEL);
    expect(await source.size(WEIGHTS)).toBe(3000);
    expect(lines.join('\n')).toContain(WEIGHTS);
    await open(`${MODEL}@${hub.models.get(MODEL)!.commit}`);
    expect(hub.served.get(WEIGHTS)).toBe(3000);
  });

  it('is the base model that an adapter names', async () => {
    const checkpoint = writeTinyCheckpoint();
    const files = readdirSync(checkpoint).map(
      (name) => [name, readFileSync(join(checkpoint, name))] as const,
    );
    hub.addModel('someone/tiny', Object.fromEntries(files));
    expect((await openModelFiles(await open('someone/tiny'))).baseModel).toBe('someone/tiny');
    rmSync(join(checkpoint, '..'), { recursive: true });
  });

  it('takes one .gguf file by name', async () => {
    expect(await (await open(`${MODEL}:b.gguf`)).list()).toEqual(['b.gguf']);
    expect([...hub.served.keys()]).toEqual(['b.gguf']);
    await expect(open(`${MODEL}:c.gguf`)).rejects.toThrow('safetensors, a.gguf, b.gguf');
  });

  it('reads from the cache without a connection, and says so', async () => {
    await open(MODEL);
    const offline = { HF_ENDPOINT: 'http://127.0.0.1:9' };
    expect(await (await open(MODEL, offline)).size(WEIGHTS)).toBe(3000);
    expect(lines.at(-1)).toContain('from the cache');
    await expect(open(`${MODEL}:b.gguf`, offline)).rejects.toThrow('connection');
    await expect(open(`${MODEL}@v2`, offline)).rejects.toThrow('connection');
  });

  it('refuses a mirror that is no origin', async () => {
    await expect(open(MODEL, { HF_ENDPOINT: 'ftp://x' })).rejects.toThrow('HF_ENDPOINT');
  });
});

describe('modelSource', () => {
  it('takes what exists on disk, whatever its name', async () => {
    const path = join(directory, 'someone');
    mkdirSync(join(path, 'model'), { recursive: true });
    writeFileSync(join(path, 'model', 'config.json'), '{}');
    const before = process.cwd();
    process.chdir(directory);
    try {
      const source = await modelSource('someone/model', () => {});
      expect(await source.list()).toEqual(['config.json']);
    } finally {
      process.chdir(before);
    }
  });

  it('takes what cannot be a name of the Hub for a directory', async () => {
    await expect(modelSource('/nowhere/at/all', () => {})).rejects.toThrow('is not a directory');
  });
});

describe('cacheDirectory', () => {
  it('follows XDG', () => {
    expect(cacheDirectory({ XDG_CACHE_HOME: '/x' })).toBe(join('/x', 'tabtune'));
    expect(cacheDirectory({})).toMatch(/\.cache[\\/]tabtune$/);
  });
});
