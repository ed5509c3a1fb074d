/** @file Which column of a data file means what: as it was told by the columns' names, or as someone chooses. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import {
  FIELDS,
  type Field,
  type FieldName,
  type Mapping,
  type RowShape,
} from '../../formats/dataset_mapping.ts';
import type { DatasetView } from '../../workers/text_protocol.ts';

const SHAPES: readonly { readonly shape: RowShape; readonly label: string }[] = [
  { shape: 'exchange', label: 'a question and its answer' },
  { shape: 'conversation', label: 'a conversation' },
  { shape: 'preference', label: 'a better and a worse answer' },
];

interface DataMappingProps {
  readonly dataset: DatasetView;
  readonly onMapping: (mapping: Mapping) => void;
}

export function DataMapping({ dataset, onMapping }: DataMappingProps): JSX.Element {
  const told: Mapping = dataset.mapping ?? { shape: 'exchange', columns: {} };
  const [draft, setDraft] = useState(told);
  // A file that was read anew says what it is.
  useEffect(() => setDraft(told), [dataset]);
  const fields = FIELDS[draft.shape];
  const missing = fields.filter(({ name, required }) => required && draft.columns[name] === undefined);
  const change = (next: Mapping) => {
    setDraft(next);
    const complete = FIELDS[next.shape].every(({ name, required }) => !required || next.columns[name]);
    if (complete) onMapping(next);
  };
  const choose = (field: FieldName, column: string) => {
    const { [field]: _, ...others } = draft.columns;
    change({ ...draft, columns: column === '' ? others : { ...others, [field]: column } });
  };
  const reshape = (shape: RowShape) => {
    const known = new Set(FIELDS[shape].map(({ name }) => name));
    const kept = Object.entries(draft.columns).filter(([name]) => known.has(name as FieldName));
    change({ shape, columns: Object.fromEntries(kept) });
  };
  // A field stays where it is while it is being chosen.
  const isShown = ({ name, required }: Field) => required || told.columns[name] !== undefined;
  const shown = fields.filter(isShown);
  const others = fields.filter((field) => !isShown(field));
  const line = ({ name, label, required }: Field) => {
    const column = draft.columns[name];
    return (
      <li key={name}>
        <label for={`map-${name}`}>{label}</label>
        <select
          id={`map-${name}`}
          value={column ?? ''}
          class={required && column === undefined ? 'open' : ''}
          required={required}
          onChange={(event) => choose(name, event.currentTarget.value)}
        >
          <option value="">{required ? 'Choose a column' : 'none'}</option>
          {dataset.columns.map((each) => (
            <option key={each} value={each}>
              {each}
            </option>
          ))}
        </select>
        <p class="sample">{column === undefined ? '' : dataset.sample[column]}</p>
      </li>
    );
  };
  return (
    <div class="mapping">
      <h3>What the columns mean</h3>
      <label class="mapping-shape">
        <span>Each row is</span>
        <select value={draft.shape} onChange={(event) => reshape(event.currentTarget.value as RowShape)}>
          {SHAPES.map(({ shape, label }) => (
            <option key={shape} value={shape}>
              {label}
            </option>
          ))}
        </select>
      </label>
      <ul class="mapping-fields">{shown.map(line)}</ul>
      {others.length > 0 ? (
        <details>
          <summary>More that a row may have</summary>
          <ul class="mapping-fields">{others.map(line)}</ul>
        </details>
      ) : null}
      {missing.length > 0 ? (
        <p class="mapping-missing" role="status">
          The names of the columns do not tell what they mean. Choose a column for{' '}
          {missing.map(({ label }) => `“${label}”`).join(' and ')}.
        </p>
      ) : null}
    </div>
  );
}
