/** @file Submits hold no more than they should, whatever a program is made of; the pace follows what is measured. */
import { describe, expect, it } from 'vitest';
import { STORAGE_USAGE } from '../../src/gpu/gpu.ts';
import { whole } from '../../src/gpu/ledger.ts';
import { dispatchCost, Pace, SUBMIT_MS } from '../../src/gpu/pace.ts';
import { ProgramBuilder } from '../../src/gpu/program.ts';
import { createTestGpu } from '../support/gpu.ts';
import { watchQueue } from './queue_watch.ts';

/** Floating-point operations of dispatch i, which has i + 1 workgroups, so that a submit tells which it holds. */
const FLOPS = [5, 0, 7, 1, 40, 3, 0, 0, 9, 12, 1, 2].map((n) => n * 1e6);
const BYTES = 1024;
const traffic = { read: 2 * BYTES, written: BYTES };
const cost = FLOPS.map((flops) => dispatchCost({ flops, traffic }));

async function submitted(most: number | undefined): Promise<number[][]> {
  const gpu = await createTestGpu();
  try {
    const [y, bias] = await gpu.ledger.allocate('test', (create) => [
      create('y', BYTES, STORAGE_USAGE),
      create('bias', BYTES, STORAGE_USAGE),
    ]);
    const builder = new ProgramBuilder(gpu.adapterClass);
    FLOPS.forEach((flops, i) => {
      builder.dispatch({
        shader: 'matmul/add_bias',
        bind: { y: whole(y!), bias: whole(bias!) },
        params: { rows: 1, columns: 1 },
        workgroups: [i + 1],
        flops,
        traffic,
      });
      builder.clear(whole(y!));
    });
    const program = await builder.finish(gpu, 'test');
    expect(program.cost).toBe(cost.reduce((a, b) => a + b));
    const submits = watchQueue(gpu.device);
    program.submit(most);
    await gpu.readback(y!);
    return submits.slice(0, -1).map((dispatches) => dispatches.map(([x]) => x - 1));
  } finally {
    gpu.destroy();
  }
}

describe('a program', () => {
  it.each([1, 8e6, 13e6, 20e6, 50e6])('is cut into submits that cost %d at most', async (most) => {
    const submits = await submitted(most);
    expect(submits.flat()).toEqual(FLOPS.map((_, i) => i));
    const costs = submits.map((dispatches) => dispatches.reduce((sum, i) => sum + cost[i]!, 0));
    submits.forEach((dispatches, at) => {
      if (dispatches.length > 1) expect(costs[at]).toBeLessThanOrEqual(most);
      // And no more submits than that takes: the next dispatch would not have fitted.
      const next = submits[at + 1]?.[0];
      if (next !== undefined) expect(costs[at]! + cost[next]!).toBeGreaterThan(most);
    });
  });

  it('that costs less than a submit is one', async () => {
    expect(await submitted(undefined)).toHaveLength(1);
  });

  it('counts bytes where they cost more than operations', async () => {
    expect(dispatchCost({ flops: 10, traffic: { read: 600, written: 400 } })).toBeGreaterThan(10);
    expect(dispatchCost({ flops: 1e9, traffic: { read: 600, written: 400 } })).toBe(1e9);
    expect(await submitted(1)).toHaveLength(FLOPS.length);
  });
});

describe('the pace', () => {
  it('becomes what a step says, and more cautious at once when steps take longer', () => {
    const pace = new Pace('gpu');
    const step = 400 * pace.submitCost;
    const parts = () => Math.ceil(step / pace.submitCost);
    // A step of 3 s: 30 submits.
    for (let i = 0; i < 9; i++) pace.measured(step, 3000);
    expect(parts()).toBe(30);
    expect(pace.perMs * SUBMIT_MS).toBe(pace.submitCost);
    // The GPU is used by something else: one step, and the next is cut as it must be.
    pace.measured(step, 12_000);
    expect(parts()).toBe(120);
    pace.measured(step, 3000);
    expect(parts()).toBe(60);
    pace.measured(step, 3000);
    expect(parts()).toBe(30);
  });

  it('takes neither two results at once nor a sleeping machine at their word', () => {
    const pace = new Pace('gpu');
    const before = pace.perMs;
    pace.measured(1e12, 0);
    expect(pace.perMs).toBe(2 * before);
    pace.measured(1e6, 3_600_000);
    expect(pace.perMs).toBe(before / 4);
    pace.measured(0, 1);
    expect(pace.perMs).toBe(before / 4);
  });

  it('of software is far below a GPU’s until it is measured', () => {
    expect(new Pace('software').perMs).toBeLessThan(new Pace('gpu').perMs / 10);
  });
});
