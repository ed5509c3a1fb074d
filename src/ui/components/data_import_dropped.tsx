/** @file Rows that were left out of a data file, each with its line, its reason, and what helps. */
import type { JSX } from 'preact';
import type { DroppedRow } from '../../formats/dataset.ts';
import { formatInteger } from '../format.ts';

interface DroppedRowsProps {
  readonly total: number;
  /** As far as they have been fetched. */
  readonly rows: readonly DroppedRow[];
  readonly onMore: () => void;
}

export function DroppedRows({ total, rows, onMore }: DroppedRowsProps): JSX.Element {
  return (
    <details class="dropped">
      <summary>{total === 1 ? 'One row was left out' : `${formatInteger(total)} rows were left out`}</summary>
      <ol>
        {rows.map(({ line, row, reason, cure }) => (
          <li key={row}>
            <span class="number">Line {formatInteger(line)}</span>
            <span>
              It {reason} <span class="soft">{cure}</span>
            </span>
          </li>
        ))}
      </ol>
      {rows.length < total ? (
        <button type="button" class="quiet small" onClick={onMore}>
          Show more of them
        </button>
      ) : null}
    </details>
  );
}
