/** @file --data hub:owner/name: shards of Parquet, licence and commit wherever they belong, and what is refused and how. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HubServer, TOKEN } from '../hub/hub_server.ts';
import { proseQuestions } from '../knowtuning/prose_rows.ts';
import { parquetRows } from './parquet_rows.ts';
import { startCli } from './run_cli.ts';
import { writeTinyCheckpoint } from './tiny_checkpoint.ts';

const PROSE = 'someone/prose';
const SHARDS = ['data/train-00000-of-00002.parquet', 'data/train-00001-of-00002.parquet'] as const;
const rows = proseQuestions().map(({ question, answer }) => ({ question, answer }));

let hub: HubServer;
let work: string;
const path = (name: string) => join(work, name);
const read = (name: string) => JSON.parse(readFileSync(path(name), 'utf8'));
const run = (args: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  startCli(args, { HF_ENDPOINT: hub.url, HF_TOKEN: '', ...environment });

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'tabtune-hub-data-'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));
beforeEach(async () => {
  hub = await HubServer.start();
  hub.addDataset(
    PROSE,
    { [SHARDS[0]]: parquetRows(rows.slice(0, 4)), [SHARDS[1]]: parquetRows(rows.slice(4)), 'README.md': '#' },
    { card: { license: 'cc-by-4.0' } },
  );
});
afterEach(() => hub.close());

const source = () => ({
  name: PROSE,
  licence: 'cc-by-4.0',
  hub: {
    revision: 'main',
    commit: hub.models.get(`datasets/${PROSE}`)!.commit,
    config: 'default',
    split: 'train',
    files: SHARDS,
    partial: false,
  },
});

describe('--data hub:', () => {
  it('audits every shard, and says licence and commit', async () => {
    const { code, stdout, stderr } = await run([
      ...['audit', '--data', `hub:${PROSE}`, '--out', path('audit'), '--json'],
    ]);
    expect([code, stderr]).toEqual([0, expect.stringContaining(`hub:${PROSE}: 10 questions`)]);
    expect(stderr).toContain(`split train, at commit ${source().hub.commit}; licence: cc-by-4.0.`);
    expect(stderr).toContain(SHARDS[1]);
    expect(JSON.parse(stdout)).toMatchObject({ questions: 10, source: source() });
    expect(read('audit/audit.json').source).toEqual(source());
  });

  it('builds of it, with its origin at the head of the project', async () => {
    const { code, stdout, stderr } = await run([
      ...['build', '--model', 'public/model', '--data', `hub:${PROSE}@main:default/train`],
      ...['--out', path('build'), '--json'],
    ]);
    expect([code, stderr]).toEqual([0, expect.stringContaining('10 questions')]);
    expect(JSON.parse(stdout)).toMatchObject({ questions: 10, source: source() });
    const project = read('build/project.json');
    expect(project.source).toEqual(source());
    expect(
      project.questions.map(({ question, answer }: (typeof rows)[number]) => ({ question, answer })),
    ).toEqual(rows);
  });

  it('trains on columns that are named by hand, and asks for them where they are not', async () => {
    const [id, short] = ['someone/fragen', [{ question: 'Was?', answer: 'Das.' }]];
    hub.addDataset(id, { 'train.parquet': parquetRows(short, ['Frage', 'Antwort']) });
    writeFileSync(path('config.json'), JSON.stringify({ max_steps: 1 }));
    const train = (...more: string[]) =>
      run([
        ...['train', '--method', 'sft', '--model', writeTinyCheckpoint(), '--data', `hub:${id}`],
        ...['--config', path('config.json'), '--out', path('train'), ...more],
      ]);
    const unknown = await train();
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toContain(
      `hub:${id}:1: the names of the columns do not tell what they mean: Frage, Antwort. Say it by --columns`,
    );
    const columns = await train('--columns', 'prompt=Frage,completion=Antwort');
    expect([columns.code, columns.stderr]).toEqual([0, expect.stringContaining('none named by its card')]);
    expect(read('train/run.json').data).toMatchObject({
      rows: 1,
      source: { name: id, licence: null, hub: { files: ['train.parquet'] } },
    });
  });

  it('names the variable of a token where a data set is gated', async () => {
    hub.addDataset(PROSE, { 'train.jsonl': `${JSON.stringify(rows[0])}\n` }, { gated: true });
    const audit = ['audit', '--data', `hub:${PROSE}`];
    const gated = await run(audit);
    expect(gated.code).toBe(2);
    expect(gated.stderr).toMatch(/This data set is gated.*The terminal takes it from HF_TOKEN\./);
    expect((await run(audit, { HF_TOKEN: TOKEN })).code).toBe(0);
  });

  it('says that a path that is none may be a name of the Hub', async () => {
    const { code, stdout, stderr } = await run(['audit', '--data', PROSE, '--out', path('never')]);
    expect([code, stdout, stderr]).toEqual([
      2,
      '',
      expect.stringContaining(`A data set of the Hub is written hub:${PROSE}.`),
    ]);
    expect(existsSync(path('never'))).toBe(false);
  });
});
