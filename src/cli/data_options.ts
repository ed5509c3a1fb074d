/** @file The rows of --data: which columns mean what, what becomes of bad rows, and which line a row came from. */
import { type DataSource, knownSource } from '../formats/data_source.ts';
import type { DatasetKind, RowsOf } from '../formats/dataset.ts';
import { FIELDS, type FieldName, type Mapping, type RowShape } from '../formats/dataset_mapping.ts';
import { InputError } from '../formats/input_error.ts';
import { readDatasetOf } from '../formats/rows.ts';
import type { OptionSpecs, Options } from './arguments.ts';
import { filesSha256, openData } from './data_input.ts';

export const DATA_OPTIONS: OptionSpecs = {
  columns: {
    help: 'columns by hand, where their names are not known: prompt=NAME,completion=NAME (or messages, chosen, rejected, system, input)',
  },
  'skip-bad-rows': {
    flag: true,
    help: 'leave out rows that cannot be used, naming each, instead of stopping',
  },
};

export interface DataFile<K extends DatasetKind> {
  readonly rows: RowsOf[K];
  /** What run.json says of the data. */
  readonly manifest: {
    readonly sha256: string;
    /** Where the rows were published; null where that is not known. */
    readonly source: DataSource | null;
    readonly format: string;
    readonly columns: Mapping['columns'] | null;
    readonly skipped_rows: number;
  };
  /** Runs something on the rows; an error that names a row by its number names its file and line instead. */
  run<T>(work: () => Promise<T>): Promise<T>;
}

/** @throws InputError with file and line for the first row that cannot be used, unless rows may be skipped */
export async function readData<K extends DatasetKind>(
  options: Options,
  kind: K,
  progress: (line: string) => void,
): Promise<DataFile<K>> {
  const place = options.get('data');
  const { files, source } = await openData(place, progress);
  let skipped = 0;
  const onSkipped = (error: InputError) => {
    skipped++;
    progress(`left out: ${error.message}`);
  };
  const columns = options.maybe('columns');
  const dataset = await readDatasetOf(files, place, kind, {
    mapping: columns === undefined ? null : parseColumns(columns, kind),
    ...(options.flag('skip-bad-rows') ? { onSkipped } : {}),
  });
  return {
    rows: dataset.rows,
    manifest: {
      sha256: await filesSha256(files),
      source: source ?? knownSource(dataset.columns),
      format: dataset.format,
      columns: dataset.mapping?.columns ?? null,
      skipped_rows: skipped,
    },
    async run(work) {
      try {
        return await work();
      } catch (error) {
        const row = error instanceof InputError ? /^row (\d+)$/.exec(error.place) : null;
        if (!row) throw error;
        const { problem, cure } = error as InputError;
        throw new InputError(`${place}:${dataset.lines[Number(row[1]) - 1]}`, `the row ${problem}`, cure);
      }
    },
  };
}

/** "prompt=Frage,completion=Antwort" as a mapping. */
export function parseColumns(text: string, kind: DatasetKind): Mapping {
  const pairs = text.split(',').map((pair) => pair.split('=').map((part) => part.trim()));
  const shape: RowShape =
    kind === 'preference'
      ? 'preference'
      : pairs.some(([name]) => name === 'messages')
        ? 'conversation'
        : 'exchange';
  const fields = new Map(FIELDS[shape].map((field) => [field.name as string, field]));
  const columns: Partial<Record<FieldName, string>> = {};
  for (const [name, column, ...rest] of pairs) {
    const field = fields.get(name ?? '');
    if (!field || !column || rest.length > 0)
      throw new InputError(
        '--columns',
        `${JSON.stringify(text)} cannot be read at ${JSON.stringify(name)}.`,
        `Give pairs such as prompt=NAME; there are ${[...fields.keys()].join(', ')}.`,
      );
    columns[field.name] = column;
  }
  const open = FIELDS[shape].filter(({ name, required }) => required && columns[name] === undefined);
  if (open.length > 0)
    throw new InputError(
      '--columns',
      `names no ${open.map(({ name }) => name).join(' and no ')}.`,
      'Name a column for it.',
    );
  return { shape, columns };
}
