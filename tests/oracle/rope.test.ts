/**
 * @file The oracle's rotary tables against numbers made by transformers 5.23.0: LlamaRotaryEmbedding(config).inv_freq
 * and its cos and sin (first half of a head), in f32.
 */
import { describe, expect, it } from 'vitest';
import type { RopeScaling } from '../../src/llama/config.ts';
import { centralDifference } from './central_difference.ts';
import { largestDifference, norm, relativeDifference } from './compare.ts';
import { Random } from './random.ts';
import { tinyConfig } from './random_model.ts';
import reference from './rope.transformers.json' with { type: 'json' };
import { rope, ropeFrequencies, ropeTables } from './rope.ts';

const configs: Record<string, { headDim: number; ropeTheta: number; ropeScaling: RopeScaling | null }> = {
  default: { headDim: 48, ropeTheta: 10000, ropeScaling: null },
  linear: { headDim: 16, ropeTheta: 10000, ropeScaling: { type: 'linear', factor: 3 } },
  llama3: {
    headDim: 64,
    ropeTheta: 500000,
    ropeScaling: {
      type: 'llama3',
      factor: 32,
      lowFreqFactor: 1,
      highFreqFactor: 4,
      originalMaxPositionEmbeddings: 8192,
    },
  },
};

describe.each(reference)('rotary tables, $name', (expected) => {
  const config = tinyConfig(configs[expected.name]!);
  const frequencies = ropeFrequencies(config);

  it('has the inverse frequencies of transformers to the bit', () => {
    expect([...frequencies]).toEqual(expected.inverse_frequencies.map(Math.fround));
  });

  it('has its cosines and sines to one unit in the last place', () => {
    const tables = ropeTables(config, 2048);
    expected.positions.forEach((position, row) => {
      const slice = (t: Float64Array) =>
        t.subarray(position * frequencies.length).subarray(0, frequencies.length);
      expect(largestDifference(slice(tables.cos), expected.cos[row]!)).toBeLessThan(2 ** -23);
      expect(largestDifference(slice(tables.sin), expected.sin[row]!)).toBeLessThan(2 ** -23);
    });
  });
});

it('scales: llama3 differs from no scaling by its factor in long wavelengths and not at all in short ones', () => {
  const scaled = ropeFrequencies(tinyConfig(configs.llama3!));
  const plain = ropeFrequencies(tinyConfig({ ...configs.llama3!, ropeScaling: null }));
  expect(scaled[0]).toBe(plain[0]);
  expect(scaled.at(-1)).toBe(plain.at(-1)! / 32);
});

describe('rotation', () => {
  const config = tinyConfig();
  const tables = ropeTables(config, 16, 'f64');
  const positions = [0, 3, 15];
  const x = new Random(1).normals(positions.length * 2 * config.headDim);

  it('keeps norms, leaves position 0 alone and depends on the distance of two positions only', () => {
    const y = rope(x, positions, tables, config.headDim);
    expect(norm(y)).toBeCloseTo(norm(x), 12);
    expect(y.subarray(0, 16)).toEqual(x.subarray(0, 16));
    const q = x.subarray(0, 8);
    const k = x.subarray(16, 24);
    const product = (i: number, j: number) => {
      const a = rope(q, [i], tables, 8);
      const b = rope(k, [j], tables, 8);
      return a.reduce((sum, value, d) => sum + value * b[d]!, 0);
    };
    expect(product(9, 4)).toBeCloseTo(product(14, 9), 12);
    expect(Math.abs(product(9, 4) - product(9, 5))).toBeGreaterThan(1e-3);
  });

  it('has the inverse rotation as its gradient', () => {
    const weight = new Random(2).normals(x.length);
    const f = () => rope(x, positions, tables, 8).reduce((sum, y, i) => sum + y * weight[i]!, 0);
    const gradient = rope(weight, positions, tables, 8, -1);
    expect(relativeDifference(gradient, centralDifference(f, x))).toBeLessThan(1e-8);
  });
});
