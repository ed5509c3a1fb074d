/** @file How much each fact surprises the loaded model: what decides which facts are asked about again. */
import type { JSX } from 'preact';
import type { StudioView } from '../../../workers/studio_protocol.ts';
import { formatInteger } from '../../format.ts';
import { view as run } from '../../state/session.ts';
import { strictly, takeMeasures } from '../../state/studio.ts';
import { hasAdapter, measureFacts, model, problem, task } from '../../state/workbench.ts';
import { FailureNotice } from '../notice.tsx';

export function SurprisePanel({ view }: { view: StudioView }): JSX.Element {
  const measure = async (side: 'base' | 'adapter') => {
    if (task.value !== null || model.value === null) return;
    await measureFacts(await strictly((c) => c.call('measurable')), side);
  };
  const measured = runMeasures('perplexity');
  const takeFromRun = async () => {
    await takeMeasures(measured, 'perplexity');
    await takeMeasures(runMeasures('perplexityAfter'), 'perplexityAfter');
  };
  const cannot = model.value === null || task.value !== null || view.counts.atoms === 0;
  return (
    <div class="sheet surprise">
      <h3>What the model finds hard</h3>
      <p class="soft">
        The perplexity of each fact, measured with the loaded model, marks the harder half of every answer.
        Questions are then asked again about those facts alone. Until it is measured, they are about all of
        them.
      </p>
      <p role="status">
        {task.value === 'measure'
          ? `Measuring ${formatInteger(view.counts.atoms)} facts …`
          : view.counts.measured === 0
            ? 'Not measured yet.'
            : `Measured for ${formatInteger(view.counts.measured)} of ${formatInteger(view.questions)} questions.`}
      </p>
      {model.value === null ? (
        <p class="soft">
          Load a model under <a href="#workbench">Use it</a> first.
        </p>
      ) : null}
      <div class="actions">
        <button type="button" class="quiet" aria-disabled={cannot} onClick={() => void measure('base')}>
          {model.value ? `Measure with ${model.value.name}` : 'Measure'}
        </button>
        {hasAdapter.value ? (
          <button type="button" class="quiet" aria-disabled={cannot} onClick={() => void measure('adapter')}>
            Measure with the adapter trained here
          </button>
        ) : null}
        {measured.size > 0 ? (
          <button type="button" class="quiet" onClick={() => void takeFromRun()}>
            Take what the last run measured
          </button>
        ) : null}
      </div>
      {problem.value?.task === 'measure' ? <FailureNotice failure={problem.value.failure} /> : null}
    </div>
  );
}

/** What a finished run over a project measured, by the question's id; empty where there is none. */
function runMeasures(field: 'perplexity' | 'perplexityAfter'): Map<string, number[]> {
  const { status, request, project } = run.value ?? {};
  if (status !== 'finished' || request?.data.kind !== 'project' || !project) return new Map();
  return new Map(
    project.flatMap(({ id, atoms }) => {
      const values = atoms.flatMap((atom) => atom[field] ?? []);
      return values.length === atoms.length && atoms.length > 0 ? [[id, values] as const] : [];
    }),
  );
}
