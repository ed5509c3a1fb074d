/** @file `audit`: a project or a data file, without a model. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Audit } from '../../src/knowtuning/audit/audit.ts';
import { defaultMethod, startProject } from '../../src/knowtuning/project.ts';
import { proseQuestions } from '../knowtuning/prose_rows.ts';
import { runCli } from './run_cli.ts';

const work = mkdtempSync(join(tmpdir(), 'tabtune-audit-'));
const path = (name: string) => join(work, name);
const write = (name: string, value: unknown) => writeFileSync(path(name), JSON.stringify(value));

describe('audit', () => {
  it('names what is wrong with a project, and writes its data sets', () => {
    const project = { ...startProject('p', [], defaultMethod), questions: proseQuestions() };
    project.questions[2]!.pairs[0]!.worse = '.';
    write('project.json', project);
    write('test.json', [{ question: 'Why does BREAD rise?' }]);
    const given = ['--project', path('project.json'), '--test', path('test.json')];
    const run = runCli('audit', ...given, '--format', 'trl', '--out', path('out'));
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('29 of 30 pairs unmarked; 1 empty-side, 1 leak');
    expect(run.stdout).toContain('error: empty-side (prose-2, incomplete): The worse answer says nothing.');
    expect(JSON.parse(readFileSync(path('out/audit.json'), 'utf8'))).toMatchObject({ pairs: 30 });
    expect(readFileSync(path('out/trl/dpo.jsonl'), 'utf8').trim().split('\n')).toHaveLength(30);
  });

  it('makes pairs of a data file of any format, where there is no project', () => {
    const rows = proseQuestions().map(({ question, answer }) => ({
      instruction: question,
      input: '',
      output: answer,
    }));
    write('alpaca.json', rows);
    const run = runCli('audit', '--data', path('alpaca.json'), '--style-pairs', 'matched', '--json');
    expect(run.code).toBe(0);
    const audit = JSON.parse(run.stdout) as Audit;
    expect(audit.questions).toBe(10);
    expect(audit.pairs).toBeGreaterThan(20);
    expect(audit.unmarkedPairs / audit.pairs).toBeGreaterThanOrEqual(0.8);
    // Joined in the same way, permuted facts are as long as those in order.
    expect(audit.style.illogical.lengthRatio).toBe(1);
    expect(existsSync(path('audit.json'))).toBe(false);
  });

  it('says what it lacks', () => {
    expect(runCli('audit')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--project or --data'),
    });
    const formats = ['--project', path('project.json'), '--format', 'kto'];
    expect(runCli('audit', ...formats)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Give --out'),
    });
  });
});
