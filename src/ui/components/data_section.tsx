/** @file A look at the data that the method built. */
import type { JSX } from 'preact';
import type { RunView } from '../../workers/run_view.ts';
import { DataExplorer } from './data_explorer.tsx';
import { Section } from './section.tsx';

export function DataSection({ view }: { view: RunView | null }): JSX.Element {
  return (
    <Section
      id="data"
      title="The data it built"
      lede="Each answer is taken apart into single facts. Those that surprise the model most are asked about again, and each answer gets a better wording and up to three that are worse in a known way."
    >
      {view !== null && view.project.length > 0 ? (
        <DataExplorer project={view.project} />
      ) : (
        <p class="placeholder">
          The facts of each training question appear here as soon as they have been measured.
        </p>
      )}
    </Section>
  );
}
