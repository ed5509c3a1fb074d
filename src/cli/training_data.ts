/** @file The questions of `build` and `knowtune`: from a data file of any format that TabTune reads. */
import type { DataSource } from '../formats/data_source.ts';
import type { InputError } from '../formats/input_error.ts';
import type { TrainRow } from '../knowtuning/project.ts';
import { readQuestionRows } from '../knowtuning/question_rows.ts';
import type { OptionSpecs, Options } from './arguments.ts';
import { DATA_HELP, openData } from './data_input.ts';
import { DATA_OPTIONS, parseColumns } from './data_options.ts';

/** What --data may be. */
export const TRAINING_DATA_HELP = `questions with answers: JSONL, JSON, CSV or Parquet, as {question, answer}, Alpaca (also rankings), ShareGPT, chat messages or preferences; ${DATA_HELP}`;

export const TRAINING_DATA_OPTIONS: OptionSpecs = DATA_OPTIONS;

export interface TrainingData {
  readonly rows: readonly TrainRow[];
  /** Where they were published; null where that is not known. */
  readonly source: DataSource | null;
}

/**
 * Questions with answers of --data; tells of what data set they are, its licence, and what is not used.
 * @throws InputError with file and line for the first row that cannot be used, unless rows may be skipped
 */
export async function readTrainingData(
  options: Options,
  progress: (line: string) => void,
): Promise<TrainingData> {
  const place = options.get('data');
  const columns = options.maybe('columns');
  const isPreference = columns !== undefined && /(^|,)\s*(chosen|rejected)\s*=/.test(columns);
  const { files, source } = await openData(place, progress);
  const { rows, format, known, notes } = await readQuestionRows(files, place, {
    mapping: columns === undefined ? null : parseColumns(columns, isPreference ? 'preference' : 'sft'),
    ...(options.flag('skip-bad-rows')
      ? { onSkipped: (error: InputError) => progress(`left out: ${error.message}`) }
      : {}),
  });
  progress(`${place}: ${rows.length} questions (${format})`);
  if (known && !source) progress(`This is ${known.name}; licence: ${known.licence}.`);
  for (const note of notes) progress(note);
  return { rows, source: source ?? known };
}
