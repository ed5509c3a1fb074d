/** @file The roofline model: times of made-up dispatches, counted by hand, and the command's report. */
import { describe, expect, it } from 'vitest';
import type { GpuProfile } from '../../bench/gpu_profiles.ts';
import { GPU_PROFILES } from '../../bench/gpu_profiles.ts';
import { LLAMA_SHAPES } from '../../bench/llama_shapes.ts';
import { expectOn, roofline } from '../../bench/roofline.ts';
import { shadersFromDisk } from '../../src/cli/dawn.ts';
import type { RecordedDispatch } from '../../src/gpu/program.ts';
import { parameterCount } from '../../src/llama/weight_plan.ts';

const profile: GpuProfile = { name: 'test', kind: 'discrete', flops: 100, bandwidth: 10, dispatch: 0.5 };

function dispatch(
  shader: string,
  flops: number,
  read: number,
  written: number,
  groups = 1,
): RecordedDispatch {
  return { shader, constants: {}, workgroups: [groups, 2, 1], flops, traffic: { read, written } };
}

const resources = () => ({ sharedBytes: 64, registers: 9, invocations: 32 });

describe('expected times', () => {
  const list = [
    dispatch('dense', 400, 5, 5), // 4 s of operations, 1 of bytes
    dispatch('dense', 200, 25, 5, 3), // 2 s of operations, 3 of bytes
    dispatch('thin', 10, 40, 10), // 0.1 s of operations, 5 of bytes
  ];
  const e = expectOn(profile, list, 27, resources);

  it('are the longer of operations and bytes, and the cost of each dispatch', () => {
    expect(e.expected_seconds).toBeCloseTo(4 + 3 + 5 + 1.5, 10);
    expect(e.expected_tokens_per_second).toBeCloseTo(2, 10);
    expect(e.share_of_peak).toBeCloseTo(610 / 1350, 10);
    expect(e.bound_by.flops).toBeCloseTo(4 / 13.5, 10);
    expect(e.bound_by.bytes).toBeCloseTo(8 / 13.5, 10);
    expect(e.bound_by.dispatch).toBeCloseTo(1.5 / 13.5, 10);
  });

  it('name the costliest kernels first, with what they ask', () => {
    expect(e.costliest.map((k) => k.kernel)).toEqual(['dense', 'thin']);
    const [dense] = e.costliest;
    expect(dense).toMatchObject({
      count: 2,
      flops: 600,
      bytes: 40,
      intensity: 15,
      fewest_workgroups: 2,
      shared_bytes: 64,
      estimated_registers: 9,
    });
    expect(dense!.share).toBeCloseTo(8 / 13.5, 10);
  });

  it('name ten kernels at most', () => {
    const many = Array.from({ length: 12 }, (_, i) => dispatch(`kernel ${i}`, 0, 10 * i, 0));
    const { costliest } = expectOn(profile, many, 1, resources);
    expect(costliest).toHaveLength(10);
    expect(costliest[0]!.kernel).toBe('kernel 11');
  });
});

describe('a step', () => {
  const step = (shape: keyof typeof LLAMA_SHAPES, memoryBudget?: number) =>
    roofline(
      {
        config: LLAMA_SHAPES[shape],
        lora: { rank: 8, scale: 1, targets: ['q_proj', 'v_proj'] },
        tokens: 128,
        weights: { weights: 'q4_0', embedding: 'q8_0' },
        bindingLimit: 2 ** 27,
        ...(memoryBudget === undefined ? {} : { memoryBudget }),
      },
      shadersFromDisk(),
    );

  it('has expectations on integrated and on discrete GPUs', () => {
    const { expectations } = step('step');
    expect(expectations.map((e) => e.profile)).toEqual(GPU_PROFILES);
    expect(new Set(GPU_PROFILES.map((p) => p.kind))).toEqual(new Set(['integrated', 'discrete']));
    for (const e of expectations) {
      expect(e.share_of_peak).toBeGreaterThan(0);
      expect(e.share_of_peak).toBeLessThan(1);
    }
  });

  it('computes layers again where memory is short', () => {
    const whole = step('smollm2-135m');
    const tight = step('smollm2-135m', 130e6);
    expect(whole.recomputed_layers).toBe(0);
    expect(tight.recomputed_layers).toBeGreaterThan(0);
    expect(tight.flops).toBeGreaterThan(whole.flops);
    expect(tight.dispatches).toBeGreaterThan(whole.dispatches);
  });
});

describe('published shapes', () => {
  it('have the parameters that Transformers counts', () => {
    expect(parameterCount(LLAMA_SHAPES['smollm2-135m'])).toBe(134_515_008);
    expect(parameterCount(LLAMA_SHAPES['llama-3.2-1b'])).toBe(1_235_814_400);
    expect(parameterCount(LLAMA_SHAPES['llama-2-7b'])).toBe(6_738_415_616);
  });
});
