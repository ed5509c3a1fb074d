/** @file A share as a bar and a percentage. */
import type { JSX } from 'preact';
import { formatShare } from '../format.ts';

export function Share({ value }: { value: number | null }): JSX.Element {
  if (value === null) return <>–</>;
  return (
    <span class="share">
      <span class="bar" aria-hidden="true">
        <span style={{ width: `${value * 100}%` }} />
      </span>
      <span class="number">{formatShare(value)}</span>
    </span>
  );
}
