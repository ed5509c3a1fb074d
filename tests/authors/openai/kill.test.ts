/** @file kill -9 at random moments: no answer that was had is asked for again, and the project is that of one whole run. */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyedRandom } from '../../../src/authors/keyed_random.ts';
import { JOURNAL, openJournal } from '../../../src/cli/author_journal.ts';
import { InputError } from '../../../src/formats/input_error.ts';
import { FixtureServer } from './fixture_server.ts';
import { authorOf, CONCURRENCY, prepare, riverRows } from './support.ts';

const ENTRY = fileURLToPath(new URL('./prepare_process.ts', import.meta.url));
const KILLS = 20;
const ROWS = 48;

let out: string;
let server: FixtureServer;
beforeEach(async () => {
  out = mkdtempSync(join(tmpdir(), 'tabtune-kill-'));
  server = await FixtureServer.start({ delayMs: 4 });
});
afterEach(async () => {
  await server.close();
  rmSync(out, { recursive: true, force: true });
});

/** Runs the process until the server has been asked so many times, then kills it. Returns whether it ended by itself. */
async function runUntil(requests: number): Promise<boolean> {
  const child = spawn(process.execPath, ['--import', 'tsx', ENTRY, server.baseUrl, out, String(ROWS)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const watch = setInterval(() => {
    if (server.asked.length >= requests) child.kill('SIGKILL');
  }, 1);
  const code = await new Promise<number | null>((done) => child.on('exit', done));
  clearInterval(watch);
  return code === 0;
}

describe('a preparation that is killed', () => {
  it(`${KILLS} times makes the project that one whole run makes, and repeats no call that was answered`, async () => {
    const random = keyedRandom('kills', 1);
    const lines = () =>
      readFileSync(join(out, JOURNAL), 'utf8')
        .split('\n')
        .filter((line) => line !== '');
    let kills = 0;
    for (; kills < KILLS; kills++) {
      const whole = await runUntil(server.asked.length + 1 + random.below(16));
      expect(whole).toBe(false);
      expect(existsSync(join(out, 'project.json'))).toBe(false);
    }
    const beforeLast = lines().length;
    expect(await runUntil(Number.POSITIVE_INFINITY)).toBe(true);
    const keys = lines().map((line) => (JSON.parse(line) as { key: string }).key);
    expect(beforeLast).toBeGreaterThan(KILLS);
    expect(keys.length).toBeGreaterThan(beforeLast);
    expect(new Set(keys).size).toBe(keys.length);

    // Only what was on its way when the process died had to be asked for twice.
    const prompts = server.asked.map(({ operation, values }) => JSON.stringify([operation, values]));
    expect(new Set(prompts).size).toBe(keys.length);
    expect(prompts.length - keys.length).toBeLessThanOrEqual(KILLS * CONCURRENCY);

    const untouched = await FixtureServer.start();
    const expected = await prepare(await authorOf(untouched), riverRows(ROWS));
    await untouched.close();
    expect(JSON.parse(readFileSync(join(out, 'project.json'), 'utf8'))).toEqual(
      JSON.parse(JSON.stringify(expected)),
    );
  }, 180_000);
});

describe('a journal', () => {
  const call = {
    key: 'a'.repeat(64),
    operation: 'revise' as const,
    written: { ok: true as const, value: 'x', problems: [] },
    took: { calls: 1, prompt: 120, completion: 9 },
  };

  it('loses nothing but the line that was being written', async () => {
    const journal = openJournal(out);
    await journal.append(call);
    journal.close();
    appendFileSync(join(out, JOURNAL), '{"key":"bbbb');
    const again = openJournal(out);
    await again.append({ ...call, key: 'c'.repeat(64), took: null });
    again.close();
    const third = openJournal(out);
    third.close();
    expect(third.kept).toEqual({ [call.key]: call.written, ['c'.repeat(64)]: call.written });
    expect(third.took).toEqual({ [call.key]: call.took });
  });

  it('names a line that is no call', () => {
    appendFileSync(join(out, JOURNAL), `{"key":"short","ok":false,"reason":"x"}\n`);
    expect(() => openJournal(out)).toThrow(InputError);
    expect(() => openJournal(out)).toThrow(/author_calls\.jsonl:1.*Delete the line/);
  });
});
