/** @file The run while it happens, and its charts afterwards. */
import type { JSX } from 'preact';
import { useEffect } from 'preact/hooks';
import type { RunView } from '../../workers/run_view.ts';
import { failure, memory, preparing, running, stopRun } from '../state/session.ts';
import { LiveStatus } from './live_status.tsx';
import { PhaseList } from './phase_list.tsx';
import { RunOutcome } from './run_outcome.tsx';
import { focusHeading, Section } from './section.tsx';
import { TrainingCharts } from './training_charts.tsx';

const LEDE =
  'First the model is fine-tuned plainly, which shows what it finds difficult. Then Stage I teaches it the difficult facts, and Stage II to prefer complete, true and ordered answers.';

export function TrainSection({ view }: { view: RunView | null }): JSX.Element {
  const run = running.value ? view?.run : undefined;
  // A run has begun: that is what whoever pressed the button wants to see.
  useEffect(() => {
    if (run !== undefined) focusHeading('train');
  }, [run]);
  return (
    <Section id="train" title="Training" lede={LEDE}>
      {view === null ? (
        <p class="placeholder">The phases and the loss appear here during a run.</p>
      ) : (
        <div class="train-grid">
          <div class="train-side sheet">
            <PhaseList phases={view.phases} />
          </div>
          <div class="train-main">
            {running.value ? (
              <LiveStatus view={view} memory={memory.value} preparing={preparing.value} onStop={stopRun} />
            ) : (
              <RunOutcome view={view} failure={failure.value} />
            )}
            {view.trainings.some((t) => t.log.length > 0) ? (
              <TrainingCharts trainings={view.trainings} />
            ) : null}
          </div>
        </div>
      )}
    </Section>
  );
}
