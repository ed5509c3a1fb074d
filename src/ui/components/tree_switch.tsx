/** @file The switch of tree batching: how Stage II, or DPO, is computed. What comes out is the same. */
import type { JSX } from 'preact';

interface TreeSwitchProps {
  readonly on: boolean;
  readonly onChange: (on: boolean) => void;
}

export function TreeSwitch({ on, onChange }: TreeSwitchProps): JSX.Element {
  return (
    <label class="switch">
      <input type="checkbox" checked={on} onChange={(event) => onChange(event.currentTarget.checked)} />
      <span>
        Tree batching{' '}
        <small>
          Read a question once for all its answers, instead of once per answer and pair: the same loss in
          about half the time.
        </small>
      </span>
    </label>
  );
}
