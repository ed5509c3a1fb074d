/** @file `knowtune` in few steps: Parquet, questions that are held out, facts from a list, and all that it writes. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseOptions } from '../../src/cli/arguments.ts';
import { knowtuneCommand } from '../../src/cli/commands/knowtune.ts';
import type { Audit } from '../../src/knowtuning/audit/audit.ts';
import { parseProject } from '../../src/knowtuning/project.ts';
import { parquetRows } from './parquet_rows.ts';
import { runCli } from './run_cli.ts';

const FACTS = ['The lamp of Varnholm burns whale oil.', 'Mirna Dovel works in Trondheim.'];
const rows = Array.from({ length: 8 }, (_, i) => ({
  question: `What does lamp ${i} burn, and where does it stand?`,
  answer: `Lamp ${i} burns whale oil. Lamp ${i} stands in Varnholm.`,
}));

let work: string;
const path = (name: string) => join(work, name);
const read = (name: string) => JSON.parse(readFileSync(path(name), 'utf8'));
const lines = (name: string) => readFileSync(path(name), 'utf8').trim().split('\n');
const knowtune = (...args: string[]) => {
  const one = { max_steps: 1, r: 2 };
  writeFileSync(path('steps.json'), JSON.stringify({ sft: one, stage1: one, stage2: one }));
  return runCli('knowtune', '--config', path('steps.json'), '--max-new-tokens', '4', ...args);
};

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'tabtune-knowtune-'));
  writeFileSync(path('rows.parquet'), parquetRows(rows));
  writeFileSync(path('facts.txt'), `- ${FACTS.join('\n- ')}\n`);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('knowtune', () => {
  it('holds questions out of a file of Parquet, and writes data sets and audit as build does', () => {
    const run = knowtune(
      ...[
        '--data',
        path('rows.parquet'),
        '--holdout',
        '0.25',
        '--format',
        'trl',
        '--out',
        path('out'),
        '--json',
      ],
    );
    expect([run.code, run.stderr]).toEqual([0, expect.stringContaining('2 of 8 questions are held out')]);
    const project = parseProject(read('out/project.json'));
    const answers = read('out/answers.json') as Record<string, { question: string }[]>;
    expect(Object.keys(answers)).toEqual(['base', 'sft', 'stage1', 'stage2']);
    const trained = project.questions.map(({ question }) => question);
    for (const given of Object.values(answers)) {
      const held = given.map(({ question }) => question);
      expect([...trained, ...held].toSorted()).toEqual(rows.map(({ question }) => question));
      expect(held).toHaveLength(2);
    }
    expect(lines('out/sft.jsonl')).toHaveLength(12);
    const pairs = project.questions.flatMap((question) => question.pairs);
    expect(lines('out/dpo.jsonl')).toHaveLength(pairs.length);
    const audit = read('out/audit.json') as Audit;
    expect(audit).toMatchObject({ questions: 6, pairs: pairs.length, source: null });
    expect(JSON.parse(run.stdout).audit).toEqual({
      pairs: audit.pairs,
      unmarkedPairs: audit.unmarkedPairs,
      counts: audit.counts,
    });
    expect(lines('out/trl/dpo.jsonl')).toHaveLength(pairs.length);
    expect(existsSync(path('out/adapter/adapter_model.safetensors'))).toBe(true);
  });

  it('writes the data sets that build makes of the same rows under the same model', () => {
    const { questions } = parseProject(read('out/project.json'));
    const train = questions.map(({ id, question, answer }) => ({ id, question, answer }));
    writeFileSync(path('trained.jsonl'), train.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const run = runCli(
      ...['build', '--model', 'public/model', '--adapter', path('out/adapter-sft')],
      ...['--data', path('trained.jsonl'), '--out', path('built')],
    );
    expect([run.code, run.stderr]).toEqual([0, expect.stringContaining('6 questions')]);
    for (const name of ['sft.jsonl', 'dpo.jsonl'])
      expect(lines(`built/${name}`)).toEqual(lines(`out/${name}`));
  });

  it('learns facts of a list, in several phrasings, and tests another one', () => {
    const run = knowtune('--facts', path('facts.txt'), '--out', path('facts'));
    expect([run.code, run.stderr]).toEqual([0, expect.stringContaining('Stage II')]);
    expect(run.stdout).toMatch(/audit: \d+ of \d+ pairs unmarked/);
    const project = parseProject(read('facts/project.json'));
    expect(project.questions.map(({ answer }) => answer)).toEqual(
      FACTS.flatMap((fact) => [fact, fact, fact]),
    );
    const { stage2 } = read('facts/answers.json') as Record<string, { id: string; question: string }[]>;
    expect(stage2!.map(({ id }) => id)).toEqual(['fact-1', 'fact-2']);
    const trained = project.questions.map(({ question }) => question);
    for (const { question } of stage2!) expect(trained).not.toContain(question);
    expect((read('facts/audit.json') as Audit).counts.leak).toBeUndefined();
  });

  it.each([
    ['no data', [], /needs either --demo, --data or --facts/],
    ['two kinds of data', ['--facts', 'a', '--demo'], /needs either --demo, --data or --facts/],
    ['facts that are not there', ['--facts', 'nowhere.txt'], /nowhere\.txt: cannot be read/],
    [
      'a share that leaves nothing to train on',
      ['--data', 'rows', '--holdout', '1'],
      /holdout: is a share of 1/,
    ],
    [
      'a share that is no number',
      ['--data', 'rows', '--holdout', 'some'],
      /--holdout: is some\. Give a number/,
    ],
  ])('refuses %s', async (_, args, message) => {
    const given = args.map((arg) => (arg === 'rows' ? path('rows.parquet') : arg));
    const options = parseOptions([...given, '--out', path('never')], knowtuneCommand.options);
    await expect(knowtuneCommand.run(options, () => {})).rejects.toThrow(message);
    expect(existsSync(path('never'))).toBe(false);
  });
});
