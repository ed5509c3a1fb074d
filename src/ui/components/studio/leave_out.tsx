/** @file Leaves a part out of the training, or puts it back. */
import type { JSX } from 'preact';

interface LeaveOutProps {
  /** The part in a sentence: "fact 2". */
  readonly what: string;
  readonly excluded: boolean;
  readonly onChange: (excluded: boolean) => Promise<unknown>;
}

export function LeaveOut({ what, excluded, onChange }: LeaveOutProps): JSX.Element {
  return (
    <button
      type="button"
      class="link leave-out"
      aria-label={excluded ? `Put ${what} back` : `Leave ${what} out`}
      onClick={() => void onChange(!excluded)}
    >
      {excluded ? 'Put back' : 'Leave out'}
    </button>
  );
}
