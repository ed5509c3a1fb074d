/** @file The greedy choice on the GPU: PyTorch's argmax, and the bookkeeping of a decoding step. */
import { describe, expect, it } from 'vitest';
import { advance, greedy, SEQUENCE_STATE_COUNT } from '../../src/ops/decode.ts';
import { Random } from '../oracle/random.ts';
import { getTestGpu } from '../support/gpu.ts';
import { f32, runOp } from './run_op.ts';

/** f32 view of a result as the u32s it is. */
function u32(result: Float32Array<ArrayBuffer>): number[] {
  return [...new Uint32Array(result.buffer, result.byteOffset, result.length)];
}

/** One choice for sequences of state (token, length, done, unused), at positions 5, 6, ... of 20 slots. */
async function choose(
  logits: ArrayLike<number>,
  states: readonly (readonly [number, number, number, number])[],
  stopTokenIds: readonly number[],
  limit = 4,
) {
  const sequences = states.length;
  const shape = { sequences, vocabulary: logits.length / sequences, limit, capacity: 20, stopTokenIds };
  const result = await runOp(
    await getTestGpu(),
    {
      logits: f32(logits),
      sequences: Uint32Array.from(states.flat()),
      ids: new Uint32Array(sequences).fill(99),
      positions: Uint32Array.from(states, (_, s) => 5 + s),
      slot: Uint32Array.from(states, (_, s) => 20 * s + 5 + s),
      output: new Uint32Array(sequences * limit).fill(77),
    },
    ['sequences', 'ids', 'positions', 'slot', 'output'],
    (program, { logits, ...rest }) => {
      greedy(program, shape, { logits, sequences: rest.sequences });
      advance(program, shape, rest);
    },
  );
  const state = u32(result.sequences);
  return {
    length: states.map((_, s) => state[SEQUENCE_STATE_COUNT * s + 1]),
    done: states.map((_, s) => state[SEQUENCE_STATE_COUNT * s + 2]),
    ids: u32(result.ids),
    positions: u32(result.positions),
    slot: u32(result.slot),
    output: u32(result.output),
  };
}

describe('greedy', () => {
  it('takes the largest logit of 4,099 and sets up the next step', async () => {
    const random = new Random(1);
    const logits = Array.from({ length: 3 }, () => random.normals(4099));
    const best = logits.map((row) => row.indexOf(row.reduce((a, b) => Math.max(a, b))));
    const result = await choose(
      logits.flatMap((row) => [...row]),
      [0, 1, 2].map((n) => [0, n, 0, 0] as const),
      [],
    );
    expect(result.ids).toEqual(best);
    expect(result.length).toEqual([1, 2, 3]);
    expect(result.done).toEqual([0, 0, 0]);
    expect(result.positions).toEqual([6, 7, 8]);
    expect(result.slot).toEqual([6, 27, 48]);
    expect(result.output).toEqual([best[0], 77, 77, 77, 77, best[1], 77, 77, 77, 77, best[2], 77]);
  });

  it('takes the lowest id among equals', async () => {
    const logits = Array<number>(200).fill(-1);
    for (const id of [193, 66, 130, 67]) logits[id] = 3;
    expect((await choose(logits, [[0, 0, 0, 0]], [])).ids).toEqual([66]);
  });

  it('takes logits that are all far below zero', async () => {
    expect((await choose([-3e4, -2e4, -4e4], [[0, 0, 0, 0]], [])).ids).toEqual([1]);
  });

  it('ends at any end-of-sequence token without writing it, and at the limit; what has ended stays', async () => {
    const logits = [0, 9, 0, 0, 0, 0, 0, 9, 9, 0, 0, 0, 9, 0, 0, 0].map((x, i) => x - i / 100);
    const result = await choose(
      logits,
      [
        [0, 0, 0, 0],
        [0, 2, 0, 0],
        [0, 3, 0, 0],
        [0, 1, 1, 0],
      ],
      [3, 1],
    );
    expect(result.done).toEqual([1, 1, 2, 1]);
    expect(result.length).toEqual([0, 2, 4, 1]);
    expect(result.output).toEqual([77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 77, 0, 77, 77, 77, 77]);
  });
});
