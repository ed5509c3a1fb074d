/** @file How a run ended, in a sentence, and where to go from there. */
import type { JSX } from 'preact';
import type { Failure } from '../../workers/failure.ts';
import type { RunView } from '../../workers/run_view.ts';
import { formatInteger, formatSeconds } from '../format.ts';

const ENDED: Readonly<Record<Exclude<RunView['status'], 'running' | 'stopping'>, string>> = {
  finished: 'Finished',
  stopped: 'Stopped',
  failed: 'Failed',
  interrupted: 'Interrupted',
};

interface RunOutcomeProps {
  readonly view: RunView;
  /** Of a run that failed on this page; it is an alert where the run was begun, and is said here once more. */
  readonly failure: Failure | null;
}

export function RunOutcome({ view, failure }: RunOutcomeProps): JSX.Element | null {
  if (view.status === 'running' || view.status === 'stopping') return null;
  const ended = Math.max(...view.phases.map((phase) => phase.endedAt ?? view.startedAt));
  const steps = view.trainings.reduce((sum, t) => sum + t.log.length, 0);
  const tokens = view.trainings.reduce((sum, t) => sum + t.log.reduce((s, step) => s + step.tokens, 0), 0);
  return (
    <div class="live sheet" role="status">
      <div class="live-head">
        <h3>{ENDED[view.status]}</h3>
        {Object.keys(view.answers).length > 0 ? <a href="#compare">See before and after</a> : null}
      </div>
      {view.status === 'failed' && failure !== null ? (
        <p>
          {failure.place}: {failure.problem} {failure.cure}
        </p>
      ) : null}
      <p class="soft">
        {formatInteger(steps)} optimizer steps on {formatInteger(tokens)} tokens,{' '}
        {formatSeconds((ended - view.startedAt) / 1000)} in all.
      </p>
    </div>
  );
}
