/**
 * @file `build` by batches: what would be asked of the endpoint is written to files, and read back from others. It goes
 * in rounds, since what is written about atoms waits for the atoms.
 */
import { type BatchAuthor, type BatchError, createBatchAuthor } from '../authors/openai/batch_author.ts';
import { type BatchAnswer, batchLine } from '../authors/openai/batch_lines.ts';
import { UsageMeter, type UsageReport } from '../authors/openai/usage.ts';
import { InputError } from '../formats/input_error.ts';
import { RememberingAuthor } from '../knowtuning/author_calls.ts';
import { extractAtoms } from '../knowtuning/prepare.ts';
import { type MethodOptions, startProject, type TrainRow } from '../knowtuning/project.ts';
import type { OptionSpecs, Options } from './arguments.ts';
import type { AuthorJournal } from './author_journal.ts';
import { type AuthorChoice, usageLines } from './author_options.ts';
import { BatchFiles, readBatchFiles } from './batch_files.ts';
import { promptsFromDisk } from './prompts.ts';

export const BATCH_OPTIONS: OptionSpecs = {
  'batch-out': {
    help: 'with --author openai: ask no one, but write the calls to this directory as files for the Batch API',
  },
  'batch-in': {
    help: 'what batches have answered so far: output and error files, or directories of them, with commas between them',
  },
};

/** A round of calls that wait for an answer; the data sets come when none is left. */
export interface BatchRound {
  readonly out: string;
  readonly round: 'extract' | 'write';
  readonly requests: number;
  readonly files: readonly string[];
  readonly errors: readonly BatchError[];
  /** custom_ids of answers to calls that this project does not make. */
  readonly strangers: readonly string[];
  readonly usage: UsageReport;
}

export interface OpenedBatch extends BatchAuthor {
  readonly answers: ReadonlyMap<string, BatchAnswer>;
  readonly usage: () => UsageReport;
  /** The calls of a round, as they are met. */
  readonly files: Readonly<Record<BatchRound['round'], BatchFiles>>;
}

/** Null where no batch is asked for. @throws InputError for options that do not fit together */
export async function openBatch(options: Options, choice: AuthorChoice): Promise<OpenedBatch | null> {
  const given = options.maybe('batch-in');
  if (options.maybe('batch-out') === undefined) {
    if (given === undefined) return null;
    throw new InputError(
      '--batch-out',
      'is missing.',
      'Give the directory in which calls that still wait are written.',
    );
  }
  if (choice.kind !== 'openai')
    throw new InputError(
      '--batch-out',
      `is of no use to --author ${choice.kind}.`,
      'Choose --author openai.',
    );
  const answers = given === undefined ? new Map<string, BatchAnswer>() : await readBatchFiles(given);
  const meter = new UsageMeter(choice.prices);
  const { model } = choice;
  const directory = options.get('batch-out');
  const files = { extract: new BatchFiles(directory, 'extract'), write: new BatchFiles(directory, 'write') };
  const batch = await createBatchAuthor({
    ...{ prompts: promptsFromDisk(), model, answers, meter },
    onWaiting: (key, call) =>
      files[call.operation === 'extract' ? 'extract' : 'write'].write(batchLine(key, model, call)),
  });
  return { ...batch, answers, files, usage: () => meter.report() };
}

/** Extracts what has been answered, without a model. Calls may be waiting afterwards. */
export async function extractFromBatch(
  batch: OpenedBatch,
  train: readonly TrainRow[],
  method: MethodOptions,
  journal: AuthorJournal,
): Promise<void> {
  const author = new RememberingAuthor(batch.author, journal.kept, journal.append);
  try {
    await extractAtoms(startProject('batch', train, method), author);
  } catch (error) {
    // That no answer has an atom is no wonder as long as none has been asked for.
    if (batch.waiting.size === 0) throw error;
  }
}

/** Ends the files of the calls that wait. */
export async function writeRound(
  batch: OpenedBatch,
  round: BatchRound['round'],
  options: Options,
  journal: AuthorJournal,
): Promise<BatchRound> {
  return {
    out: options.get('out'),
    round,
    requests: batch.waiting.size,
    files: await batch.files[round].finish(),
    errors: batch.errors,
    strangers: [...batch.answers.keys()].filter((key) => !batch.asked.has(key) && !journal.kept[key]),
    usage: batch.usage(),
  };
}

/** A round for the terminal, with what is to be done next. */
export function roundText({ round, requests, files, errors, strangers, usage, out }: BatchRound): string {
  const what = round === 'extract' ? 'facts of answers' : 'questions and answers about the facts';
  return [
    `${requests} calls wait for a batch (${what}):`,
    ...files.map((file) => `  ${file}`),
    ...(usage.total.calls > 0 ? usageLines(usage, 'answered by batches in this run:') : []),
    ...errors.map(
      ({ row, operation, reason }) => `${row}: ${operation}: ${reason} It is in the files again.`,
    ),
    ...(strangers.length > 0
      ? [
          `${strangers.length} answers are to calls that this project does not make: ${strangers.slice(0, 3).join(', ')} …`,
        ]
      : []),
    `Next: run the files through the Batch API, and repeat the command with --batch-in and their results. What was answered is kept in ${out}.`,
    ...(round === 'extract'
      ? ['After this round comes another, about the facts.']
      : ['It is the last round.']),
  ].join('\n');
}
