/** @file Facts correct, incorrect and missing for each system, over all test questions. */
import type { JSX } from 'preact';
import { formatShare } from '../format.ts';
import { type RunView, SYSTEM_LABEL, SYSTEMS } from '../../workers/run_view.ts';

export function ScoreTable({ scores, questions }: { scores: RunView['scores']; questions: number }): JSX.Element {
  const rows = SYSTEMS.filter((system) => scores[system] !== undefined);
  return (
    <div class="sheet scores">
      <div class="scroll" tabIndex={0} role="region" aria-label="Summary of all systems">
        <table>
          <caption>Facts in the answers to {questions} test questions</caption>
          <thead>
            <tr>
              <th scope="col">System</th>
              <th scope="col">Correct</th>
              <th scope="col">Incorrect</th>
              <th scope="col">Missing</th>
              <th scope="col">Recall</th>
              <th scope="col">Precision</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((system) => {
              const score = scores[system]!;
              return (
                <tr key={system}>
                  <th scope="row">{SYSTEM_LABEL[system]}</th>
                  <td>{score.correct}</td>
                  <td>{score.incorrect}</td>
                  <td>{score.missing}</td>
                  <td>
                    <Share value={score.recall} />
                  </td>
                  <td>
                    <Share value={score.precision} />
                  </td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
      <p class="soft caution">
        One seed on {questions} questions proves nothing about the method: it shows how it works. Recall is the share of
        facts asked for that the answers hold, precision the share of facts stated that are true.
      </p>
    </div>
  );
}

function Share({ value }: { value: number }): JSX.Element {
  return (
    <span class="share">
      <span class="bar" aria-hidden="true">
        <span style={{ width: `${value * 100}%` }} />
      </span>
      <span class="number">{formatShare(value)}</span>
    </span>
  );
}
