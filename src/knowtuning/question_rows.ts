/**
 * @file Questions with answers from a data file of any format: what the method is given where the file was made for
 * something else. A preference gives its better answer, a conversation its first question; what is left out is counted.
 */
import { type DataSource, knownSource } from '../formats/data_source.ts';
import type { Dataset, DatasetOptions } from '../formats/dataset.ts';
import { readDataFiles } from '../formats/dataset_files.ts';
import { InputError } from '../formats/input_error.ts';
import { type RowOptions, strictDataset } from '../formats/rows.ts';
import type { Message, PreferenceRow, TrainingRow } from '../train/tuner.ts';
import type { TrainRow } from './project.ts';
import { checkRows } from './rows.ts';

export interface QuestionRows {
  readonly rows: readonly TrainRow[];
  readonly format: string;
  /** The data set that it is, where its columns tell. */
  readonly known: DataSource | null;
  /** Sentences about what of the file is not used. */
  readonly notes: readonly string[];
}

/**
 * @param files of one data set
 * @param place shown in messages: the file, or the data set
 * @throws InputError with place and line for the first row that cannot be used, unless rows may be skipped
 */
export async function readQuestionRows(
  files: readonly File[],
  place: string,
  options: RowOptions = {},
): Promise<QuestionRows> {
  const mapping = options.mapping ?? null;
  let dataset = await readDataFiles(files, { mapping });
  const plain = dataset.columns.includes('question') && dataset.columns.includes('answer');
  // These two names are the method's own, whatever other columns stand beside them.
  if (plain && mapping === null && dataset.kind === 'sft') dataset = await readDataFiles(files, ASKED);
  // Of a file that says nothing, the rows must say what they lack.
  else if (dataset.mapping === null) dataset = await readDataFiles(files, { kind: 'sft' });
  strictDataset(dataset, place, options);
  return questionsOf(dataset, place);
}

/**
 * The questions of a file that was read.
 * @throws InputError with file and line for a row that has none, and for ids that repeat
 */
export function questionsOf(dataset: Dataset, place: string): QuestionRows {
  const ids = idsOf(dataset, place);
  let shortened = 0;
  const rows = dataset.rows.map((row, i): TrainRow => {
    const { exchange, whole } = firstExchange(row, `${place}:${dataset.lines[i]}`);
    if (!whole) shortened++;
    return { id: ids[i]!, ...exchange };
  });
  return {
    rows: checkRows(rows, place, dataset.lines),
    format: dataset.format,
    known: knownSource(dataset.columns),
    notes: [
      ...(dataset.kind === 'preference'
        ? ['The better answers are taken; the method makes worse ones of its own.']
        : []),
      ...(shortened > 0
        ? [
            `Of ${shortened} conversations the first question with its answer is taken, and no system message.`,
          ]
        : []),
    ],
  };
}

const ASKED: DatasetOptions = {
  mapping: { shape: 'exchange', columns: { prompt: 'question', completion: 'answer' } },
};

/** Ids of the file, else one by the number of the row. Ids that repeat under another name than "id" are none. */
function idsOf({ ids, numbers }: Dataset, place: string): string[] {
  const given = ids.flatMap(({ value }) => (value === undefined ? [] : [value]));
  const unique = new Set(given).size === given.length;
  return ids.map(({ column, value }, i) => {
    const own = `line-${numbers[i]}`;
    if (value === undefined || (column !== 'id' && !unique)) return own;
    if (typeof value === 'number' || typeof value === 'bigint') return String(value);
    if (typeof value === 'string' && value.trim() !== '') return value;
    if (column !== 'id') return own;
    throw new InputError(
      `${place}:${numbers[i]}`,
      '"id": is no text and no number.',
      'Write one, or leave ids out.',
    );
  });
}

function firstExchange(
  row: TrainingRow | PreferenceRow,
  place: string,
): { exchange: { question: string; answer: string }; whole: boolean } {
  if ('prompt' in row) {
    const answer = 'completion' in row ? row.completion : row.chosen;
    return { exchange: { question: row.prompt, answer }, whole: true };
  }
  const answered: readonly Message[] =
    'chosen' in row ? [...row.messages, { role: 'assistant', content: row.chosen }] : row.messages;
  const at = answered.findIndex(({ role }, i) => role === 'user' && answered[i + 1]?.role === 'assistant');
  if (at < 0)
    throw new InputError(
      place,
      'the conversation has no question with its answer.',
      'Let an answer of the assistant follow a message of the user.',
    );
  return {
    exchange: { question: answered[at]!.content, answer: answered[at + 1]!.content },
    whole: answered.length === 2,
  };
}
