/** @file Before and after: the summary, the answers, and the adapter to take along. */
import type { JSX } from 'preact';
import type { RunView } from '../../workers/run_view.ts';
import { Comparison } from './comparison.tsx';
import { SaveAdapter } from './save_adapter.tsx';
import { ScoreTable } from './score_table.tsx';
import { Section } from './section.tsx';

export function CompareSection({ view }: { view: RunView | null }): JSX.Element {
  const compared = view !== null && view.questions.some((q) => Object.keys(q.answers).length > 0);
  return (
    <Section
      id="compare"
      title="Before and after"
      lede="The same questions, asked in words that occur nowhere in training. Every fact in an answer is checked against what is true."
    >
      {compared ? (
        <div class="compare-stack">
          {Object.keys(view.scores).length > 0 ? (
            <ScoreTable scores={view.scores} questions={view.questions.length} />
          ) : null}
          {view.saved.includes('adapter') ? <SaveAdapter run={view.run} /> : null}
          <Comparison questions={view.questions} />
        </div>
      ) : (
        <p class="placeholder">
          Here the model’s answers will stand side by side, with what is correct, incorrect and missing in each.
        </p>
      )}
    </Section>
  );
}
