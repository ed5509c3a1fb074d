/** @file From a reviewed project to a trained adapter: the whole method, with a comparison that says whether it helped. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { HOLDOUT_SHARE } from '../../../knowtuning/holdout.ts';
import { describeFailure } from '../../../workers/failure.ts';
import type { StudioView } from '../../../workers/studio_protocol.ts';
import { formatInteger } from '../../format.ts';
import { opening, selected } from '../../state/models.ts';
import { startProjectRun, whyNot } from '../../state/session.ts';
import { projectFile, studioFailure } from '../../state/studio.ts';
import { NumberField } from '../number_field.tsx';
import { RunFailure } from '../run_failure.tsx';

const PERCENT = 100;

export function LearnPanel({ view }: { view: StudioView }): JSX.Element {
  const [heldOut, setHeldOut] = useState(HOLDOUT_SHARE * PERCENT);
  const why = whyNotThis(view);
  const learn = async () => {
    if (why !== null) return;
    studioFailure.value = null;
    try {
      await startProjectRun(await projectFile(), {
        name: view.name,
        questions: view.questions,
        holdout: heldOut / PERCENT,
        ...(opening.value ? { model: opening.value } : {}),
      });
    } catch (error) {
      studioFailure.value = describeFailure(error);
    }
  };
  return (
    <div class="sheet learn">
      <h3>Teach it to a model</h3>
      <p class="soft">
        {selected.value.name} is fine-tuned plainly on your answers, and by KnowTuning on this project, on
        your own GPU. Some questions are kept back and asked of both, so that you see whether it helps your
        data.
      </p>
      <div class="fields">
        <NumberField
          label="Kept back for the test"
          hint="percent"
          value={heldOut}
          least={0}
          most={50}
          onChange={setHeldOut}
        />
      </div>
      <div class="actions">
        <button type="button" onClick={() => void learn()} aria-disabled={why !== null}>
          Train on {formatInteger(view.questions - view.counts.excludedQuestions)}{' '}
          {view.questions === 1 ? 'question' : 'questions'}
        </button>
        {why === null ? null : <p class="soft">{why}</p>}
      </div>
      <RunFailure of={['project']} />
    </div>
  );
}

/** Why this project cannot be trained on now, or null. */
function whyNotThis(view: StudioView): string | null {
  if (whyNot.value !== null) return whyNot.value;
  if (opening.value === null)
    return `${selected.value.name} is not here yet: download it under “Model”, or choose the bundled one.`;
  if (view.building) return 'The data are being written.';
  if (view.counts.pairs === 0) return 'There are no pairs yet: have the data written first.';
  return null;
}
