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

/** How long something took. */
export interface Elapsed {
  readonly seconds: number;
  /** Of all processors together, of this process: on a software adapter they stand still while other programs work. */
  readonly processorSeconds: number;
}

/** Starts a stopwatch; returns what reads it. */
export function stopwatch(): () => Elapsed {
  const start = performance.now();
  const used = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(used);
    return { seconds: (performance.now() - start) / 1000, processorSeconds: (user + system) / 1e6 };
  };
}

/** Seconds of one replay of a program, in each of `runs` runs, after one that is not counted. */
export async function secondsPerReplay(gpu: Gpu, program: Program, runs: number): Promise<Spread> {
  return spread((await timeReplays(gpu, program, runs)).map(({ seconds }) => seconds));
}

/**
 * What one replay of a program takes, in each of `runs` runs, after one that is not counted.
 * @param enough seconds after which no further run begins; then one that is not counted is left out too
 */
export async function timeReplays(
  gpu: Gpu,
  program: Program,
  runs: number,
  enough = Number.POSITIVE_INFINITY,
): Promise<Elapsed[]> {
  const once = async (count: number): Promise<Elapsed> => {
    const read = stopwatch();
    for (let i = 0; i < count; i++) program.submit();
    await gpu.guard(gpu.device.queue.onSubmittedWorkDone().then(() => undefined));
    const { seconds, processorSeconds } = read();
    return { seconds: seconds / count, processorSeconds: processorSeconds / count };
  };
  let first = await once(1);
  // The first one compiles, on adapters that compile at the first dispatch.
  if (first.seconds < enough) first = await once(1);
  const count = Math.max(1, Math.ceil(RUN_SECONDS / first.seconds));
  const times = count === 1 ? [first] : [];
  for (let spent = first.seconds; times.length < runs && (times.length === 0 || spent < enough); ) {
    times.push(await once(count));
    spent += times.at(-1)!.seconds * count;
  }
  return times;
}
