/** @file The models there are to choose from, as radio buttons: name, size, and whether it is here already. */
import type { JSX } from 'preact';
import { parameterCount } from '../../llama/weight_plan.ts';
import { formatBytes, formatCount } from '../format.ts';
import { type Candidate, choiceOf } from '../state/candidates.ts';
import { cache, candidates, job, select, selectedKey } from '../state/models.ts';

export function ModelList(): JSX.Element {
  return (
    <fieldset class="model-list">
      <legend class="visually-hidden">Model</legend>
      {candidates.value.map((candidate) => (
        <label key={candidate.key} class="model-row">
          <input
            type="radio"
            name="model"
            value={candidate.key}
            checked={candidate.key === selectedKey.value}
            onChange={() => select(candidate.key)}
          />
          <span class="model-name">{candidate.name}</span>
          <span class="model-size number">{sizeText(candidate)}</span>
          <span class="model-where">{whereText(candidate)}</span>
        </label>
      ))}
    </fieldset>
  );
}

function sizeText({ facts, id, bytes, commit }: Candidate): string {
  const parameters = facts ? `${formatCount(parameterCount(facts.config))} parameters` : null;
  // Before the Hub was asked, the size follows from the configuration.
  const size = `${id !== null && commit === null ? 'about ' : ''}${formatBytes(bytes)}`;
  return [parameters, size].filter(Boolean).join(' · ');
}

function whereText(candidate: Candidate): string {
  if (job.value?.key === candidate.key) return 'downloading';
  if (candidate.picked) return 'on your disk';
  if (candidate.id === null) return 'here';
  return choiceOf(candidate, cache.value) ? 'downloaded' : candidate.gated ? 'needs a token' : '';
}
