import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/formats/input_error.ts';
import { holdOut } from '../../src/knowtuning/holdout.ts';

const rows = Array.from({ length: 200 }, (_, i) => ({ id: `${i}`, question: `What is the number ${i}?` }));
const ids = (list: readonly { readonly id: string }[]) => list.map(({ id }) => id);

describe('holding out questions', () => {
  it('takes a tenth, loses none, and keeps the order', () => {
    const { train, held } = holdOut(rows);
    expect([train.length, held.length]).toEqual([180, 20]);
    expect(new Set([...ids(train), ...ids(held)]).size).toBe(200);
    for (const part of [train, held])
      expect(ids(part)).toEqual([...ids(part)].sort((a, b) => Number(a) - Number(b)));
  });

  it('depends on the seed and the questions, not on their places', () => {
    const held = (list: typeof rows, seed: number) => new Set(ids(holdOut(list, 0.1, seed).held));
    expect(held(rows, 3)).toEqual(held([...rows].reverse(), 3));
    expect(held(rows, 3)).not.toEqual(held(rows, 4));
    // Every question is held out about as often: 20 times of 200 seeds, give or take.
    const times = new Map<string, number>();
    for (let seed = 0; seed < 200; seed++)
      for (const id of held(rows, seed)) times.set(id, (times.get(id) ?? 0) + 1);
    expect(times.size).toBe(200);
    expect(Math.max(...times.values())).toBeLessThan(40);
    // A row more moves at most one across the border.
    const more = held([...rows, { id: 'new', question: 'Who?' }], 3);
    expect([...held(rows, 3)].filter((id) => !more.has(id)).length).toBeLessThanOrEqual(1);
  });

  it('keeps rows of one question together', () => {
    const twice = [
      ...rows,
      ...rows.map(({ id, question }) => ({ id, question: ` ${question.toUpperCase()} ` })),
    ];
    const { train, held } = holdOut(twice);
    expect(held).toHaveLength(40);
    const heldIds = new Set(ids(held));
    expect(train.some(({ id }) => heldIds.has(id))).toBe(false);
  });

  it('leaves something on either side, and refuses what is no share', () => {
    const sizes = (n: number, share: number) => {
      const { train, held } = holdOut(rows.slice(0, n), share);
      return [train.length, held.length];
    };
    expect([sizes(0, 0.1), sizes(1, 0.5), sizes(2, 0.1), sizes(3, 0.99), sizes(9, 0)]).toEqual([
      [0, 0],
      [1, 0],
      [1, 1],
      [1, 2],
      [9, 0],
    ]);
    for (const share of [1, -0.1, Number.NaN]) expect(() => holdOut(rows, share)).toThrow(InputError);
  });
});
