/** @file `bench tree`: Stage II on real answers, with a question's answers as branches of one prefix, and as pairs. */
import { createWorldAuthor } from '../src/authors/rules_world.ts';
import type { World } from '../src/authors/world.ts';
import { buildDatasets } from '../src/knowtuning/build_datasets.ts';
import { preferenceGroups } from '../src/knowtuning/compare.ts';
import { demoOptions } from '../src/knowtuning/demo.ts';
import { createTuner } from '../src/train/engine.ts';
import type { OpenedTuner } from '../src/train/open_tuner.ts';
import type { StepLog } from '../src/train/tuner.ts';
import { type Spread, spread } from './measure.ts';
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
  /** Of all steps, without the reference's log-probabilities, which are the same work either way. */
  readonly seconds: OnOff<Spread>;
  /** On over off, of runs that followed each other. */
  readonly time_ratio: Spread;
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
  const stage2 = async (treeBatching: boolean, maxSteps: number): Promise<readonly StepLog[]> => {
    const tuner = createTuner(opened.model, opened.codec, () => performance.now(), { treeBatching });
    const config = { ...options.stage2, numTrainEpochs: 1, maxSteps };
    return (await tuner.trainDpo(groups, config, start.adapter, 'start')).log;
  };
  // Compiles, on adapters that compile at the first dispatch.
  for (const treeBatching of [true, false]) await stage2(treeBatching, 1);

  const seconds: { on: number[]; off: number[] } = { on: [], off: [] };
  let lossDifference = 0;
  let logs: OnOff<readonly StepLog[]> | undefined;
  for (let run = 0; run < runs; run++) {
    const off = await stage2(false, -1);
    const on = await stage2(true, -1);
    logs = { on, off };
    seconds.on.push(on.at(-1)!.seconds);
    seconds.off.push(off.at(-1)!.seconds);
    on.forEach((step, i) => {
      lossDifference = Math.max(lossDifference, Math.abs(step.loss - off[i]!.loss));
    });
    progress(
      `run ${run + 1}/${runs}: ${on.at(-1)!.seconds.toFixed(1)} s, ${off.at(-1)!.seconds.toFixed(1)} s without`,
    );
  }
  const { on, off } = logs!;
  const tokens = (log: readonly StepLog[]) => log.reduce((sum, step) => sum + step.tokens, 0);
  return {
    questions: groups.length,
    facts: project.questions.reduce((sum, { atoms }) => sum + atoms.length, 0),
    pairs,
    steps: on.length,
    tokens: { on: tokens(on), off: tokens(off) },
    token_ratio: tokens(on) / tokens(off),
    seconds: { on: spread(seconds.on), off: spread(seconds.off) },
    time_ratio: spread(seconds.on.map((s, i) => s / seconds.off[i]!)),
    loss_difference: lossDifference,
    losses: { on: on.map(({ loss }) => loss), off: off.map(({ loss }) => loss) },
  };
}

/** The figures as a terminal shows them. */
export function treeText(t: TreeFigures): string {
  const { time_ratio: ratio } = t;
  return [
    `${t.questions} questions of ${t.facts} facts, ${t.pairs} pairs: ${t.tokens.on} tokens with tree batching, ${t.tokens.off} without (${t.token_ratio.toFixed(3)})`,
    `${t.seconds.on.median.toFixed(2)} s with, ${t.seconds.off.median.toFixed(2)} s without: ${ratio.median.toFixed(3)} of the time (${ratio.least.toFixed(3)} to ${ratio.most.toFixed(3)})`,
    `losses differ by ${t.loss_difference.toExponential(1)} at most`,
  ].join('\n');
}
