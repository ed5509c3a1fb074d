/** @file Before and after: the summary, the answers, and the adapter to take along. */
import type { JSX } from 'preact';
import type { RunView } from '../../workers/run_view.ts';
import { ADAPTER_CHECKPOINT } from '../../workers/saved_run.ts';
import { Comparison } from './comparison.tsx';
import { SaveAdapter } from './save_adapter.tsx';
import { ScoreTable } from './score_table.tsx';
import { Section } from './section.tsx';

export function CompareSection({ view }: { view: RunView | null }): JSX.Element {
  const compared = view !== null && Object.keys(view.answers).length > 0;
  return (
    <Section
      id="compare"
      title="Before and after"
      lede="The same questions, in phrasings that training never uses. Every sentence of an answer is checked against what is true."
    >
      {compared ? (
        <div class="compare-stack">
          <ScoreTable answers={view.answers} questions={view.test.length} />
          {view.saved.includes(ADAPTER_CHECKPOINT) ? <SaveAdapter run={view.run} /> : null}
          <Comparison test={view.test} answers={view.answers} />
        </div>
      ) : (
        <p class="placeholder">
          Here the model’s answers will stand side by side, with what is correct, incorrect and missing in
          each.
        </p>
      )}
    </Section>
  );
}
