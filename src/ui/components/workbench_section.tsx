/** @file The loaded model: how it is held, what it answers, and its training on the user's data. */
import type { JSX } from 'preact';
import type { OpenedModel } from '../../workers/workbench_protocol.ts';
import { formatBytes, formatInteger, formatShare } from '../format.ts';
import { useTextSource } from '../state/dataset.ts';
import { opening, selected } from '../state/models.ts';
import { loading, loadModel, model, problem, task, unloadModel } from '../state/workbench.ts';
import { AskPanel } from './ask_panel.tsx';
import { FailureNotice } from './notice.tsx';
import { Section } from './section.tsx';
import { TunePanel } from './tune_panel.tsx';

const LEDE =
  'Loaded onto your GPU once, it answers as it came, and with the adapter that you train on your own data.';

export function WorkbenchSection(): JSX.Element {
  const failed = problem.value?.task === 'open' ? problem.value.failure : null;
  return (
    <Section id="workbench" title={model.value?.name ?? 'Use it'} lede={LEDE}>
      <div class="workbench">
        {failed ? <FailureNotice failure={failed} /> : null}
        {loading.value ? <Loading {...loading.value} /> : null}
        {model.value ? (
          <>
            <ModelCard model={model.value} />
            <AskPanel />
            <TunePanel />
          </>
        ) : loading.value ? null : (
          <LoadModel />
        )}
      </div>
    </Section>
  );
}

function LoadModel(): JSX.Element {
  const request = opening.value;
  const load = () => {
    if (request === null || task.value !== null) return;
    void loadModel(request);
    // Rows are shown in the tokens of the model that will be trained on them.
    void useTextSource(request.choice);
  };
  return (
    <div class="sheet">
      <p class="soft">
        {request === null
          ? `${selected.value.name} is chosen above. Download it there, or choose one that is here already.`
          : `${selected.value.name} is chosen above, and here to be loaded.`}
      </p>
      <div class="actions">
        <button type="button" onClick={load} aria-disabled={request === null || task.value !== null}>
          Load onto the GPU
        </button>
      </div>
    </div>
  );
}

function Loading({ filled, total }: { filled: number; total: number }): JSX.Element {
  const label = total === 0 ? 'Reading the model' : `Weights on the GPU: ${formatShare(filled / total)}`;
  return (
    <div class="sheet">
      <p role="status">{label}</p>
      {total === 0 ? (
        <progress aria-label={label} />
      ) : (
        <progress max={total} value={filled} aria-label={label} />
      )}
    </div>
  );
}

function ModelCard({ model: opened }: { model: OpenedModel }): JSX.Element {
  const { parameters, contextLength, template, weightBytes, conversions } = opened;
  return (
    <div class="sheet model-card">
      <dl>
        <Fact term="Parameters" value={formatInteger(parameters)} />
        <Fact term="Weights on the GPU" value={formatBytes(weightBytes)} />
        <Fact term="Context" value={`${formatInteger(contextLength)} tokens`} />
        <Fact term="Questions are put" value={TEMPLATES[template]} />
      </dl>
      <p class="soft">
        {conversions.length === 0
          ? 'Every weight is held bit for bit as it is stored.'
          : `Converted while loading: ${conversions.map((c) => `${c.tensors} matrices from ${c.from} to ${c.to}`).join(', ')}.`}
      </p>
      <div class="actions">
        <button type="button" class="quiet small" onClick={unloadModel}>
          Unload
        </button>
      </div>
    </div>
  );
}

const TEMPLATES = {
  auto: "in the model's own chat template",
  alpaca: "in Alpaca's template",
  none: 'as they are: the model has no chat template',
} as const;

function Fact({ term, value }: { term: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{term}</dt>
      <dd class="number">{value}</dd>
    </div>
  );
}
