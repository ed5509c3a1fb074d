import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { perplexity, selectDifficult } from '../../src/knowtuning/difficulty.ts';

describe('perplexity', () => {
  it('is the inverse of the geometric mean probability', () => {
    expect(perplexity([Math.log(0.5), Math.log(0.125)])).toBeCloseTo(4, 12);
    expect(perplexity(new Float32Array([0, 0]))).toBe(1);
    expect(perplexity([-1, -2, -6])).toBeCloseTo(Math.exp(3), 12);
    expect(() => perplexity([])).toThrow(RangeError);
  });
});

describe('selectDifficult', () => {
  it("selects two of the three atoms of the paper's figure", () => {
    expect(selectDifficult([18.86, 19.54, 30.74], 0.5)).toEqual([1, 2]);
    expect(selectDifficult([30.74, 18.86, 19.54], 0.5)).toEqual([0, 2]);
  });

  it('rounds up, without being fooled by floating point', () => {
    const counts = (n: number, alpha: number) => selectDifficult(new Array(n).fill(1), alpha).length;
    expect([counts(1, 0.5), counts(2, 0.5), counts(5, 0.5), counts(4, 1)]).toEqual([1, 1, 3, 4]);
    // 0.07 * 100 and 0.14 * 50 come out above 7 in floating point.
    expect([0.07 * 100 > 7, 0.14 * 50 > 7]).toEqual([true, true]);
    expect([counts(100, 0.07), counts(50, 0.14), counts(0, 0.5)]).toEqual([7, 7, 0]);
  });

  it('prefers the earlier of equals and refuses what is not a number', () => {
    expect(selectDifficult([2, 5, 5, 5], 0.5)).toEqual([1, 2]);
    expect(selectDifficult([1, Number.POSITIVE_INFINITY], 0.5)).toEqual([1]);
    expect(() => selectDifficult([1, Number.NaN], 0.5)).toThrow(RangeError);
  });

  it('never leaves out an atom that is more difficult than one it takes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 1, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 12 }),
        fc.double({ min: 0.01, max: 1, noNaN: true }),
        (values, alpha) => {
          const selected = selectDifficult(values, alpha);
          expect(selected.length).toBeGreaterThanOrEqual(1);
          expect(selected).toEqual([...selected].sort((a, b) => a - b));
          const least = Math.min(...selected.map((i) => values[i]!));
          values.forEach((value, i) => {
            if (!selected.includes(i)) expect(value).toBeLessThanOrEqual(least);
          });
        },
      ),
    );
  });
});
