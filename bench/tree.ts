/** @file `bench tree`: Stage II on real answers, with a question's answers as branches of one prefix, and as pairs. */
import { createWorldAuthor } from '../src/authors/rules_world.ts';
import type { World } from '../src/authors/world.ts';
import { buildDatasets } from '../src/knowtuning/build_datasets.ts';
import { preferenceGroups } from '../src/knowtuning/compare.ts';
import { demoOptions } from '../src/knowtuning/demo.ts';
import { createTuner } from '../src/train/engine.ts';
import type { OpenedTuner } from '../src/train/open_tuner.ts';
import type { OnStep, StepLog } from '../src/train/tuner.ts';
import { type Elapsed, type Spread, spread, stopwatch } from './measure.ts';
import { worldQuestions } from './questions.ts';

const QUESTIONS = 60;
const SEED = 42;

/** A figure with tree batching, and without. */
interface OnOff<T> {
  readonly on: T;
  readonly off: T;
}

export interface TreeFigures {
  readonly questions: number;
  readonly facts: number;
  readonly pairs: number;
  readonly steps: number;
  /** Tokens that went through forward and backward. */
  readonly tokens: OnOff<number>;
  readonly token_ratio: number;
  /** Of all steps but the first, without the reference's log-probabilities, which are the same work either way. */
  readonly seconds: OnOff<Spread>;
  /** The same of all processors together: on a software adapter they stand still while other programs work. */
  readonly processor_seconds: OnOff<Spread>;
  /** On over off, of runs that followed each other. */
  readonly time_ratio: Spread;
  readonly processor_time_ratio: Spread;
  /** Largest difference of a step's loss, in any run. */
  readonly loss_difference: number;
  readonly losses: OnOff<readonly number[]>;
}

/** The method's own data sets, Stage I on one, then one epoch of Stage II on the other, both ways in turn. */
export async function benchTree(
  opened: OpenedTuner,
  world: World,
  runs: number,
  progress: (line: string) => void,
): Promise<TreeFigures> {
  const options = demoOptions(SEED, opened.config.maxPositionEmbeddings);
  const { project, sft } = await buildDatasets({
    name: 'bench',
    tuner: opened.tuner,
    author: createWorldAuthor(world, SEED),
    train: await worldQuestions(world, QUESTIONS),
    adapter: null,
    method: options.method,
  });
  const groups = preferenceGroups(project);
  const pairs = groups.reduce((sum, { rejected }) => sum + rejected.length, 0);
  progress(`${groups.length} questions, ${pairs} pairs; Stage I on ${sft.length} rows`);
  const start = await opened.tuner.trainSft(sft, { ...options.stage1, numTrainEpochs: 1 }, null);
  const stage2 = async (treeBatching: boolean, maxSteps: number): Promise<Stage2Run> => {
    const tuner = createTuner(opened.model, opened.codec, () => performance.now(), { treeBatching });
    const config = { ...options.stage2, numTrainEpochs: 1, maxSteps };
    let read = stopwatch();
    const onStep: OnStep = ({ step }) => {
      if (step === 1) read = stopwatch();
    };
    const { log } = await tuner.trainDpo(groups, config, start.adapter, 'start', onStep);
    return { log, took: read() };
  };
  // Compiles, on adapters that compile at the first dispatch.
  for (const treeBatching of [true, false]) await stage2(treeBatching, 1);

  const pairsOfRuns: OnOff<Stage2Run>[] = [];
  for (let run = 0; run < runs; run++) {
    const off = await stage2(false, -1);
    const on = await stage2(true, -1);
    pairsOfRuns.push({ on, off });
    progress(
      `run ${run + 1}/${runs}: ${on.took.seconds.toFixed(1)} s, ${off.took.seconds.toFixed(1)} s without`,
    );
  }
  const { on, off } = pairsOfRuns[0]!;
  const tokens = ({ log }: Stage2Run) => log.reduce((sum, step) => sum + step.tokens, 0);
  const of = (time: keyof Elapsed) => ({
    spent: {
      on: spread(pairsOfRuns.map((r) => r.on.took[time])),
      off: spread(pairsOfRuns.map((r) => r.off.took[time])),
    },
    ratio: spread(pairsOfRuns.map((r) => r.on.took[time] / r.off.took[time])),
  });
  const [wall, processors] = [of('seconds'), of('processorSeconds')];
  return {
    questions: groups.length,
    facts: project.questions.reduce((sum, { atoms }) => sum + atoms.length, 0),
    pairs,
    steps: on.log.length,
    tokens: { on: tokens(on), off: tokens(off) },
    token_ratio: tokens(on) / tokens(off),
    seconds: wall.spent,
    processor_seconds: processors.spent,
    time_ratio: wall.ratio,
    processor_time_ratio: processors.ratio,
    loss_difference: Math.max(...pairsOfRuns.map((r) => lossDifference(r.on.log, r.off.log))),
    losses: { on: on.log.map(({ loss }) => loss), off: off.log.map(({ loss }) => loss) },
  };
}

interface Stage2Run {
  readonly log: readonly StepLog[];
  /** From the first step's end to the last one's. */
  readonly took: Elapsed;
}

function lossDifference(a: readonly StepLog[], b: readonly StepLog[]): number {
  return Math.max(...a.map(({ loss }, i) => Math.abs(loss - b[i]!.loss)));
}

/** The figures as a terminal shows them. */
export function treeText(t: TreeFigures): string {
  return [
    `${t.questions} questions of ${t.facts} facts, ${t.pairs} pairs: ${t.tokens.on} tokens with tree batching, ${t.tokens.off} without (${t.token_ratio.toFixed(3)})`,
    `${t.seconds.on.median.toFixed(2)} s with, ${t.seconds.off.median.toFixed(2)} s without: ${ratioText(t.time_ratio)} of the time`,
    `${t.processor_seconds.on.median.toFixed(2)} s of all processors with, ${t.processor_seconds.off.median.toFixed(2)} s without: ${ratioText(t.processor_time_ratio)}`,
    `losses differ by ${t.loss_difference.toExponential(1)} at most`,
  ].join('\n');
}

const ratioText = ({ median, least, most }: Spread) =>
  `${median.toFixed(3)} (${least.toFixed(3)} to ${most.toFixed(3)})`;
