/** @file How a model is held and trained, as far as it decides what memory is needed. */
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { WeightChoice } from '../../llama/weight_plan.ts';
import { formatBytes } from '../format.ts';
import type { Candidate } from '../state/candidates.ts';
import { formatCosts, type PlanSettings } from '../state/model_plan.ts';
import { change } from '../state/models.ts';
import { MemoryBudget } from './memory_budget.tsx';

const FORMATS: readonly { readonly choice: WeightChoice; readonly label: string }[] = [
  { choice: 'auto', label: 'As in its files' },
  { choice: 'f32', label: 'f32, 32 bits' },
  { choice: 'f16', label: 'f16, 16 bits' },
  { choice: 'q8_0', label: 'q8_0, 8.5 bits' },
  { choice: 'q4_1', label: 'q4_1, 5 bits' },
  { choice: 'q4_0', label: 'q4_0, 4.5 bits' },
];
const RANKS = [1, 2, 4, 8, 16, 32, 64, 128];
const TOKENS = [64, 128, 256, 512, 1024, 2048, 4096];

interface ModelSettingsProps {
  readonly facts: NonNullable<Candidate['facts']>;
  readonly settings: PlanSettings;
}

export function ModelSettings({ facts, settings }: ModelSettingsProps): JSX.Element {
  const costs = useMemo(
    () =>
      formatCosts(
        facts.config,
        facts.stored,
        FORMATS.map(({ choice }) => choice),
      ),
    [facts],
  );
  const format = (part: 'weights' | 'embedding', label: string) => (
    <div class="choice">
      <label for={`model-${part}`}>{label}</label>
      <select
        id={`model-${part}`}
        value={settings[part]}
        onChange={(event) => change({ [part]: event.currentTarget.value as WeightChoice })}
      >
        {FORMATS.map(({ choice, label: name }) => (
          <option key={choice} value={choice}>
            {name} · {formatBytes(costs.get(choice)![part])}
          </option>
        ))}
      </select>
    </div>
  );
  const number = (part: 'rank' | 'tokens', label: string, values: readonly number[]) => (
    <div class="choice">
      <label for={`model-${part}`}>{label}</label>
      <select
        id={`model-${part}`}
        value={settings[part]}
        onChange={(event) => change({ [part]: Number(event.currentTarget.value) })}
      >
        {values.map((value) => (
          <option key={value} value={value}>
            {value}
          </option>
        ))}
      </select>
    </div>
  );
  return (
    <div class="model-settings">
      {format('weights', 'Weights')}
      {format('embedding', facts.config.tieWordEmbeddings ? 'Embedding' : 'Embeddings')}
      {number('rank', 'LoRA rank', RANKS)}
      {number('tokens', 'Tokens of a batch', TOKENS)}
      <MemoryBudget />
    </div>
  );
}
