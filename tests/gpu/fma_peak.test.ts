/** @file The kernel of the FMA peak really carries out its chains, in both forms, and tells a rate. */
import { expect, it } from 'vitest';
import { FMA_END, fmaPeak } from '../../bench/fma_peak.ts';
import { createTestGpu } from '../support/gpu.ts';

it('ends where its chains must, and reaches a rate', async () => {
  const gpu = await createTestGpu();
  try {
    const { gflops, ends } = await fmaPeak(gpu, 1);
    // From whichever start, a x 0.5 + 1 goes to 2; it would not, had a compiler left the steps out.
    expect(ends.length).toBeGreaterThan(1000);
    expect(new Set(ends)).toEqual(new Set([FMA_END]));
    expect(gflops.median).toBeGreaterThan(0.05);
    expect(gpu.ledger.bytes).toBe(0);
  } finally {
    gpu.destroy();
  }
});
