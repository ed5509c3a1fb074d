/**
 * @file `build --estimate`: what writing will cost, without writing; after a few questions, if the user wants, and beside
 * what the baselines' preferences would cost for the same questions.
 */
import type { CostEstimate, Uncertainty } from '../authors/cost/extrapolate.ts';
import type { SampleSize } from '../authors/cost/grow_sample.ts';
import { type Baseline, baselineCost } from '../baselines/cost.ts';
import { InputError } from '../formats/input_error.ts';
import { RememberingAuthor } from '../knowtuning/author_calls.ts';
import { estimateCost } from '../knowtuning/cost_estimate.ts';
import { sampleCost } from '../knowtuning/cost_sample.ts';
import type { KnowledgeOptions } from '../knowtuning/knowledge.ts';
import type { MethodOptions, TrainRow } from '../knowtuning/project.ts';
import type { OptionSpecs, Options } from './arguments.ts';
import { openJournal } from './author_journal.ts';
import { type AuthorChoice, openEndpointAuthor, usageLine, usageTable } from './author_options.ts';
import { tellCalls } from './author_progress.ts';
import { openAdapter, openModel } from './open_model.ts';
import { promptsFromDisk } from './prompts.ts';

export const ESTIMATE_OPTIONS: OptionSpecs = {
  estimate: {
    flag: true,
    help: 'with --author openai: print what it will cost, from the lengths of rows and prompts, and stop',
  },
  'estimate-sample': {
    help: 'with --estimate: ask everything of so many questions first, which tells how this endpoint counts and writes; what it writes is kept in --out, and is not asked again',
  },
  'estimate-within': {
    help: 'with --estimate: ask of more questions until the estimate is sure to so many percent (begins with --estimate-sample, or 8)',
  },
  compare: {
    flag: true,
    help: 'with --estimate: beside it what preferences for RLAIF and FactTune would cost, from answers of the model (--adapter: of the SFT model)',
  },
  'compare-answers': {
    help: 'with --compare: answers of the model to each question that RLAIF and FactTune compare (default 4)',
  },
};

const NAMES: Readonly<Record<Baseline, string>> = { rlaif: 'RLAIF', factTune: 'FactTune' };

const FIRST_SAMPLE = 8;
const ANSWERS = 4;
/** Most tokens of an answer that the baselines compare. */
const ANSWER_TOKENS = 256;

/** Whether the endpoint will be asked although only an estimate is wanted, and how much; null: not at all. */
export function sampleChoice(options: Options): SampleSize | null {
  for (const name of ['estimate-sample', 'estimate-within', 'compare'])
    if (!options.flag('estimate') && (options.flag(name) || options.maybe(name) !== undefined))
      throw new InputError(
        `--${name}`,
        'is of no use without --estimate.',
        'Add --estimate, or leave it out.',
      );
  const [size, within] = ['estimate-sample', 'estimate-within'].map((name) => options.maybe(name));
  if (size === undefined && within === undefined) return null;
  const percent = within === undefined ? null : options.number('estimate-within');
  if (percent !== null && percent <= 0)
    throw new InputError('--estimate-within', `is ${within}.`, 'Give percents above 0, such as 15.');
  return {
    first: size === undefined ? FIRST_SAMPLE : options.integer('estimate-sample', 1),
    within: percent === null ? null : percent / 100,
  };
}

/** Answers to each question that are compared; null: no comparison is wanted. */
function comparedAnswers(options: Options): number | null {
  const given = options.maybe('compare-answers') !== undefined;
  if (options.flag('compare')) return given ? options.integer('compare-answers', 2) : ANSWERS;
  if (!given) return null;
  throw new InputError(
    '--compare-answers',
    'is of no use without --compare.',
    'Add --compare, or leave it out.',
  );
}

export interface BuildEstimateInput {
  readonly options: Options;
  readonly choice: AuthorChoice;
  readonly rows: readonly TrainRow[];
  readonly method: MethodOptions;
  readonly knowledge: KnowledgeOptions | null;
  readonly progress: (line: string) => void;
}

export interface BuildEstimate {
  readonly estimate: CostEstimate;
  /** The baselines beside it, where that was asked for, and how many answers of the model they compare. */
  readonly compare?: Readonly<Record<Baseline, CostEstimate>> & { readonly answers: number };
}

/** @throws InputError for authors that cost nothing */
export async function estimateBuild(input: BuildEstimateInput): Promise<BuildEstimate> {
  const { options, choice, progress } = input;
  if (choice.kind !== 'openai')
    throw new InputError(
      '--estimate',
      `is of no use to --author ${choice.kind}, which costs nothing.`,
      'Choose --author openai.',
    );
  const sample = sampleChoice(options);
  const count = comparedAnswers(options);
  const opened = sample && { ...sample, ...(await openSample(input, choice)) };
  try {
    const costs = { rows: input.rows, prices: choice.prices, prompts: promptsFromDisk() };
    const onEstimate = (what: string) => (estimate: CostEstimate) => progress(sampleLine(what, estimate));
    const { method, knowledge } = input;
    const estimate = opened
      ? await sampleCost({ ...opened, ...costs, method, knowledge, onEstimate: onEstimate('KnowTuning') })
      : estimateCost({ ...costs, method, knowledge, sample: null });
    if (count === null) return { estimate };
    const answers = { count, maxNewTokens: ANSWER_TOKENS, seed: method.seed };
    const baseline = (name: Baseline) =>
      baselineCost(name, {
        ...{ ...costs, answers },
        sample: opened && { ...opened, onEstimate: onEstimate(NAMES[name]) },
      });
    // One after the other: they share the model.
    const rlaif = await baseline('rlaif');
    return { estimate, compare: { rlaif, factTune: await baseline('factTune'), answers: count } };
  } finally {
    opened?.close();
  }
}

/** Who answers a sample: the endpoint, remembered in --out, and the model that is tuned. */
async function openSample(
  { options, progress }: BuildEstimateInput,
  choice: Extract<AuthorChoice, { kind: 'openai' }>,
) {
  const opened = await openModel(options);
  const journal = openJournal(options.get('out'));
  const { author } = await openEndpointAuthor(choice, progress);
  // What was kept without its tokens, by a batch or an earlier version, cannot be counted: it is asked anew.
  const counted = Object.entries(journal.kept).filter(([key]) => journal.took[key]);
  const onCall = tellCalls(journal.append, progress, () => performance.now());
  return {
    author: new RememberingAuthor(author, Object.fromEntries(counted), onCall, journal.took),
    tuner: opened.tuner,
    adapter: await openAdapter(options, opened),
    close() {
      journal.close();
      opened.gpu.destroy();
    },
  };
}

function sampleLine(what: string, { basis, uncertainty }: CostEstimate): string {
  const asked = basis.kind === 'sample' ? basis.questions : 0;
  return `${what} after ${asked} questions: ${uncertainty ? `right to ${within(uncertainty)}` : 'too few to tell'}`;
}

/** An estimate for the terminal. */
export function estimateText({ estimate, compare }: BuildEstimate): string {
  const { basis, questions, total } = estimate;
  const how =
    basis.kind === 'lengths'
      ? 'by the lengths of rows and prompts alone; --estimate-sample 8 asks of 8 questions first, and is more exact'
      : 'after asking of some, from short to long answers';
  return [
    `estimated for ${questions} questions, ${how}:`,
    ...methodLines(compare ? 'KnowTuning' : null, estimate),
    ...(compare
      ? [
          ...methodLines(`RLAIF, ${compare.answers} answers to a question`, compare.rlaif),
          ...methodLines(`FactTune, ${compare.answers} answers to a question`, compare.factTune),
          'RLAIF and FactTune compare answers of the model, which take no call, but time.',
        ]
      : []),
    ...(total.cost === null ? ['Give --llm-price-in and --llm-price-out to see what that costs.'] : []),
  ].join('\n');
}

function methodLines(name: string | null, { basis, operations, total, uncertainty }: CostEstimate): string[] {
  const asked = basis.kind === 'sample' ? `after ${basis.questions} questions ` : '';
  return [
    ...(name === null ? [] : [`${name}:`]),
    ...(Object.keys(operations).length > 1 ? usageTable(operations, total) : [usageLine('in all', total)]),
    ...(uncertainty ? [`  ${asked}in about 95 of 100 cases right to ${within(uncertainty)}`] : []),
  ];
}

function within({ prompt_tokens, completion_tokens, cost }: Uncertainty): string {
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`;
  return [
    `${percent(prompt_tokens)} of tokens in`,
    `${percent(completion_tokens)} of tokens out`,
    ...(cost === null ? [] : [`${percent(cost)} of the cost`]),
  ].join(', ');
}
