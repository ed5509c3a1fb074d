/** @file Data on their way in: a file or a data set of the Hub, read with its progress, and what was found in it. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DataSource } from '../../formats/data_source.ts';
import type { DroppedRow } from '../../formats/dataset.ts';
import type { Mapping } from '../../formats/dataset_mapping.ts';
import { CONVERTED_REVISION } from '../../store/hub_dataset_id.ts';
import type { DatasetView } from '../../workers/text_protocol.ts';
import { formatBytes, formatInteger } from '../format.ts';
import type { DataFailure, Reading } from '../state/dataset.ts';
import { DataHub } from './data_hub.tsx';
import { DroppedRows } from './data_import_dropped.tsx';
import { DataMapping } from './data_import_mapping.tsx';
import { FileButton } from './file_button.tsx';
import { FailureNotice } from './notice.tsx';

interface DataImportProps {
  readonly dataset: DatasetView | null;
  readonly reading: Reading | null;
  readonly failure: DataFailure | null;
  readonly dropped: readonly DroppedRow[];
  readonly onFile: (file: File) => void;
  readonly onHub: (name: string) => void;
  readonly onToken: (token: string) => Promise<void>;
  readonly onStop: () => void;
  readonly onMapping: (mapping: Mapping) => void;
  readonly onMoreDropped: () => void;
}

export function DataImport(props: DataImportProps): JSX.Element {
  const { dataset, reading, failure, dropped, onFile, onHub, onToken, onStop, onMapping, onMoreDropped } =
    props;
  const hubFailure = failure?.isHub ? failure : null;
  return (
    <div class="sheet import">
      <div class="import-ways">
        <FileZone hasFile={dataset !== null} onFile={onFile} />
        <DataHub isBusy={reading?.isHub ?? false} failure={hubFailure} onName={onHub} onToken={onToken} />
      </div>
      {reading === null ? null : <Progress reading={reading} onStop={onStop} />}
      {failure === null || hubFailure ? null : <FailureNotice failure={failure.failure} />}
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

/** How far the data are; what comes from the Hub can be stopped. */
function Progress({ reading, onStop }: { reading: Reading; onStop: () => void }): JSX.Element {
  const { name, isHub, state, done, bytes } = reading;
  return (
    <div class="reading">
      <p id="reading-file">
        {STATES[state]} <span class="file-name">{name}</span>
      </p>
      <progress
        value={bytes > 0 ? done : undefined}
        max={bytes > 0 ? bytes : undefined}
        aria-labelledby="reading-file"
      />
      {isHub ? (
        <p class="number">
          <span>{bytes > 0 ? `${formatBytes(done)} of ${formatBytes(bytes)}` : 'Which files it has'}</span>
          <button type="button" class="quiet small" onClick={onStop} aria-disabled={state === 'stopping'}>
            Stop
          </button>
        </p>
      ) : null}
    </div>
  );
}

const STATES: Readonly<Record<Reading['state'], string>> = {
  asking: 'Asking the Hub for',
  downloading: 'Downloading',
  waiting: 'The connection failed; trying again for',
  reading: 'Reading',
  stopping: 'Stopping',
};

function FileZone({ hasFile, onFile }: { hasFile: boolean; onFile: (file: File) => void }): JSX.Element {
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
      <FileButton
        label={hasFile ? 'Choose another file' : 'Choose a data file'}
        what="File of data"
        accept=".jsonl,.json,.ndjson,.csv,.tsv,.txt,.parquet"
        onFile={onFile}
      />
      <p class="soft">
        or drop it here: JSONL, JSON, CSV or Parquet, up to 256 MB. Prompts and completions, Alpaca, ShareGPT,
        chat messages and preferences are recognised.
      </p>
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
  const { source } = dataset;
  if (source) facts.push(['Licence', source.licence ?? 'none named']);
  return (
    <div class="found" role="status">
      <p>
        <span class="file-name">{dataset.name}</span>
        <span class="soft"> {formatBytes(dataset.bytes)}</span>
        {source === null ? null : <span class="soft origin">{originText(source)}</span>}
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

/** Which part and version of a data set it is, or which data set a file is. */
function originText({ name, hub }: DataSource): string {
  if (!hub) return `This is ${name}.`;
  const { config, split, partial, revision, commit } = hub;
  const from = revision === CONVERTED_REVISION ? ', as the Hub converted it' : '';
  const part = partial ? 'the beginning of split' : 'split';
  return `Configuration ${config}, ${part} ${split}, at commit ${commit.slice(0, 12)}${from}.`;
}
