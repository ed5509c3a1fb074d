/**
 * @file The best rate of floating-point operations that this adapter's products reach: what `mfu` is a share of, and what
 * the pace starts from. A short measurement, which decides nothing that is computed.
 */
import type { AdapterClass } from '../gpu/adapter.ts';
import { type Gpu, STORAGE_USAGE } from '../gpu/gpu.ts';
import { whole } from '../gpu/ledger.ts';
import type { Clock } from '../gpu/pace.ts';
import { type Program, ProgramBuilder } from '../gpu/program.ts';
import { matmulNN, matmulNT } from './matmul.ts';
import { f32Matrix } from './weight_matrix.ts';

/** Rows, columns and inner size: enough tiles to fill the adapter, few enough operations for a slow one of its class. */
const SHAPE: Readonly<Record<AdapterClass, readonly [number, number, number]>> = {
  software: [512, 512, 512],
  software4: [512, 512, 512],
  gpu: [2048, 2048, 512],
};

/** Milliseconds that each of the two products is measured for, and that one measurement lasts at least. */
const PRODUCT_MS = 150;
const LEAST_MS = 10;

const OWNER = 'matmul rate';

/** FLOP per second of the better of both products (f32), in the variants that the table chooses. */
export async function measureMatmulRate(gpu: Gpu, clock: Clock): Promise<number> {
  const [rows, columns, inner] = SHAPE[gpu.adapterClass];
  try {
    const [x, w, y] = await gpu.ledger.allocate(OWNER, (create) => [
      create('x', rows * inner * 4, STORAGE_USAGE),
      create('w', inner * columns * 4, STORAGE_USAGE),
      create('y', rows * columns * 4, STORAGE_USAGE),
    ]);
    const sizes = { rows, columns, inner };
    const nt = new ProgramBuilder(gpu.adapterClass);
    matmulNT(nt, { x: whole(x!), w: f32Matrix(whole(w!), columns, inner), y: whole(y!), ...sizes });
    const nn = new ProgramBuilder(gpu.adapterClass);
    matmulNN(nn, { dy: whole(x!), w: f32Matrix(whole(w!), inner, columns), dx: whole(y!), ...sizes });
    const programs = await Promise.all([nt.finish(gpu, OWNER), nn.finish(gpu, OWNER)]);
    return Math.max(await rateOf(gpu, programs[0]!, clock), await rateOf(gpu, programs[1]!, clock));
  } finally {
    gpu.ledger.releaseOwner(OWNER);
  }
}

/** FLOP per second of the fastest of several measurements: what disturbs one only makes it slower. */
async function rateOf(gpu: Gpu, program: Program, clock: Clock): Promise<number> {
  const milliseconds = async (count: number) => {
    const start = clock();
    for (let i = 0; i < count; i++) program.submit();
    await gpu.guard(gpu.device.queue.onSubmittedWorkDone().then(() => undefined));
    return Math.max(1e-3, clock() - start);
  };
  await milliseconds(1); // compiles, on adapters that compile at the first dispatch
  let count = 1;
  let best = 0;
  for (let spent = 0; spent < PRODUCT_MS; ) {
    const took = await milliseconds(count);
    spent += took;
    best = Math.max(best, (1000 * count * program.flops) / took);
    if (took < LEAST_MS) count *= 2;
  }
  return best;
}

const measured = new Map<string, Promise<number>>();

/** The same, measured once for each adapter in the life of this worker or process; the device's pace starts from it. */
export async function matmulRate(gpu: Gpu, clock: Clock): Promise<number> {
  const { vendor, architecture, device, description } = gpu.adapter;
  const key = JSON.stringify([vendor, architecture, device, description, gpu.adapterClass]);
  let rate = measured.get(key);
  if (!rate) {
    rate = measureMatmulRate(gpu, clock);
    measured.set(key, rate);
    // A device that was lost meanwhile says nothing about the next one.
    rate.catch(() => measured.delete(key));
  }
  const flopsPerSecond = await rate;
  gpu.pace.start(flopsPerSecond / 1000);
  return flopsPerSecond;
}
