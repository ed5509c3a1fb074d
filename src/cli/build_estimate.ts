/** @file `build --estimate`: what writing will cost, without writing; after a few questions, if the user wants. */
import { InputError } from '../formats/input_error.ts';
import { RememberingAuthor } from '../knowtuning/author_calls.ts';
import { type CostEstimate, estimateCost, sampleRows } from '../knowtuning/cost_estimate.ts';
import { extractAtoms, selectAtoms, writeComparisons, writeFineGrained } from '../knowtuning/prepare.ts';
import { type MethodOptions, startProject, type TrainRow } from '../knowtuning/project.ts';
import type { OptionSpecs, Options } from './arguments.ts';
import { openJournal } from './author_journal.ts';
import { type AuthorChoice, openEndpointAuthor, usageTable } from './author_options.ts';
import { tellCalls } from './author_progress.ts';
import { promptsFromDisk } from './prompts.ts';

export const ESTIMATE_OPTIONS: OptionSpecs = {
  estimate: {
    flag: true,
    help: 'with --author openai: print what it will cost, from the lengths of rows and prompts, and stop',
  },
  'estimate-sample': {
    help: 'with --estimate: ask of so many questions first, which is more exact; what the endpoint writes is kept in --out',
  },
};

/** Whether the endpoint will be asked although only an estimate is wanted. */
export function sampleSize(options: Options): number {
  if (options.maybe('estimate-sample') === undefined) return 0;
  if (!options.flag('estimate'))
    throw new InputError(
      '--estimate-sample',
      'is of no use without --estimate.',
      'Add --estimate, or leave it out.',
    );
  return options.integer('estimate-sample', 1);
}

/** @throws InputError for authors that cost nothing */
export async function estimateBuild(
  options: Options,
  choice: AuthorChoice,
  rows: readonly TrainRow[],
  method: MethodOptions,
  progress: (line: string) => void,
): Promise<{ readonly estimate: CostEstimate }> {
  if (choice.kind !== 'openai')
    throw new InputError(
      '--estimate',
      `is of no use to --author ${choice.kind}, which costs nothing.`,
      'Choose --author openai.',
    );
  const { prices } = choice;
  const size = sampleSize(options);
  const sample = size === 0 ? null : await ask(options, choice, sampleRows(rows, size), method, progress);
  return { estimate: estimateCost({ rows, prompts: promptsFromDisk(), method, prices, sample }) };
}

/** Asks everything of a few questions. An atom's length stands in for its perplexity, which takes a model. */
async function ask(
  options: Options,
  choice: Extract<AuthorChoice, { kind: 'openai' }>,
  rows: TrainRow[],
  method: MethodOptions,
  progress: (line: string) => void,
) {
  const journal = openJournal(options.get('out'));
  try {
    const { author: endpoint, usage } = await openEndpointAuthor(choice, progress);
    // What was kept before is asked anew: it has to be counted.
    const author = new RememberingAuthor(
      endpoint,
      {},
      tellCalls(journal.append, progress, () => performance.now()),
    );
    const extracted = await extractAtoms(startProject('sample', rows, method), author);
    const selected = selectAtoms({
      ...extracted,
      questions: extracted.questions.map((question) => ({
        ...question,
        atoms: question.atoms.map((atom) => ({ ...atom, perplexity: atom.text.length })),
      })),
    });
    await writeComparisons(await writeFineGrained(selected, author), author);
    return { rows, usage: usage()! };
  } finally {
    journal.close();
  }
}

/** An estimate for the terminal. */
export function estimateText({ basis, questions, operations, total }: CostEstimate): string {
  const how =
    basis.kind === 'lengths'
      ? 'by the lengths of rows and prompts alone; --estimate-sample 8 asks of 8 questions first, and is more exact'
      : `after asking of ${basis.questions} questions, from short to long answers`;
  return [
    `estimated for ${questions} questions, ${how}:`,
    ...usageTable(operations, total),
    ...(total.cost === null ? ['Give --llm-price-in and --llm-price-out to see what that costs.'] : []),
  ].join('\n');
}
