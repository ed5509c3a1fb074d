/** @file Data in the terminal: conversations, tables, bad rows that may be skipped, and a chat template that never ends. */
import { cpSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { runCli } from './run_cli.ts';
import { writeTinyCheckpoint } from './tiny_checkpoint.ts';

const CHATML =
  "{% for m in messages %}{{ '### ' + m.role + ': ' + m.content + eos_token }}{% endfor %}{% if add_generation_prompt %}{{ '### assistant: ' }}{% endif %}";
const LOOP =
  '{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}{% endfor %}{% endfor %}';

let model: string;
let work: string;
const path = (name: string) => join(work, name);
beforeAll(() => {
  model = writeTinyCheckpoint();
  work = mkdtempSync(join(tmpdir(), 'tabtune-data-'));
  writeFileSync(path('config.json'), JSON.stringify({ max_steps: 1, learning_rate: 0, seed: 1 }));
});

function withTemplate(name: string, template: string): string {
  cpSync(model, path(name), { recursive: true });
  writeFileSync(join(path(name), 'chat_template.jinja'), template);
  return path(name);
}

function train(name: string, data: string, modelDirectory: string, ...more: string[]) {
  writeFileSync(path(name), data);
  const paths = ['--data', path(name), '--config', path('config.json'), '--out', path(`${name}.out`)];
  return runCli('train', '--method', 'sft', '--model', modelDirectory, ...paths, ...more);
}
const run = (name: string) =>
  JSON.parse(readFileSync(join(path(`${name}.out`), 'run.json'), 'utf8')) as {
    data: Record<string, unknown>;
    date_string?: string;
    summary: { target_tokens: number };
    config: { train_on: string };
  };
const messages = (...contents: string[]) =>
  JSON.stringify({
    messages: contents.map((content, i) => ({ role: i % 2 ? 'assistant' : 'user', content })),
  });

it('trains every answer of a conversation, or the last', () => {
  const chat = withTemplate('chat', CHATML);
  const row = `${messages('a', 'b b b', 'c', 'd')}\n`;
  expect(train('all.jsonl', row, chat).stderr).toContain('step 1/1');
  writeFileSync(path('config.json'), JSON.stringify({ max_steps: 1, learning_rate: 0, train_on: 'last' }));
  expect(train('last.jsonl', row, chat).code).toBe(0);
  expect(run('all.jsonl')).toMatchObject({ date_string: '26 Jul 2024', config: { train_on: 'all' } });
  expect(run('last.jsonl').config.train_on).toBe('last');
  expect(run('all.jsonl').summary.target_tokens).toBeGreaterThan(run('last.jsonl').summary.target_tokens + 3);
  expect(run('last.jsonl').summary.target_tokens).toBeGreaterThan(0);
});

it('reads tables, with columns by hand, and skips bad rows only where it may', () => {
  const table = 'Frage,Antwort\nWas?,Das.\nWer?,\n';
  const columns = ['--columns', 'prompt=Frage,completion=Antwort'];
  const strict = train('strict.csv', table, model, ...columns);
  expect(strict).toMatchObject({ code: 2, stdout: '' });
  expect(strict.stderr).toMatch(/strict\.csv:3: row 2 has an empty Antwort/);
  expect(existsSync(path('strict.csv.out'))).toBe(false);
  const skipped = train('skipped.csv', table, model, ...columns, '--skip-bad-rows');
  expect(skipped.code).toBe(0);
  expect(skipped.stderr).toMatch(/left out: .*skipped\.csv:3: row 2 has an empty Antwort/);
  expect(run('skipped.csv').data).toMatchObject({
    rows: 1,
    skipped_rows: 1,
    columns: { prompt: 'Frage', completion: 'Antwort' },
  });
  expect(train('wrong.csv', table, model, '--columns', 'frage=Frage').stderr).toMatch(/--columns: .*"frage"/);
});

it('names file and line of a row that does not fit, though rows before it were skipped', () => {
  const long = JSON.stringify({ prompt: 'a', completion: 'long '.repeat(200) });
  const { code, stderr } = train('long.jsonl', `\n{"prompt":"x"}\n${long}\n`, model, '--skip-bad-rows');
  expect(code).toBe(2);
  expect(stderr).toMatch(/long\.jsonl:3: the row has \d+ tokens, but at most 96 fit/);
});

it('ends a chat template that never ends', () => {
  const started = performance.now();
  const { code, stderr } = train('loop.jsonl', `${messages('a', 'b')}\n`, withTemplate('loop', LOOP));
  expect(code).toBe(2);
  expect(stderr).toMatch(/chat_template: cannot be rendered.*does it loop for ever.*--template none/);
  expect(performance.now() - started).toBeLessThan(60_000);
});
