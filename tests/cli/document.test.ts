/** @file `build --document`: questions and answers of a text, and what does not go with it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseOptions } from '../../src/cli/arguments.ts';
import { buildCommand } from '../../src/cli/commands/build.ts';
import { parseProject } from '../../src/knowtuning/project.ts';
import { runCli } from './run_cli.ts';

const TEXT = `# The lamp of Varnholm

The lamp of Varnholm burns whale oil. Its keeper is Mirna Dovel.

\`\`\`
no text
\`\`\`

The river Ansa flows into Lake Obri.
`;

let work: string;
const path = (name: string) => join(work, name);
let build: string[];

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'tabtune-document-'));
  writeFileSync(path('lamp.md'), TEXT);
  build = ['--model', 'public/model', '--document', path('lamp.md'), '--out', path('out')];
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe('build --document', () => {
  it('makes a question of each passage, whose answer is the passage', () => {
    const run = runCli('build', ...build, '--json');
    expect([run.code, run.stderr]).toEqual([0, expect.stringContaining('2 questions')]);
    expect(JSON.parse(run.stdout)).toMatchObject({ questions: 2, source: null, problems: [] });
    const project = parseProject(JSON.parse(readFileSync(path('out/project.json'), 'utf8')));
    expect(project.name).toBe(path('lamp.md'));
    expect(project.questions.map(({ answer }) => answer)).toEqual([
      'The lamp of Varnholm burns whale oil. Its keeper is Mirna Dovel.',
      'The river Ansa flows into Lake Obri.',
    ]);
    for (const { question, atoms } of project.questions) {
      expect(question).toMatch(/\w{3}.*[.?]$/);
      expect(atoms.length).toBeGreaterThan(0);
    }
    expect(project.questions[1]!.question).toMatch(/Ansa/);
    expect(existsSync(path('out/audit.json'))).toBe(true);
  });

  it.each([
    ['data beside it', ['--data', 'x.jsonl'], /needs either --data or --document/],
    ['columns', ['--columns', 'prompt=a,completion=b'], /--columns: does not go with --document/],
    ['an estimate', ['--estimate'], /--estimate: does not go with --document/],
  ])('refuses %s', async (_, args, message) => {
    const options = parseOptions([...build, ...args], buildCommand.options);
    await expect(buildCommand.run(options, () => {})).rejects.toThrow(message);
  });

  it('says what is wrong with a document that has no sentence', async () => {
    writeFileSync(path('lamp.md'), '# Only a heading\n');
    const options = parseOptions(build, buildCommand.options);
    await expect(buildCommand.run(options, () => {})).rejects.toThrow('lamp.md');
  });
});
