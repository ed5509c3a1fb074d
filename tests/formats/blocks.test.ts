/** @file ggml's blocks against the PyPI package gguf, to the bit, in both directions. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  blockBytes,
  blockLength,
  dequantise,
  type QuantisedType,
  quantise,
  storedBytes,
} from '../../src/formats/blocks.ts';
import { f16ToF32, f32ToF16 } from '../../src/formats/half.ts';
import type { StoredType } from '../../src/formats/tensor_source.ts';

type Cases = Record<string, { readonly blocks: string; readonly values: string }>;
/** Written by fixtures/make_blocks.py: subnormal, negative and zero scales among them. */
const cases = JSON.parse(readFileSync(new URL('fixtures/blocks.json', import.meta.url), 'utf8')) as {
  readonly dequantise: Cases;
  readonly quantise: Cases;
};
const bytesOf = (base64: string) => new Uint8Array(Buffer.from(base64, 'base64'));
const bits = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length);

describe('dequantise', () => {
  it.each(Object.keys(cases.dequantise) as StoredType[])('%s', (type) => {
    const { blocks, values } = cases.dequantise[type]!;
    expect(bits(dequantise(type, bytesOf(blocks)))).toEqual(new Uint32Array(bytesOf(values).buffer));
  });

  it('covers every type that is stored', () => {
    expect(Object.keys(cases.dequantise).sort()).toEqual(
      ['BF16', 'F16', 'F32', 'Q4_0', 'Q4_1', 'Q4_K', 'Q6_K', 'Q8_0'].sort(),
    );
  });

  it('refuses parts of blocks', () => {
    expect(() => dequantise('Q4_K', new Uint8Array(145))).toThrow(/145 bytes are no whole blocks of Q4_K/);
    expect(() => dequantise('F32', new Uint8Array(6))).toThrow(RangeError);
    expect(() => quantise('Q8_0', new Float32Array(33))).toThrow(RangeError);
    expect(() => storedBytes('Q6_K', 32)).toThrow(RangeError);
    expect(storedBytes('Q6_K', 512)).toBe(2 * blockBytes('Q6_K'));
    expect(blockLength('Q6_K')).toBe(256);
  });
});

describe('quantise', () => {
  it.each(Object.keys(cases.quantise) as QuantisedType[])('%s', (type) => {
    const { blocks, values } = cases.quantise[type]!;
    const input = new Float32Array(bytesOf(values).buffer);
    expect(Buffer.from(quantise(type, input)).toString('hex')).toBe(
      Buffer.from(bytesOf(blocks)).toString('hex'),
    );
  });

  it.each<[QuantisedType, number]>([
    ['Q8_0', 127],
    ['Q4_0', 8],
    ['Q4_1', 15],
  ])('%s errs by less than a step and its scale by f16', (type, steps) => {
    const block = fc.array(fc.float({ min: -1000, max: 1000, noNaN: true }), {
      minLength: 32,
      maxLength: 32,
    });
    fc.assert(
      fc.property(block, (values) => {
        const back = dequantise(type, quantise(type, Float32Array.from(values)));
        const most = Math.max(...values.map(Math.abs));
        const range = type === 'Q4_1' ? Math.max(...values) - Math.min(...values) : most;
        for (const [i, value] of values.entries())
          expect(Math.abs(back[i]! - value)).toBeLessThanOrEqual(
            (range / steps) * 1.001 + most * 2 ** -10 + 1e-5,
          );
      }),
      { numRuns: 300 },
    );
  });

  it('leaves every f16 as it is', () => {
    const halves = Uint16Array.from({ length: 65536 }, (_, i) => i);
    const again = f32ToF16(f16ToF32(halves));
    const isNaNBits = (half: number) => (half & 0x7fff) > 0x7c00;
    for (let half = 0; half < 65536; half++) expect(again[half]).toBe(isNaNBits(half) ? half | 0x200 : half);
  });
});
