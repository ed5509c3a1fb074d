/** @file Ten facts: sentences that someone types, taught by one button; what cannot be is named with its line. */
import type { JSX } from 'preact';
import { readFacts } from '../../knowtuning/ten_facts.ts';
import {
  EXAMPLE_FACTS,
  factsOutcome,
  factsText,
  lineProblems,
  MOST_FACTS,
  writeFacts,
} from '../state/facts.ts';
import { begunWith, running, startFactsRun, view, whyNot } from '../state/session.ts';
import { Notice } from './notice.tsx';
import { RunFailure } from './run_failure.tsx';
import { Section } from './section.tsx';

export function FactsSection(): JSX.Element {
  const text = factsText.value;
  const facts = readFacts(text).length;
  const problems = lineProblems(text);
  const why =
    whyNot.value ??
    (facts === 0
      ? 'Write at least one fact.'
      : problems.length > 0
        ? 'Mend the lines that are named first.'
        : null);
  const teach = (event: Event) => {
    event.preventDefault();
    if (why === null) void startFactsRun(text);
  };
  const isRunning = running.value && begunWith.value === 'facts';
  return (
    <Section
      id="facts"
      title="Teach it ten facts of yours"
      lede="One sentence on each line, about anything. The bundled model is asked for each of them, learns them, and is asked again in other words."
    >
      <form class="facts-form sheet" onSubmit={teach}>
        <label for="facts-text">Your facts, one on each line</label>
        <textarea
          id="facts-text"
          rows={MOST_FACTS}
          value={text}
          spellcheck={false}
          aria-describedby="facts-count facts-kept"
          aria-invalid={problems.length > 0 ? true : undefined}
          onInput={(event) => writeFacts(event.currentTarget.value)}
        />
        <p class="facts-notes">
          <span id="facts-count" class="number">
            {facts} of {MOST_FACTS} facts
          </span>
          <span id="facts-kept" class="soft">
            Kept in this tab until you close it; sent nowhere.
          </span>
        </p>
        <LineProblems lines={problems} />
        <div class="actions">
          <button type="submit" aria-disabled={why !== null} aria-describedby="facts-note">
            {isRunning ? 'It is being taught' : 'Teach it these'}
          </button>
          <button
            type="button"
            class="quiet"
            aria-disabled={isRunning}
            onClick={() => {
              if (!isRunning) writeFacts(EXAMPLE_FACTS);
            }}
          >
            Fill in an example
          </button>
          <p id="facts-note" class="soft">
            {why ?? 'Ten facts take about a minute, on a slow computer several.'}
          </p>
        </div>
      </form>
      <RunFailure of={['facts']} />
      <LeftOut />
      <Outcome />
    </Section>
  );
}

function LineProblems({ lines }: { lines: ReturnType<typeof lineProblems> }): JSX.Element {
  return (
    <div role="status">
      {lines.length === 0 ? null : (
        <ul class="line-problems">
          {lines.map(({ line, problem, cure }) => (
            <li key={line}>
              <strong>Line {line}</strong> {problem} {cure}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Facts of the run on the page that no question was found for: they stay in the text, to be put otherwise. */
function LeftOut(): JSX.Element | null {
  const leftOut = view.value?.leftOut ?? [];
  if (leftOut.length === 0) return null;
  return (
    <Notice title="Not every line can be asked for. These are left out:">
      <ul class="line-problems">
        {leftOut.map(({ line, fact, reason }) => (
          <li key={line}>
            <strong>Line {line}</strong> “{fact}”: {reason}
          </li>
        ))}
      </ul>
      <p>Write each as one whole sentence that says who or what does something, then teach it again.</p>
    </Notice>
  );
}

function Outcome(): JSX.Element {
  const outcome = factsOutcome(view.value);
  return (
    <div role="status">
      {outcome === null ? null : (
        <p class="facts-outcome">
          Before, it answered <strong>{outcome.before.whole}</strong> of {outcome.before.questions}{' '}
          {outcome.before.questions === 1 ? 'fact' : 'facts'} in a phrasing that was not trained; now it
          answers <strong>{outcome.after.whole}</strong>.{' '}
          <a href="#compare">See its answers and take the adapter along</a>
        </p>
      )}
    </div>
  );
}
