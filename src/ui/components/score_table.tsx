/** @file Facts correct, incorrect and missing for each system, over all test questions, as far as they are answered. */
import type { JSX } from 'preact';
import { totalChecks } from '../../evaluate/facts.ts';
import { SYSTEMS, type SystemName } from '../../knowtuning/report.ts';
import type { RunView } from '../../workers/run_view.ts';
import { SYSTEM_TITLES } from '../state/systems.ts';
import { Share } from './share.tsx';

export function ScoreTable({
  answers,
  questions,
}: {
  answers: RunView['answers'];
  questions: number;
}): JSX.Element {
  const rows = SYSTEMS.filter((system) => answers[system] !== undefined);
  return (
    <div class="sheet scores">
      <h3 id="scores-title">Facts in the answers to {questions} test questions</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section class="scroll" tabIndex={0} aria-label="Summary of all systems">
        <table aria-labelledby="scores-title">
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
            {rows.map((system) => (
              <ScoreRow key={system} system={system} answers={answers} />
            ))}
          </tbody>
        </table>
      </section>
      <p class="soft caution">
        One seed on {questions} questions proves nothing: it shows that the method runs, not whether it helps.
        Recall is the share of facts asked for that an answer holds, precision the share of its statements
        that are true; both are means over questions.
      </p>
    </div>
  );
}

function ScoreRow({ system, answers }: { system: SystemName; answers: RunView['answers'] }): JSX.Element {
  const totals = totalChecks((answers[system] ?? []).flatMap((answer) => answer.check ?? []));
  return (
    <tr>
      <th scope="row">{SYSTEM_TITLES[system]}</th>
      <td>{totals.correct}</td>
      <td>{totals.incorrect}</td>
      <td>{totals.missing}</td>
      <td>
        <Share value={totals.recall} />
      </td>
      <td>
        <Share value={totals.precision} />
      </td>
    </tr>
  );
}
