/** @file Before and after, question by question. */
import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { type AnswerRecord, SYSTEMS, type SystemName } from '../../knowtuning/report.ts';
import type { RunView, TestView } from '../../workers/run_view.ts';
import { factViews } from '../state/answers.ts';
import { SYSTEM_TITLES } from '../state/systems.ts';
import { FactList, Legend } from './fact_list.tsx';
import { ShowAll } from './show_all.tsx';

/** Cards shown before one asks for all. */
const FIRST = 6;

export function Comparison({
  test,
  answers,
}: {
  test: readonly TestView[];
  answers: RunView['answers'];
}): JSX.Element {
  const [before, setBefore] = useState<SystemName>('base');
  const [all, setAll] = useState(false);
  const present = SYSTEMS.filter((system) => answers[system] !== undefined);
  const after = present.at(-1)!;
  const earlier = present.filter((system) => system !== after);
  const given = useMemo(
    () =>
      new Map(present.map((system) => [system, new Map(answers[system]!.map((a) => [a.id, a]))] as const)),
    [answers, present.length],
  );
  const shown = all ? test : test.slice(0, FIRST);
  return (
    <div class="comparison">
      <div class="comparison-bar">
        {earlier.length > 0 ? (
          <>
            <label>
              Before:{' '}
              <select value={before} onChange={(event) => setBefore(event.currentTarget.value as SystemName)}>
                {earlier.map((system) => (
                  <option key={system} value={system}>
                    {SYSTEM_TITLES[system]}
                  </option>
                ))}
              </select>
            </label>
            <span>
              After: <strong>{SYSTEM_TITLES[after]}</strong>
            </span>
          </>
        ) : (
          <span>{SYSTEM_TITLES[after]}, before any training</span>
        )}
        <Legend />
      </div>
      <ol class="cards">
        {shown.map((question) => (
          <li key={question.id} class="sheet card">
            <h3>{question.question}</h3>
            <div class={earlier.length > 0 ? 'pair' : 'alone'}>
              <Answer
                heading="Before"
                answer={given.get(earlier.length > 0 ? before : after)?.get(question.id)}
                test={question}
              />
              {earlier.length > 0 ? (
                <Answer heading="After" answer={given.get(after)?.get(question.id)} test={question} />
              ) : null}
            </div>
          </li>
        ))}
      </ol>
      <ShowAll first={FIRST} count={test.length} all={all} onChange={setAll} />
    </div>
  );
}

interface AnswerProps {
  readonly heading: string;
  readonly answer: AnswerRecord | undefined;
  readonly test: TestView;
}

function Answer({ heading, answer, test }: AnswerProps): JSX.Element {
  return (
    <div class="answer">
      <h4>{heading}</h4>
      {answer === undefined ? (
        <p class="soft">Not asked yet.</p>
      ) : (
        <>
          {answer.text.trim() === '' ? <p class="soft">It said nothing.</p> : null}
          <FactList facts={factViews(answer, test)} label={`Answer ${heading.toLowerCase()}`} />
        </>
      )}
    </div>
  );
}
