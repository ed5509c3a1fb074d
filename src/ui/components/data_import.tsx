/** @file A data file on its way in: chosen or dropped, read with its progress, and what was found in it. */
import type { JSX } from 'preact';
import { useRef, useState } from 'preact/hooks';
import type { DroppedRow } from '../../formats/dataset.ts';
import type { Mapping } from '../../formats/dataset_mapping.ts';
import type { Failure } from '../../workers/failure.ts';
import type { DatasetView } from '../../workers/text_protocol.ts';
import { formatBytes, formatInteger } from '../format.ts';
import { DroppedRows } from './data_import_dropped.tsx';
import { DataMapping } from './data_import_mapping.tsx';
import { FailureNotice } from './notice.tsx';

interface DataImportProps {
  readonly dataset: DatasetView | null;
  readonly reading: { readonly name: string; readonly done: number; readonly bytes: number } | null;
  readonly failure: Failure | null;
  readonly dropped: readonly DroppedRow[];
  readonly onFile: (file: File) => void;
  readonly onMapping: (mapping: Mapping) => void;
  readonly onMoreDropped: () => void;
}

export function DataImport(props: DataImportProps): JSX.Element {
  const { dataset, reading, failure, dropped, onFile, onMapping, onMoreDropped } = props;
  return (
    <div class="sheet import">
      <FileZone hasFile={dataset !== null} onFile={onFile} />
      {reading === null ? null : (
        <div class="reading">
          <p id="reading-file">
            Reading <span class="file-name">{reading.name}</span>
          </p>
          <progress value={reading.done} max={Math.max(1, reading.bytes)} aria-labelledby="reading-file" />
        </div>
      )}
      {failure === null ? null : <FailureNotice failure={failure} />}
      {dataset === null ? null : (
        <>
          <Found dataset={dataset} />
          <DataMapping dataset={dataset} onMapping={onMapping} />
          {dataset.dropped > 0 ? (
            <DroppedRows total={dataset.dropped} rows={dropped} onMore={onMoreDropped} />
          ) : null}
        </>
      )}
    </div>
  );
}

function FileZone({ hasFile, onFile }: { hasFile: boolean; onFile: (file: File) => void }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer?.files[0];
    if (file) onFile(file);
  };
  return (
    // Dropping is one more way to do what the button does.
    <fieldset
      aria-label="Data file"
      class={isOver ? 'file-zone over' : 'file-zone'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <button type="button" class="quiet" onClick={() => input.current?.click()}>
        {hasFile ? 'Choose another file' : 'Choose a data file'}
      </button>
      <p class="soft">
        or drop it here: JSONL, JSON or CSV, up to 256 MB. Prompts and completions, Alpaca, ShareGPT, chat
        messages and preferences are recognised.
      </p>
      <input
        ref={input}
        type="file"
        class="visually-hidden"
        tabIndex={-1}
        aria-label="File of data"
        accept=".jsonl,.json,.ndjson,.csv,.tsv,.txt"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          // So that choosing the same again is a change again.
          event.currentTarget.value = '';
          if (file) onFile(file);
        }}
      />
    </fieldset>
  );
}

function Found({ dataset }: { dataset: DatasetView }): JSX.Element {
  const facts: [string, string][] = [['Format', dataset.format]];
  if (dataset.mapping !== null)
    facts.push(
      ['Rows', formatInteger(dataset.rows)],
      ['Left out', formatInteger(dataset.dropped)],
      ['Trained by', dataset.kind === 'sft' ? 'SFT' : 'DPO'],
    );
  return (
    <div class="found" role="status">
      <p>
        <span class="file-name">{dataset.name}</span>
        <span class="soft"> {formatBytes(dataset.bytes)}</span>
      </p>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
