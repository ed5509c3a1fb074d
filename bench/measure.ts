/** @file How benchmarks time things: several runs, each long enough to be measured, medians and spread. */
import type { Gpu } from '../src/gpu/gpu.ts';
import type { Program } from '../src/gpu/program.ts';

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  return { median, least: sorted[0]!, most: sorted.at(-1)! };
}

/** The same with every value replaced; ends change places where the order turns round. */
export function mapSpread(s: Spread, f: (value: number) => number): Spread {
  const [a, b] = [f(s.least), f(s.most)];
  return { median: f(s.median), least: Math.min(a, b), most: Math.max(a, b) };
}

/** A run takes at least so long: shorter ones would measure the queue. */
const RUN_SECONDS = 0.2;

/** Seconds of one replay of a program, in each of `runs` runs, after one that is not counted. */
export async function secondsPerReplay(gpu: Gpu, program: Program, runs: number): Promise<Spread> {
  const once = async (count: number) => {
    const start = performance.now();
    for (let i = 0; i < count; i++) program.submit();
    await gpu.guard(gpu.device.queue.onSubmittedWorkDone().then(() => undefined));
    return (performance.now() - start) / 1000;
  };
  await once(1); // compiles, on adapters that compile at the first dispatch
  const count = Math.max(1, Math.ceil(RUN_SECONDS / (await once(1))));
  const seconds: number[] = [];
  for (let run = 0; run < runs; run++) seconds.push((await once(count)) / count);
  return spread(seconds);
}
