/** @file The selected model: what it is, how its weights are to be held, what that takes, and its download. */
import type { JSX } from 'preact';
import { parameterCount } from '../../llama/weight_plan.ts';
import { formatBytes, formatCount, formatInteger } from '../format.ts';
import type { Candidate } from '../state/candidates.ts';
import { plan, selected, settings, takeVariant, trouble } from '../state/models.ts';
import { ModelDownload } from './model_download.tsx';
import { ModelPlan } from './model_plan.tsx';
import { ModelSettings } from './model_settings.tsx';
import { FailureNotice } from './notice.tsx';

export function ModelCard(): JSX.Element {
  const candidate = selected.value;
  const { facts } = candidate;
  return (
    <article class="sheet candidate" aria-labelledby="model-title">
      <div>
        <h3 id="model-title">{candidate.name}</h3>
        {candidate.id === null ? null : <p class="mono model-id">{idText(candidate)}</p>}
        <p class="soft">{candidate.note}</p>
      </div>
      <dl class="model-facts">
        {facts ? (
          <>
            <Fact term="Parameters" value={formatCount(parameterCount(facts.config))} />
            <Fact
              term="Layers"
              value={`${facts.config.numHiddenLayers} × ${formatInteger(facts.config.hiddenSize)}`}
            />
            <Fact term="Context" value={`${formatInteger(facts.config.maxPositionEmbeddings)} tokens`} />
          </>
        ) : null}
        <Fact term={candidate.picked ? 'On disk' : 'Download'} value={downloadText(candidate)} />
      </dl>
      {candidate.variants.length > 1 ? <Variants candidate={candidate} /> : null}
      <ModelDownload candidate={candidate} />
      {facts ? (
        <>
          <ModelSettings facts={facts} settings={settings.value} />
          <ModelPlan plan={plan.value} tokens={settings.value.tokens} />
        </>
      ) : trouble.value?.at === candidate.key ? (
        <FailureNotice failure={trouble.value.failure} />
      ) : (
        <p class="soft">Reading what it is.</p>
      )}
    </article>
  );
}

function Fact({ term, value }: { term: string; value: string }): JSX.Element {
  return (
    <div>
      <dt>{term}</dt>
      <dd class="number">{value}</dd>
    </div>
  );
}

function Variants({ candidate }: { candidate: Candidate }): JSX.Element {
  return (
    <div class="choice">
      <label for="model-files">Files</label>
      <select
        id="model-files"
        value={candidate.variant}
        onChange={(event) => takeVariant(event.currentTarget.value)}
      >
        {candidate.variants.map(({ name, bytes }) => (
          <option key={name} value={name}>
            {name} · {formatBytes(bytes)}
          </option>
        ))}
      </select>
    </div>
  );
}

function idText({ id, revision, commit }: Candidate): string {
  const at = commit === null ? (revision === 'main' ? '' : `@${revision}`) : `@${commit.slice(0, 7)}`;
  return `${id}${at}`;
}

function downloadText({ id, picked, bytes, commit }: Candidate): string {
  if (picked) return formatBytes(bytes);
  if (id === null) return 'none';
  return `${commit === null ? 'about ' : ''}${formatBytes(bytes)}`;
}
