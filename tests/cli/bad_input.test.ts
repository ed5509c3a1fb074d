/** @file Bad input in the terminal: exit code 2, a message that names place and cure, nothing half-written. */
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from './run_cli.ts';
import { checkpointConfig, writeTinyCheckpoint } from './tiny_checkpoint.ts';

let model: string;
let work: string;
const path = (name: string) => join(work, name);

beforeAll(() => {
  model = writeTinyCheckpoint();
  work = mkdtempSync(join(tmpdir(), 'tabtune-bad-'));
  writeFileSync(path('good.jsonl'), '{"prompt":"a b","completion":" c"}\n');
});

/** A copy of the checkpoint with one file changed (or removed, with null). */
function broken(name: string, file: string, content: string | null): string {
  const directory = path(name);
  cpSync(model, directory, { recursive: true });
  if (content === null) rmSync(join(directory, file));
  else writeFileSync(join(directory, file), content);
  return directory;
}

function train(data: string, config: object, modelDirectory = model) {
  writeFileSync(path('data.jsonl'), data);
  writeFileSync(path('config.json'), JSON.stringify(config));
  return runCli(
    'train',
    '--method',
    'sft',
    '--model',
    modelDirectory,
    '--data',
    path('data.jsonl'),
    '--config',
    path('config.json'),
    '--out',
    path('out'),
  );
}

const GOOD = '{"prompt":"a b","completion":" c"}\n';

describe('the terminal refuses', () => {
  const cases: [string, () => ReturnType<typeof runCli>, RegExp][] = [
    [
      'an unknown config key',
      () => train(GOOD, { learning_rat: 1 }),
      /config\.json.*learning_rat.*learning_rate/s,
    ],
    ['a known key that is not implemented', () => train(GOOD, { lora_dropout: 0.1 }), /lora_dropout/],
    ['rank 0', () => train(GOOD, { r: 0 }), /config\.json.*\br\b/s],
    ['a row without an answer', () => train(`${GOOD}{"prompt":"x"}\n`, {}), /data\.jsonl:2.*completion/s],
    ['an empty answer', () => train('{"prompt":"x","completion":"  "}\n', {}), /data\.jsonl:1/],
    ['an empty data set', () => train('\n', {}), /data\.jsonl/],
    ['a line that is not JSON', () => train(`${GOOD}{"prompt":`, {}), /data\.jsonl:2/],
    [
      'a row longer than the context',
      () => train(`{"prompt":"x","completion":"${'word '.repeat(200)}"}\n`, {}),
      /data\.jsonl:1: .*96/s,
    ],
    [
      'a missing data file',
      () => runCli('logprobs', '--model', model, '--data', path('none.jsonl')),
      /none\.jsonl/,
    ],
    [
      'a missing model directory',
      () => runCli('logprobs', '--model', path('nowhere'), '--data', path('good.jsonl')),
      /nowhere/,
    ],
    [
      'a missing weight file',
      () => train(GOOD, {}, broken('no-weights', 'model.safetensors', null)),
      /safetensors/,
    ],
    [
      'a missing tokenizer',
      () => train(GOOD, {}, broken('no-tokenizer', 'tokenizer.json', null)),
      /tokenizer\.json/,
    ],
    [
      'a tensor of another shape than config.json says',
      () =>
        train(
          GOOD,
          {},
          broken('other-shape', 'config.json', JSON.stringify(checkpointConfig({ intermediate_size: 28 }))),
        ),
      /gate_proj.*\[24, 16\].*\[28, 16\]/s,
    ],
    [
      'another architecture',
      () =>
        train(
          GOOD,
          {},
          broken('gpt2', 'config.json', JSON.stringify(checkpointConfig({ model_type: 'gpt2' }))),
        ),
      /gpt2/,
    ],
    ['an unknown option', () => runCli('train', '--metod', 'sft'), /--metod/],
    ['an unknown command', () => runCli('trian'), /trian.*train/s],
    ['a missing option', () => runCli('logprobs', '--model', model), /--data/],
  ];
  it.each(cases)('%s', (_name, run, message) => {
    const { code, stdout, stderr } = run();
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    // A sentence with a cure, not a stack.
    expect(stderr).not.toMatch(/\n\s+at /);
    expect(existsSync(path('out'))).toBe(false);
    expect(readdirSync(work).filter((f) => f.includes('partial'))).toEqual([]);
  });
});
