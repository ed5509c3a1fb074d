/** @file `bench roofline` in the terminal: one document without a GPU, all of it named an expectation. */
import { describe, expect, it } from 'vitest';
import { runCli } from './run_cli.ts';

describe('bench roofline', () => {
  it('prints expectations and the ten costliest kernels on each GPU', () => {
    const run = runCli(
      'bench',
      'roofline',
      '--shape',
      'smollm2-135m',
      '--target-modules',
      'all-linear',
      '--json',
    );
    expect(run.code).toBe(0);
    const report = JSON.parse(run.stdout);
    expect(report.note).toMatch(/^Expectations .*, not measurements/);
    expect(report.roofline.expectations.length).toBeGreaterThanOrEqual(3);
    for (const e of report.roofline.expectations) {
      expect(e.costliest).toHaveLength(10);
      const { flops, bytes, dispatch } = e.bound_by;
      expect(flops + bytes + dispatch).toBeCloseTo(1, 10);
    }
    const text = runCli('bench', 'roofline').stdout;
    expect(text).toMatch(/^Expectations/);
    expect(text).toContain('GeForce RTX 4060');
  });

  it('refuses an unknown shape, an unknown projection, and more tokens than the context holds', () => {
    for (const [option, value, cure] of [
      ['--shape', 'llama-9', 'smollm2-135m'],
      ['--target-modules', 'q_proj,z_proj', 'down_proj'],
      ['--tokens', '5000', '4096'],
    ] as const) {
      const { code, stderr } = runCli('bench', 'roofline', option, value);
      expect(code).toBe(2);
      expect(stderr).toContain(option);
      expect(stderr).toContain(cure);
    }
  });
});
