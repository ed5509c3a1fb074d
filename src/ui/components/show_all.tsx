/** @file Shows the first few of many, or all of them. */
import type { JSX } from 'preact';

interface ShowAllProps {
  readonly first: number;
  readonly count: number;
  readonly all: boolean;
  readonly onChange: (all: boolean) => void;
}

export function ShowAll({ first, count, all, onChange }: ShowAllProps): JSX.Element | null {
  if (count <= first) return null;
  return (
    <button type="button" class="quiet" aria-expanded={all} onClick={() => onChange(!all)}>
      {all ? `Show the first ${first}` : `Show all ${count} questions`}
    </button>
  );
}
