/** @file Arithmetic of the comparison: rounds of figures into medians, and ratios that are taken round by round. */
import { type Spread, spread } from '../measure.ts';
import {
  type Answer,
  ENGINES,
  type EngineName,
  LAYOUTS,
  type Layout,
  type Message,
  type ProductShape,
  type StepRun,
} from './engine.ts';

/** What each engine's process answered, round by round. An engine that failed once has no figures. */
export type Rounds = ReadonlyMap<EngineName, readonly Message[]>;

export interface Failure {
  readonly error: string;
}

/** TabTune against the rival with the best median. */
export interface Comparison {
  readonly fastest_rival: EngineName;
  /** Above 1: so many times as fast as that rival, in the same round. */
  readonly ratio: Spread;
  /** Rivals that gave no figure here: nothing is said about them. */
  readonly without: readonly EngineName[];
}

export interface ProductFigures {
  readonly shape: ProductShape;
  readonly engines: Partial<
    Record<EngineName, { readonly layout: Layout; readonly gflops: Spread } | Failure>
  >;
  /** Null where TabTune or all of its rivals failed. */
  readonly comparison: Comparison | null;
}

export interface EngineStep {
  readonly tokens_per_second: Spread;
  /** To the end of the first step, compilation included: from the start of the process, and from asking for an adapter. */
  readonly first_step_seconds: Spread;
  readonly first_step_seconds_from_device: Spread;
  /** Of all processors together, to the end of the first step and for a later one: they stand still while others work. */
  readonly first_step_processor_seconds: Spread;
  readonly step_processor_seconds: Spread;
  /** Of the first step. */
  readonly loss: number;
  readonly grad_norm: number;
}

export interface StepComparison {
  readonly engines: Partial<Record<EngineName, EngineStep | Failure>>;
  readonly tokens_per_second: Comparison | null;
  readonly first_step: Comparison | null;
  readonly first_step_from_device: Comparison | null;
  readonly step_processor_seconds: Comparison | null;
  readonly first_step_processor_seconds: Comparison | null;
}

/** An engine's answers in all rounds, or why it has none. */
export function answersOf(rounds: Rounds, engine: EngineName): readonly Answer[] | Failure {
  const messages = rounds.get(engine) ?? [];
  const failed = messages.find((m): m is Failure => 'error' in m);
  if (failed) return failed;
  return messages as readonly Answer[];
}

/**
 * @param values figures by engine, one for each round, larger is better; engines without figures are absent
 * @param rivals all that took part
 */
export function compare(
  values: ReadonlyMap<EngineName, readonly number[]>,
  rivals: readonly EngineName[],
): Comparison | null {
  const ours = values.get('tabtune');
  const ran = rivals.filter((r) => values.has(r));
  if (!ours || ran.length === 0) return null;
  const median = (rival: EngineName) => spread(values.get(rival)!).median;
  const fastest = ran.reduce((best, rival) => (median(rival) > median(best) ? rival : best));
  const theirs = values.get(fastest)!;
  return {
    fastest_rival: fastest,
    ratio: spread(ours.map((value, round) => value / theirs[round]!)),
    without: rivals.filter((r) => !values.has(r)),
  };
}

const RIVALS = ENGINES.filter((engine) => engine !== 'tabtune');

/** One product by all engines, each in the layout that it likes best. */
export function productFigures(rounds: Rounds, shape: ProductShape): ProductFigures {
  const engines: ProductFigures['engines'] = {};
  const best = new Map<EngineName, readonly number[]>();
  for (const engine of ENGINES) {
    const answers = answersOf(rounds, engine);
    if ('error' in answers) {
      engines[engine] = answers;
      continue;
    }
    const byLayout = LAYOUTS.map((layout) => ({
      layout,
      values: answers.map(
        (a) => a.products!.find((p) => p.layout === layout && String(p.shape) === String(shape))!.gflops,
      ),
    }));
    const liked = byLayout.reduce((a, b) => (spread(b.values).median > spread(a.values).median ? b : a));
    engines[engine] = { layout: liked.layout, gflops: spread(liked.values) };
    best.set(engine, liked.values);
  }
  return { shape, engines, comparison: compare(best, RIVALS) };
}

/** The best product of any engine. Null where all failed. */
export function bestProduct(figures: readonly ProductFigures[]) {
  const all = figures.flatMap(({ shape, engines }) =>
    ENGINES.flatMap((engine) => {
      const figure = engines[engine];
      return figure && 'gflops' in figure
        ? [{ engine, shape, layout: figure.layout, gflops: figure.gflops.median }]
        : [];
    }),
  );
  return all.length === 0 ? null : all.reduce((a, b) => (b.gflops > a.gflops ? b : a));
}

/** Relative: f32 sums in another order differ by less, another model by more. */
const SAME_LOSS = 1e-4;
const SAME_GRADIENT = 1e-3;

/** Why a step is not the same work as TabTune's; undefined where it is. */
export function differsFrom(ours: StepRun, theirs: StepRun): string | undefined {
  const off = (a: number, b: number) => Math.abs(a - b) / Math.abs(b);
  if (!(off(theirs.loss, ours.loss) <= SAME_LOSS))
    return `Its first loss is ${theirs.loss}, TabTune's ${ours.loss}: it does not do the same work.`;
  if (!(off(theirs.gradNorm, ours.gradNorm) <= SAME_GRADIENT))
    return `Its gradient's norm is ${theirs.gradNorm}, TabTune's ${ours.gradNorm}: it does not do the same work.`;
  return undefined;
}

/** The training step by all engines that have one; an engine that computes something else has no figures. */
export function stepFigures(rounds: Rounds, stepEngines: readonly EngineName[]): StepComparison {
  const engines: Partial<Record<EngineName, EngineStep | Failure>> = {};
  const runs = new Map<EngineName, readonly StepRun[]>();
  for (const engine of stepEngines) {
    const answers = answersOf(rounds, engine);
    if ('error' in answers) {
      engines[engine] = answers;
      continue;
    }
    const steps = answers.map((a) => a.step!);
    const ours = runs.get('tabtune')?.[0];
    const difference = ours && steps.map((s) => differsFrom(ours, s)).find((d) => d !== undefined);
    if (difference !== undefined) {
      engines[engine] = { error: difference };
      continue;
    }
    runs.set(engine, steps);
    engines[engine] = {
      tokens_per_second: spread(steps.map((s) => s.tokensPerSecond)),
      first_step_seconds: spread(steps.map((s) => s.firstStepFromStart)),
      first_step_seconds_from_device: spread(steps.map((s) => s.firstStepFromDevice)),
      first_step_processor_seconds: spread(steps.map((s) => s.firstStepProcessorSeconds)),
      step_processor_seconds: spread(steps.map((s) => s.processorSecondsPerStep)),
      loss: steps[0]!.loss,
      grad_norm: steps[0]!.gradNorm,
    };
  }
  const rivals = stepEngines.filter((e) => e !== 'tabtune');
  const compared = (value: (run: StepRun) => number) =>
    compare(new Map([...runs].map(([engine, steps]) => [engine, steps.map(value)])), rivals);
  return {
    engines,
    tokens_per_second: compared((s) => s.tokensPerSecond),
    first_step: compared((s) => 1 / s.firstStepFromStart),
    first_step_from_device: compared((s) => 1 / s.firstStepFromDevice),
    step_processor_seconds: compared((s) => 1 / s.processorSecondsPerStep),
    first_step_processor_seconds: compared((s) => 1 / s.firstStepProcessorSeconds),
  };
}
