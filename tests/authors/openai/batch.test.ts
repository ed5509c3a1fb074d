/**
 * @file Work by batches: files within the API's limits, answers in any order, errors listed and asked for again; in the
 * end the project that an endpoint gives.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keyedRandom } from '../../../src/authors/keyed_random.ts';
import { createBatchAuthor } from '../../../src/authors/openai/batch_author.ts';
import { type BATCH_LIMITS, type BatchAnswer, batchLine } from '../../../src/authors/openai/batch_lines.ts';
import { UsageMeter } from '../../../src/authors/openai/usage.ts';
import { BatchFiles, readBatchFiles } from '../../../src/cli/batch_files.ts';
import { promptsFromDisk } from '../../../src/cli/prompts.ts';
import type { Project } from '../../../src/knowtuning/project.ts';
import { FixtureServer } from './fixture_server.ts';
import { readPrompt, ruleReply } from './replies.ts';
import { authorOf, prepare, riverRows } from './support.ts';

const rows = riverRows(20);
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tabtune-batch-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

interface Line {
  readonly custom_id: string;
  readonly body: { readonly messages: readonly { readonly content: string }[] };
}

/** What the Batch API gives back for one line. */
function answered(line: Line, fault: 'none' | 'expired' | 'status' | 'truncated' | 'refusal'): object {
  const { custom_id } = line;
  if (fault === 'expired') {
    return { custom_id, response: null, error: { code: 'batch_expired', message: 'Too late.' } };
  }
  if (fault === 'status') {
    const body = { error: { message: 'The server had an error.' } };
    return { custom_id, response: { status_code: 500, body }, error: null };
  }
  const [system, user] = line.body.messages;
  const content = JSON.stringify(ruleReply(readPrompt(system!.content, user!.content)));
  const message =
    fault === 'refusal'
      ? { content: null, refusal: 'No.' }
      : { content: fault === 'truncated' ? content.slice(0, 9) : content };
  const usage = { prompt_tokens: 100, completion_tokens: 10 };
  const body = { choices: [{ message, finish_reason: 'stop' }], usage };
  return { custom_id, response: { status_code: 200, body }, error: null };
}

/** An author by batches, and what it writes down. */
async function authorWith(answers: ReadonlyMap<string, BatchAnswer>, meter = new UsageMeter(null)) {
  const files = new BatchFiles(directory, 'round', { lines: 25, bytes: 30_000 });
  const batch = await createBatchAuthor({
    ...{ prompts: promptsFromDisk(), model: 'fixture', answers, meter },
    onWaiting: (key, call) => files.write(batchLine(key, 'fixture', call)),
  });
  return { ...batch, written: () => files.finish() };
}

async function write(batch: Awaited<ReturnType<typeof authorWith>>): Promise<Line[]> {
  const files = await batch.written();
  for (const file of files) expect(readFileSync(file).length).toBeLessThanOrEqual(30_000);
  return files.flatMap((file) => {
    const inFile = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(inFile.length).toBeLessThanOrEqual(25);
    return inFile.map((line) => JSON.parse(line) as Line);
  });
}

describe('a project by batches', () => {
  it('is that of an endpoint, after rounds with answers out of order and errors among them', async () => {
    const server = await FixtureServer.start();
    const expected = await prepare(await authorOf(server), rows);
    await server.close();

    const random = keyedRandom('batch');
    const kept: Project['authorCalls'] = {};
    const meter = new UsageMeter({ input: 1, output: 1 });
    const requests: number[] = [];
    let answers = new Map<string, BatchAnswer>();
    let errors = 0;
    let project: Project | null = null;
    for (let round = 0; round < 12; round++) {
      const batch = await authorWith(answers, meter);
      project = await prepare(batch.author, rows, { kept }).catch((error: unknown) => {
        // Before the first round no answer has an atom.
        if (round > 0) throw error;
        return null;
      });
      errors += batch.errors.length;
      requests.push(batch.waiting.size);
      if (batch.waiting.size === 0) break;
      const lines = await write(batch);
      expect(new Set(lines.map(({ custom_id }) => custom_id))).toEqual(batch.waiting);
      const results = random.shuffled(lines).map((line, i) => {
        const faults = ['expired', 'status', 'truncated'] as const;
        return JSON.stringify(answered(line, i % 9 === 4 ? faults[i % 3]! : 'none'));
      });
      const half = Math.ceil(results.length / 2);
      writeFileSync(join(directory, 'out-1.txt'), results.slice(0, half).join('\n'));
      writeFileSync(join(directory, 'out-2.txt'), results.slice(half).join('\n'));
      answers = await readBatchFiles(`${join(directory, 'out-1.txt')}, ${join(directory, 'out-2.txt')}`);
    }
    expect(JSON.parse(JSON.stringify(project))).toEqual(JSON.parse(JSON.stringify(expected)));
    // All extracts at first; then, once these are had, the rest, and of each only what failed again.
    expect(requests[0]).toBe(rows.length);
    expect(Math.max(...requests.slice(1))).toBeGreaterThan(50);
    expect(requests.at(-1)).toBe(0);
    expect(errors).toBeGreaterThan(5);
    const { total } = meter.report();
    expect(total.prompt_tokens).toBe(100 * total.calls);
    expect(total.calls).toBeGreaterThanOrEqual(Object.keys(kept).length);
  });

  it('keeps a refusal for good, and lists errors with row and operation', async () => {
    const first = await authorWith(new Map());
    await first.author.answer(rows[0]!);
    await first.author.answer(rows[1]!);
    const lines = await write(first);
    const faults = ['refusal', 'expired'] as const;
    const path = join(directory, 'answers.jsonl');
    writeFileSync(path, lines.map((line, i) => JSON.stringify(answered(line, faults[i]!))).join('\n'));
    const second = await authorWith(await readBatchFiles(path));
    expect(await second.author.answer(rows[0]!)).toEqual({
      ok: false,
      reason: 'The model refuses: No.',
      took: { calls: 1, prompt: 100, completion: 10 },
    });
    expect(await second.author.answer(rows[1]!)).toMatchObject({ ok: false, passing: true });
    expect(second.waiting.size).toBe(1);
    expect(second.errors).toEqual([
      { row: rows[1]!.id, operation: 'answer', reason: expect.stringContaining('batch_expired') },
    ]);
  });
});

async function writeLines(name: string, lines: readonly string[], limits: typeof BATCH_LIMITS) {
  const files = new BatchFiles(directory, name, limits);
  // Not one after the other: their order is that of the calls all the same.
  await Promise.all(lines.map((line) => files.write(line)));
  return files.finish();
}

describe('batch files', () => {
  it('replace those of the round before, and no others', async () => {
    writeFileSync(join(directory, 'mine.jsonl'), '');
    await writeLines('write', ['a', 'b', 'c'], { lines: 1, bytes: 100 });
    await writeLines('extract', ['d'], { lines: 1, bytes: 100 });
    await writeLines('write', ['e', 'f'], { lines: 9, bytes: 100 });
    expect(readdirSync(directory).sort()).toEqual(['extract-001.jsonl', 'mine.jsonl', 'write-001.jsonl']);
    expect(readFileSync(join(directory, 'write-001.jsonl'), 'utf8')).toBe('e\nf\n');
  });

  it('leave those of the round before as they are until all is written', async () => {
    await writeLines('write', ['a'], { lines: 9, bytes: 100 });
    const files = new BatchFiles(directory, 'write', { lines: 9, bytes: 100 });
    await files.write('b');
    expect(readFileSync(join(directory, 'write-001.jsonl'), 'utf8')).toBe('a\n');
    expect(await files.finish()).toEqual([join(directory, 'write-001.jsonl')]);
    expect(readFileSync(join(directory, 'write-001.jsonl'), 'utf8')).toBe('b\n');
  });

  it('count bytes, not characters', async () => {
    const files = await writeLines('x', ['ää', 'ää'], { lines: 9, bytes: 9 });
    expect(files).toHaveLength(2);
  });

  it('take a success over an error, whichever comes last', async () => {
    const line = { custom_id: 'k', body: { messages: [] } };
    const error = JSON.stringify(answered(line, 'expired'));
    const usage = { prompt_tokens: 1, completion_tokens: 1 };
    const body = { choices: [{ message: { content: 'yes' }, finish_reason: 'stop' }], usage };
    const success = JSON.stringify({ custom_id: 'k', response: { status_code: 200, body }, error: null });
    for (const order of [
      [error, success],
      [success, error],
    ]) {
      writeFileSync(join(directory, 'a.jsonl'), order.join('\n'));
      expect((await readBatchFiles(directory)).get('k')!.reply).toMatchObject({ kind: 'text', text: 'yes' });
    }
  });

  it.each([
    ['no JSON', 'nonsense', /a\.jsonl:2: is not JSON/],
    ['no answers', '{"id": 1}', /a\.jsonl:2: is no answer of a batch/],
  ])('are refused by line where they are %s', async (_, line, message) => {
    const good = JSON.stringify(answered({ custom_id: 'k', body: { messages: [] } }, 'expired'));
    writeFileSync(join(directory, 'a.jsonl'), `${good}\n${line}\n`);
    await expect(readBatchFiles(directory)).rejects.toThrow(message);
    await expect(readBatchFiles(join(directory, 'none'))).rejects.toThrow('cannot be read');
  });
});
