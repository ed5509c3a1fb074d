/** @file `build --document`: a plain text or Markdown file in the place of questions with answers. */
import type { Author } from '../authors/author.ts';
import { InputError } from '../formats/input_error.ts';
import { decodeUtf8 } from '../formats/json.ts';
import { documentRows } from '../knowtuning/document.ts';
import type { OnProblem } from '../knowtuning/prepare.ts';
import type { TrainRow } from '../knowtuning/project.ts';
import type { OptionSpecs, Options } from './arguments.ts';
import { readInput } from './open_model.ts';

export const DOCUMENT_OPTION: OptionSpecs = {
  document: {
    help: 'in the place of --data: a text (.txt, .md), of whose passages the author makes questions and answers',
  },
};

/** @throws InputError unless there is one source of questions, and one that the other options go with */
export function checkSource(options: Options): void {
  const document = options.maybe('document');
  if ((document === undefined) === (options.maybe('data') === undefined))
    throw new InputError('build', 'needs either --data or --document.', 'Give one of the two.');
  for (const name of ['estimate', 'batch-out', 'batch-in', 'columns'])
    if (document !== undefined && (options.flag(name) || options.maybe(name) !== undefined))
      throw new InputError(
        `--${name}`,
        'does not go with --document: its questions are written on the way.',
        'Leave it out, or give --data.',
      );
}

/** Questions and answers of a document. @throws InputError where it cannot be read, or has no sentences */
export async function readDocument(
  path: string,
  author: Pick<Author, 'rewriteQuestion'>,
  onProblem: OnProblem,
): Promise<TrainRow[]> {
  return documentRows(decodeUtf8(await readInput(path), path), path, author, onProblem);
}
