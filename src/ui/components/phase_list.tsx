/** @file What the run does, has done and will do. */
import type { JSX } from 'preact';
import type { PhaseView } from '../../workers/run_view.ts';
import { formatSeconds } from '../format.ts';
import { CheckIcon, RunningIcon, WaitingIcon } from './icons.tsx';

const STATE_WORD = { waiting: 'waiting', running: 'running', done: 'done' } as const;

export function PhaseList({ phases }: { phases: readonly PhaseView[] }): JSX.Element {
  return (
    <ol class="phases" aria-label="Phases of the run">
      {phases.map((phase) => (
        <li key={phase.id} class={`phase ${phase.status}`}>
          {phase.status === 'done' ? (
            <CheckIcon />
          ) : phase.status === 'running' ? (
            <RunningIcon />
          ) : (
            <WaitingIcon />
          )}
          <span class="label">
            {phase.label}
            <span class="visually-hidden">, {STATE_WORD[phase.status]}</span>
          </span>
          <span class="number took">{phaseNote(phase)}</span>
        </li>
      ))}
    </ol>
  );
}

function phaseNote(phase: PhaseView): string {
  if (phase.status === 'done' && phase.startedAt !== null && phase.endedAt !== null)
    return formatSeconds((phase.endedAt - phase.startedAt) / 1000);
  if (phase.status === 'running' && phase.id === 'load' && phase.total !== null) return `${phase.done} %`;
  if (phase.status === 'running' && phase.total !== null) return `${phase.done} of ${phase.total}`;
  return '';
}
