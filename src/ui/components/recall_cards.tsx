/** @file Questions that no world checks: the answer that was hoped for, and what each system said. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { type AnswerRecord, SYSTEMS } from '../../knowtuning/report.ts';
import type { RunView } from '../../workers/run_view.ts';
import { type RecallView, recallView } from '../state/answers.ts';
import { SYSTEM_TITLES } from '../state/systems.ts';
import { CheckIcon, CrossIcon, MissingIcon, QuestionIcon } from './icons.tsx';
import { ShowAll } from './show_all.tsx';

/** Cards shown before one asks for all: a list of facts is shown whole. */
const FIRST = 10;

const SIGN: Readonly<Record<RecallView['sign'], () => JSX.Element>> = {
  correct: CheckIcon,
  missing: MissingIcon,
  incorrect: CrossIcon,
  unverifiable: QuestionIcon,
};

export function RecallCards({ view }: { view: RunView }): JSX.Element {
  const [all, setAll] = useState(false);
  const { test, answers, request } = view;
  const systems = SYSTEMS.filter((system) => answers[system] !== undefined);
  const isFacts = request.data.kind === 'facts';
  const shown = all ? test : test.slice(0, FIRST);
  return (
    <div class="comparison">
      <ol class="cards">
        {shown.map(({ id, question, reference }) => (
          <li key={id} class="sheet card">
            <h3>{question}</h3>
            {reference ? (
              <p class="reference">
                <span>{isFacts ? 'Your fact' : 'Your answer'}</span> {reference}
              </p>
            ) : null}
            <ul class="said-by" aria-label="What each system said">
              {systems.map((system) => (
                <li key={system}>
                  <h4>{SYSTEM_TITLES[system]}</h4>
                  <Said answer={answers[system]!.find((answer) => answer.id === id)} />
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ol>
      <ShowAll first={FIRST} count={test.length} all={all} onChange={setAll} />
    </div>
  );
}

function Said({ answer }: { answer: AnswerRecord | undefined }): JSX.Element {
  if (answer === undefined) return <p class="soft">Not asked yet.</p>;
  const { sign, words } = recallView(answer);
  const Sign = SIGN[sign];
  return (
    <div class={`fact ${sign}`}>
      <Sign />
      <span class="said">{answer.text.trim() === '' ? 'It said nothing.' : answer.text}</span>
      <span class="verdict">
        {words}
        {answer.finish === 'length' ? '; it was cut off' : ''}
      </span>
    </div>
  );
}
