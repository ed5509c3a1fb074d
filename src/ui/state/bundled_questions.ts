/** @file Questions with answers for a new project: some that come with TabTune. */
import { InputError } from '../../formats/input_error.ts';
import { parseJsonRows } from '../../formats/jsonl.ts';
import type { TrainRow } from '../../knowtuning/project.ts';
import { parseTrainRows } from '../../knowtuning/rows.ts';

/** The first of the bundled training questions. */
export async function bundledQuestions(count: number): Promise<TrainRow[]> {
  const response = await fetch(new URL('atlas/train.jsonl', document.baseURI));
  if (!response.ok)
    throw new InputError('atlas/train.jsonl', `cannot be read (${response.status}).`, 'Reload the page.');
  const rows = parseJsonRows(new Uint8Array(await response.arrayBuffer()), 'atlas/train.jsonl');
  return parseTrainRows(
    rows.map(({ value }) => value),
    'atlas/train.jsonl',
  ).slice(0, count);
}
