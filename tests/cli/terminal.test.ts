/** @file The terminal's contract on good input: documents, files, and the same bytes for the same seed. */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { runCli } from './run_cli.ts';
import { writeTinyCheckpoint } from './tiny_checkpoint.ts';

let model: string;
let work: string;
const path = (name: string) => join(work, name);
const json = (text: string) => JSON.parse(text) as Record<string, never>;

beforeAll(() => {
  model = writeTinyCheckpoint();
  work = mkdtempSync(join(tmpdir(), 'tabtune-cli-'));
  const sft = [
    { prompt: 'The capital of France', completion: ' is Paris.' },
    { prompt: 'The symbol of Gold', completion: ' is Au.' },
    { prompt: 'The capital of Peru', completion: ' is Lima.' },
  ];
  writeFileSync(path('sft.jsonl'), sft.map((r) => JSON.stringify(r)).join('\n'));
  const dpo = sft.map(({ prompt, completion }) => ({
    prompt,
    chosen: completion,
    rejected: ' is Rome or so.',
  }));
  dpo.push({ ...dpo[0]!, rejected: ' is Oslo.' });
  writeFileSync(path('dpo.jsonl'), dpo.map((r) => JSON.stringify(r)).join('\n'));
  writeFileSync(
    path('sft.json'),
    JSON.stringify({
      learning_rate: 0.05,
      max_steps: 4,
      r: 4,
      lora_alpha: 8,
      target_modules: 'all-linear',
      per_device_train_batch_size: 2,
    }),
  );
  writeFileSync(
    path('dpo.json'),
    JSON.stringify({
      learning_rate: 0.01,
      max_steps: 3,
      beta: 0.3,
      pref_ftx: 0.2,
      per_device_train_batch_size: 3,
    }),
  );
});

function trainDpo(out: string, ...more: string[]) {
  const files = ['--adapter', path('a'), '--data', path('dpo.jsonl'), '--config', path('dpo.json')];
  return runCli(
    ...['train', '--method', 'dpo', '--model', model, '--template', 'none', ...files],
    ...['--out', path(out), '--json', ...more],
  );
}

function trainSft(out: string, ...more: string[]) {
  const files = ['--data', path('sft.jsonl'), '--config', path('sft.json')];
  return runCli(
    ...['train', '--method', 'sft', '--model', model, '--template', 'none', ...files],
    ...['--out', path(out), '--json', ...more],
  );
}

const dpoHistory = (out: string) =>
  JSON.parse(readFileSync(path(`${out}/trainer_state.json`), 'utf8')).log_history as Record<string, number>[];

describe('train', () => {
  it('writes a PEFT directory, a curve and a manifest, to the byte the same for the same seed', () => {
    const runs = ['a', 'b'].map((out) => trainSft(out));
    expect(runs.map((r) => r.code)).toEqual([0, 0]);
    const [a, b] = ['a', 'b'].map((out) => readFileSync(path(`${out}/adapter_model.safetensors`)));
    expect(a!.equals(b!)).toBe(true);
    const state = json(readFileSync(path('a/trainer_state.json'), 'utf8'));
    const losses = (state.log_history as { loss: number }[]).map((l) => l.loss);
    expect(losses).toHaveLength(4);
    expect(losses[3]).toBeLessThan(losses[0]!);
    const config = json(readFileSync(path('a/adapter_config.json'), 'utf8'));
    expect(config).toMatchObject({ peft_type: 'LORA', r: 4, lora_alpha: 8 });
    expect(json(readFileSync(path('a/run.json'), 'utf8'))).toMatchObject({ method: 'sft', template: 'none' });
    expect(JSON.parse(runs[0]!.stdout)).toMatchObject({ steps: 4 });
  });

  it('runs the variants of kernels that are forced, and says so in the manifest', () => {
    const run = trainSft('forced', '--kernels', 'matmul=scalar,attention=tiled');
    expect(run.code).toBe(0);
    const tensors = (out: string) => readFileSync(path(`${out}/adapter_model.safetensors`));
    const kernels = (out: string) => json(readFileSync(path(`${out}/run.json`), 'utf8')).kernels;
    expect(kernels('a')).toMatchObject({ forced: 'none' });
    expect(kernels('forced')).toMatchObject({
      forced: 'matmul=scalar,attention=tiled',
      matmul_nt: 'scalar',
      matmul_nn: 'scalar',
      attention: 'tiled',
    });
    // Sums in another order: other bits, but the same training.
    expect(tensors('forced').equals(tensors('a'))).toBe(false);
    const loss = (out: string) =>
      (json(readFileSync(path(`${out}/trainer_state.json`), 'utf8')).log_history as { loss: number }[])[3]!
        .loss;
    expect(Math.abs(loss('forced') - loss('a'))).toBeLessThan(1e-4);
  });

  it('goes on from an adapter by DPO, which starts at ln 2', () => {
    const run = trainDpo('dpo');
    expect(run.stderr).toContain('step 3/3');
    const history = dpoHistory('dpo');
    expect(Math.abs(history[0]!.dpo_loss! - Math.LN2)).toBeLessThan(1e-5);
    expect(history[2]!.dpo_loss!).toBeLessThan(history[0]!.dpo_loss!);
    for (const key of [
      'sft_loss',
      'rewards/chosen',
      'rewards/rejected',
      'rewards/margins',
      'rewards/accuracies',
      'logps/chosen',
      'logps/rejected',
    ])
      expect(history[2]).toHaveProperty([key]);
  });

  it('computes a question once by default, and once per answer and pair with --tree-batching off', () => {
    trainDpo('pairs', '--tree-batching', 'off');
    const manifest = (out: string) => json(readFileSync(path(`${out}/run.json`), 'utf8'));
    expect(manifest('dpo')).toMatchObject({ tree_batching: true });
    expect(manifest('pairs')).toMatchObject({ tree_batching: false });
    const [trees, pairs] = [dpoHistory('dpo'), dpoHistory('pairs')];
    expect(trees[0]!.tokens).toBeLessThan(pairs[0]!.tokens!);
    trees.forEach((entry, i) => {
      expect(Math.abs(entry.loss! - pairs[i]!.loss!)).toBeLessThan(1e-5);
    });
  });
});

describe('logprobs and generate', () => {
  it('prints ids and log-probabilities of prompt ++ completion ++ EOS, which an adapter changes', () => {
    const run = (...more: string[]) =>
      JSON.parse(
        runCli(
          'logprobs',
          '--model',
          model,
          '--template',
          'none',
          '--data',
          path('sft.jsonl'),
          '--json',
          ...more,
        ).stdout,
      ).rows as {
        ids: number[];
        prompt_length: number;
        logprobs: number[];
        sum: number;
      }[];
    const base = run();
    expect(base).toHaveLength(3);
    for (const row of base) {
      expect(row.ids[0]).toBe(1);
      expect(row.ids.at(-1)).toBe(2);
      expect(row.logprobs).toHaveLength(row.ids.length - row.prompt_length);
      expect(row.sum).toBeCloseTo(
        row.logprobs.reduce((a, b) => a + b, 0),
        5,
      );
    }
    const adapted = run('--adapter', path('a'), '--out', path('rows.jsonl'));
    expect(adapted[0]!.sum).toBeGreaterThan(base[0]!.sum + 0.1);
    expect(readFileSync(path('rows.jsonl'), 'utf8').trim().split('\n')).toHaveLength(3);
  });

  it('generates greedily: each token is the most likely one', () => {
    const run = runCli(
      'generate',
      '--model',
      model,
      '--template',
      'none',
      '--prompt',
      'The capital of France',
      '--max-new-tokens',
      '8',
      '--json',
    );
    const { results, tokens_per_second } = JSON.parse(run.stdout) as {
      results: { ids: number[]; text: string }[];
      tokens_per_second: number;
    };
    expect(results[0]!.ids.length).toBeGreaterThan(0);
    expect(tokens_per_second).toBeGreaterThan(0);
  });
});

describe('export', () => {
  it('writes the same tensors as PEFT files', () => {
    const run = runCli('export', '--adapter', path('a'), '--to', 'peft', '--out', path('exported'), '--json');
    expect(run.code).toBe(0);
    expect(
      readFileSync(path('exported/adapter_model.safetensors')).equals(
        readFileSync(path('a/adapter_model.safetensors')),
      ),
    ).toBe(true);
    expect(existsSync(path('exported/adapter_config.json'))).toBe(true);
  });
});
