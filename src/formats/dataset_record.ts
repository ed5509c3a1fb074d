/** @file A row of a data file before anyone knows what it means: its columns, or why it has none. */

/** Characters of one row at most: what is longer is no row, but a quote or bracket that was never closed. */
export const MAX_ROW_LENGTH = 4 * 1024 * 1024;

export interface DataRecord {
  /** 1-based line that the row begins on. */
  readonly line: number;
  /** 1-based number of the row, blank lines not counted. */
  readonly row: number;
  /** Values by column, or what is wrong with the row and what helps. */
  readonly value: Readonly<Record<string, unknown>> | RowProblem;
}

/** Why a row cannot be used. A sentence whose subject is the row, and a sentence that says what helps. */
export class RowProblem {
  constructor(
    readonly problem: string,
    readonly cure: string,
  ) {}
}

/** Cuts the text of a file, as it comes in, into rows. */
export interface RecordReader {
  /** Rows that this piece of text completes. */
  push(text: string): DataRecord[];
  /** What was left: the row that no line break ends, or that nothing ends. */
  end(): DataRecord[];
}
