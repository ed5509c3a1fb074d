/** @file `build --author rules` on questions of anyone's, beside a row of the closed world. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parseProject } from '../../src/knowtuning/project.ts';
import { readRows } from '../authors/atlas.ts';
import { runCli } from './run_cli.ts';

it('builds data sets from any English text, and says what it could not read', () => {
  const work = mkdtempSync(join(tmpdir(), 'tabtune-rules-'));
  const [ofWorld] = readRows<{ id: string; question: string; answer: string }>('train');
  const rows = [
    ofWorld!,
    {
      id: 'own',
      question: 'What is a lynx?',
      answer: 'Hello! The lynx is a wild cat. It hunts hares and sleeps in trees.',
    },
    { id: 'none', question: 'Is it?', answer: 'Who knows?' },
  ];
  writeFileSync(join(work, 'data.jsonl'), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const out = join(work, 'out');
  const { code, stdout, stderr } = runCli(
    ...['build', '--model', 'public/model', '--data', join(work, 'data.jsonl'), '--out', out, '--json'],
  );
  expect(code, stderr).toBe(0);
  const project = parseProject(JSON.parse(readFileSync(join(out, 'project.json'), 'utf8')));
  const [world, own, none] = project.questions;
  expect(world!.atoms.map(({ text }) => text).join(' ')).toBe(ofWorld!.answer);
  expect(own!.atoms.map(({ text }) => text)).toEqual([
    'The lynx is a wild cat.',
    'The lynx hunts hares.',
    'The lynx sleeps in trees.',
  ]);
  expect(own!.pairs.map(({ aspect }) => aspect)).toEqual(['incomplete', 'nonfactual', 'illogical']);
  expect(own!.fineGrained?.question).toMatch(/lynx/);
  expect(none!.atoms).toEqual([]);
  const { problems } = JSON.parse(stdout) as { problems: { id: string; reason: string }[] };
  expect(problems.some(({ id, reason }) => id === 'own' && reason === '"Hello!" is a greeting.')).toBe(true);
  expect(problems.some(({ id, reason }) => id === 'none' && /is a question/.test(reason))).toBe(true);
});
