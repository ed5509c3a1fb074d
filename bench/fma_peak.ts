/** @file The adapter's peak of multiplications with additions, by a kernel that does nothing else: what products are shares of. */
import type { AdapterClass } from '../src/gpu/adapter.ts';
import { type Gpu, STORAGE_USAGE } from '../src/gpu/gpu.ts';
import { whole } from '../src/gpu/ledger.ts';
import { ProgramBuilder } from '../src/gpu/program.ts';
import { mapSpread, type Spread, secondsPerReplay } from './measure.ts';

const CHAINS = 8;
const ROUNDS = 128;
const STEPS = 8 * ROUNDS;
/** Constants that keep the chains finite: a x 0.5 + 1 goes to 2. */
const PARAMS = { factor: 0.5, summand: 1 };
/** Invocations: enough to fill the adapter, few enough for a slow one of its class. */
const INVOCATIONS: Readonly<Record<AdapterClass, number>> = {
  software: 2 ** 14,
  software4: 2 ** 14,
  gpu: 2 ** 20,
};

const OWNER = 'bench';

/** Where all chains end: the fixed point of each. */
export const FMA_END = CHAINS * (PARAMS.summand / (1 - PARAMS.factor));

/** GFLOP/s of the faster form (fused or not), a multiplication and an addition counting two; and what the chains end at. */
export async function fmaPeak(gpu: Gpu, runs: number): Promise<{ gflops: Spread; ends: Float32Array }> {
  const invocations = INVOCATIONS[gpu.adapterClass];
  try {
    const ends = await gpu.ledger.allocate(OWNER, (create) => create('ends', 4 * invocations, STORAGE_USAGE));
    const forms: Spread[] = [];
    for (const fused of [true, false]) {
      const builder = new ProgramBuilder(gpu.adapterClass);
      builder.dispatch({
        shader: 'bench/fma_peak',
        constants: { FUSED: fused, ROUNDS },
        bind: { ends: whole(ends) },
        params: PARAMS,
        workgroups: [invocations / 64],
        flops: 2 * CHAINS * STEPS * invocations,
        traffic: { read: 0, written: 4 * invocations },
      });
      const program = await builder.finish(gpu, OWNER);
      forms.push(mapSpread(await secondsPerReplay(gpu, program, runs), (s) => program.flops / s / 1e9));
    }

    const gflops = forms.reduce((a, b) => (b.median > a.median ? b : a));
    return { gflops, ends: new Float32Array(await gpu.readback(ends, 0, 4 * invocations)) };
  } finally {
    gpu.ledger.releaseOwner(OWNER);
  }
}
