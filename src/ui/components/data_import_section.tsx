/** @file The user's own data: a file or a data set of the Hub comes in, and a row of it is shown as the model gets it. */
import type { JSX } from 'preact';
import {
  cancelData,
  dataFailure,
  dataset,
  droppedRows,
  giveDataToken,
  moreDroppedRows,
  reading,
  remap,
  row,
  rowIndex,
  setTrainOn,
  showRow,
  takeDataFile,
  takeHubData,
  textSource,
  trainOn,
} from '../state/dataset.ts';
import { DataImport } from './data_import.tsx';
import { RowPreview } from './row_preview.tsx';
import { Section } from './section.tsx';

export function DataImportSection(): JSX.Element {
  const view = dataset.value;
  return (
    <Section
      id="dataset"
      title="Your data"
      lede="Questions with answers, conversations, or better and worse answers. They stay in this tab; you see how they were understood, and exactly which tokens would be trained."
    >
      <div class="dataset">
        <DataImport
          dataset={view}
          reading={reading.value}
          failure={dataFailure.value}
          dropped={droppedRows.value}
          onFile={takeDataFile}
          onHub={takeHubData}
          onToken={giveDataToken}
          onStop={cancelData}
          onMapping={remap}
          onMoreDropped={moreDroppedRows}
        />
        {view !== null && view.rows > 0 ? (
          <RowPreview
            source={textSource.value}
            row={row.value}
            index={rowIndex.value}
            rows={view.rows}
            kind={view.kind}
            trainOn={trainOn.value}
            onIndex={showRow}
            onTrainOn={setTrainOn}
          />
        ) : null}
      </div>
    </Section>
  );
}
