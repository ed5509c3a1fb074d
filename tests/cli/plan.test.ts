/** @file `plan` from a configuration alone: large models fit what is asked of them, and say what does not fit. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli } from './run_cli.ts';
import { checkpointConfig, writeTinyCheckpoint } from './tiny_checkpoint.ts';

/** A directory with nothing but config.json. */
function configured(overrides: Readonly<Record<string, unknown>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'tabtune-plan-'));
  writeFileSync(join(directory, 'config.json'), JSON.stringify(checkpointConfig(overrides)));
  return directory;
}

function plan(model: string, ...options: string[]) {
  const { code, stdout, stderr } = runCli('plan', '--model', model, '--json', ...options);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return JSON.parse(stdout);
}

const llama1b = {
  vocab_size: 128256,
  hidden_size: 2048,
  intermediate_size: 8192,
  num_hidden_layers: 16,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  head_dim: 64,
  max_position_embeddings: 131072,
  torch_dtype: 'bfloat16',
};
const llama7b = {
  vocab_size: 32000,
  hidden_size: 4096,
  intermediate_size: 11008,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 32,
  head_dim: 128,
  max_position_embeddings: 4096,
  tie_word_embeddings: false,
};
const Q4 = ['--weights', 'q4_0', '--embedding-weights', 'q8_0'];

describe('plan', () => {
  it.each([
    ['Llama 3.2 1B', llama1b, 1_235_814_400, ['--tokens', '1024', '--rank', '16'], 1500],
    ['Llama 2 7B', llama7b, 6_738_415_616, ['--tokens', '512', '--rank', '8'], 5000],
  ] as const)(
    'fits %s into its budget, and every binding into 128 MiB',
    (_, config, parameters, options, budget) => {
      const model = configured(config);
      const free = plan(model, ...Q4, ...options);
      const report = plan(model, ...Q4, ...options, '--memory-budget', String(budget));
      expect(report.parameters).toBe(parameters);
      expect(free.total_bytes).toBeGreaterThan(1e6 * budget);
      expect(report.total_bytes).toBeLessThanOrEqual(1e6 * budget);
      expect(report.memory_budget).toEqual({ bytes: 1e6 * budget, holds: true });
      expect(report.total_bytes).toBe(
        report.items.reduce((sum: number, item: { bytes: number }) => sum + item.bytes, 0),
      );
      expect(report.least.total_bytes).toBeLessThanOrEqual(report.total_bytes);
      expect(report.largest_binding).toMatchObject({ limit: 2 ** 27, holds: true, problem: null });
      expect(report.largest_binding.bytes).toBeLessThanOrEqual(2 ** 27);
      // What is kept twice over is paid for in operations.
      expect(report.recomputed_layers).toBeGreaterThan(0);
      expect(report.extra_work).toBeCloseTo(report.flop_per_token.total / free.flop_per_token.total - 1, 10);
      expect(report.extra_work).toBeGreaterThan(0.1);
      expect(report.extra_work).toBeLessThan(0.4);
    },
  );

  it('counts the weights of a 1 B model by hand', () => {
    const { memory } = plan(configured(llama1b), ...Q4);
    const embedding = (128256 * 2048 * 34) / 32;
    const layer = 2048 * (2048 + 2 * 512) + 2048 * 2048 + 3 * 2048 * 8192;
    expect(memory.weights).toBe(embedding + (16 * layer * 18) / 32 + 33 * 4 * 2048);
  });

  it('says which buffer is too large for an adapter, and what would help', () => {
    const model = configured(llama7b);
    const long = plan(model, ...Q4, '--tokens', '4096');
    expect(long.largest_binding).toMatchObject({ bytes: 4096 * 2 * 11008 * 4, holds: false });
    expect(long.largest_binding.problem).toContain('gateUp');
    expect(long.largest_binding.problem).toContain('at most 1524 tokens');
    expect(plan(model, ...Q4, '--tokens', '1524').largest_binding.holds).toBe(true);
    expect(plan(model, ...Q4, '--tokens', '1525').largest_binding.holds).toBe(false);
    const high = plan(model, ...Q4, '--rank', '64');
    expect(high.largest_binding.problem).toContain('Lower the rank');
    expect(plan(model, ...Q4, '--rank', '64', '--buffer', String(2 ** 31)).largest_binding.holds).toBe(true);
  });

  it('says that a budget cannot be met', () => {
    const report = plan(configured(llama7b), ...Q4, '--memory-budget', '4000');
    expect(report.memory_budget).toEqual({ bytes: 4e9, holds: false });
    expect(report.total_bytes).toBe(report.least.total_bytes);
    const { stdout } = runCli('plan', '--model', configured(llama7b), ...Q4, '--memory-budget', '4000');
    expect(stdout).toContain('beyond the budget of 4000.0 MB');
  });

  it('takes types from config.json where there are no weights, and from the weights where there are', () => {
    const from = (model: string) => plan(model, '--weights', 'f16').conversions[0]?.from;
    expect(from(configured({ torch_dtype: 'bfloat16' }))).toBe('BF16');
    expect(from(configured({ dtype: 'float32' }))).toBe('F32');
    expect(from(configured({ torch_dtype: 'float16' }))).toBeUndefined();
    expect(from(writeTinyCheckpoint())).toBe('F32');
  });
});
