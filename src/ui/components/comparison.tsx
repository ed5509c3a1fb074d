/** @file Before and after, question by question. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type AnswerView, type QuestionView, SYSTEM_LABEL, SYSTEMS, type System } from '../../workers/run_view.ts';
import { FactList, Legend } from './fact_list.tsx';

/** Cards shown before one asks for all. */
const FIRST = 6;

export function Comparison({ questions }: { questions: readonly QuestionView[] }): JSX.Element {
  const present = SYSTEMS.filter((system) => questions.some((q) => q.answers[system]));
  const [before, setBefore] = useState<System>('base');
  const [all, setAll] = useState(false);
  const after = present.at(-1)!;
  const shown = all ? questions : questions.slice(0, FIRST);
  return (
    <div class="comparison">
      <div class="comparison-bar">
        <label>
          Before:{' '}
          <select value={before} onChange={(event) => setBefore(event.currentTarget.value as System)}>
            {present
              .filter((system) => system !== after)
              .map((system) => (
                <option key={system} value={system}>
                  {SYSTEM_LABEL[system]}
                </option>
              ))}
          </select>
        </label>
        <span>
          After: <strong>{SYSTEM_LABEL[after]}</strong>
        </span>
        <Legend />
      </div>
      <ol class="cards">
        {shown.map((question) => (
          <li key={question.question} class="sheet card">
            <h3>{question.question}</h3>
            <div class="pair">
              <Answer heading="Before" answer={question.answers[before]} />
              <Answer heading="After" answer={question.answers[after]} />
            </div>
          </li>
        ))}
      </ol>
      {questions.length > FIRST ? (
        <button type="button" class="quiet" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? `Show the first ${FIRST}` : `Show all ${questions.length} questions`}
        </button>
      ) : null}
    </div>
  );
}

function Answer({ heading, answer }: { heading: string; answer: AnswerView | undefined }): JSX.Element {
  return (
    <section class="answer" aria-label={heading}>
      <h4>{heading}</h4>
      {answer === undefined ? (
        <p class="soft">Not answered yet.</p>
      ) : (
        <>
          {answer.text.trim() === '' ? <p class="soft">It said nothing.</p> : null}
          <FactList facts={answer.facts} label={`Answer ${heading.toLowerCase()}`} />
        </>
      )}
    </section>
  );
}
