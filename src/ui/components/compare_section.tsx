/** @file Before and after: the summary, the answers, and the adapter to take along. */
import type { JSX } from 'preact';
import type { RunView } from '../../workers/run_view.ts';
import { ADAPTER_CHECKPOINT } from '../../workers/saved_run.ts';
import { runTexts } from '../state/run_texts.ts';
import { Comparison } from './comparison.tsx';
import { RecallCards } from './recall_cards.tsx';
import { RecallTable } from './recall_table.tsx';
import { SaveAdapter } from './save_adapter.tsx';
import { ScoreTable } from './score_table.tsx';
import { Section } from './section.tsx';

export function CompareSection({ view }: { view: RunView }): JSX.Element {
  const isDemo = view.request.data.kind === 'demo';
  const compared = Object.keys(view.answers).length > 0;
  const adapter = view.saved.includes(ADAPTER_CHECKPOINT) ? <SaveAdapter run={view.run} /> : null;
  return (
    <Section id="compare" title="Before and after" lede={runTexts(view.request).compareLede}>
      {compared ? (
        <div class="compare-stack">
          {isDemo ? (
            <ScoreTable answers={view.answers} questions={view.test.length} />
          ) : (
            <RecallTable view={view} />
          )}
          {adapter}
          {isDemo ? <Comparison test={view.test} answers={view.answers} /> : <RecallCards view={view} />}
        </div>
      ) : (
        <div class="compare-stack">
          <p class="placeholder">{nothingYet(view)}</p>
          {adapter}
        </div>
      )}
    </Section>
  );
}

function nothingYet({ status, request, report }: RunView): string {
  if (report !== null)
    return 'No question was held out, so there is nothing to compare. Keep a share of them out of training to see whether it helps.';
  if (status !== 'running' && status !== 'stopping') return 'The run ended before any question was asked.';
  return request.data.kind === 'demo'
    ? 'Here the model’s answers will stand side by side, with what is correct, incorrect and missing in each.'
    : 'Here the answers of the models will stand side by side, beside the one that was hoped for.';
}
