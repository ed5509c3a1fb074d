/** @file Questions with answers as a file of Parquet, as most data sets of the Hub are. */
import { parquetWriteBuffer } from 'hyparquet-writer';

export interface Row {
  readonly question: string;
  readonly answer: string;
}

/** @param names of the two columns */
export function parquetRows(
  rows: readonly Row[],
  names: readonly [string, string] = ['question', 'answer'],
): Uint8Array {
  return new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: names[0], data: rows.map(({ question }) => question), type: 'STRING' },
        { name: names[1], data: rows.map(({ answer }) => answer), type: 'STRING' },
      ],
    }),
  );
}
