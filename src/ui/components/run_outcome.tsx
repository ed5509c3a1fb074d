/** @file How a run ended, in a sentence, and where to go from there. */
import type { JSX } from 'preact';
import type { RunView } from '../../workers/run_view.ts';
import { formatInteger, formatSeconds } from '../format.ts';

const ENDED: Readonly<Record<Exclude<RunView['status'], 'running' | 'stopping'>, string>> = {
  finished: 'Finished',
  stopped: 'Stopped',
  failed: 'Failed',
  interrupted: 'Interrupted',
};

export function RunOutcome({ view }: { view: RunView }): JSX.Element | null {
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
      <p class="soft">
        {formatInteger(steps)} optimizer steps on {formatInteger(tokens)} tokens,{' '}
        {formatSeconds((ended - view.startedAt) / 1000)} in all.
      </p>
    </div>
  );
}
