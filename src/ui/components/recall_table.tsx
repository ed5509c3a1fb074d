/** @file What each system recalls of answers that no world checks: key words, and whole answers; and what that is worth. */
import type { JSX } from 'preact';
import { heldOutRecall, heldOutVerdict } from '../../knowtuning/held_out.ts';
import { oneSeedNote, SYSTEMS } from '../../knowtuning/report.ts';
import type { RunView } from '../../workers/run_view.ts';
import { SYSTEM_TITLES } from '../state/systems.ts';
import { Share } from './share.tsx';

export function RecallTable({ view }: { view: RunView }): JSX.Element {
  const { answers, test, request } = view;
  const rows = SYSTEMS.flatMap((system) => {
    const given = answers[system];
    return given ? [{ system, label: SYSTEM_TITLES[system], ...heldOutRecall(given) }] : [];
  });
  const isFacts = request.data.kind === 'facts';
  const verdict = view.report === null ? null : heldOutVerdict(rows);
  return (
    <div class="sheet scores">
      <h3 id="scores-title">
        {isFacts
          ? `${count(test.length, 'fact')}, asked for in other words`
          : `Answers to ${count(test.length, 'question')} that training has not seen`}
      </h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard. */}
      <section class="scroll" tabIndex={0} aria-label="Summary of all systems">
        <table aria-labelledby="scores-title">
          <thead>
            <tr>
              <th scope="col">System</th>
              <th scope="col">{isFacts ? 'Facts it answers' : 'Whole answers'}</th>
              <th scope="col">Key words</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ system, label, heldOut }) => (
              <tr key={system}>
                <th scope="row">{label}</th>
                <td>{heldOut ? `${heldOut.whole} of ${heldOut.questions}` : '–'}</td>
                <td>
                  <Share value={heldOut?.recall ?? null} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {verdict === null ? null : <p class="verdict-line">{verdict}</p>}
      <p class="soft caution">
        {oneSeedNote(test.length)} Key words are the numbers, names and content words of{' '}
        {isFacts ? 'the fact' : 'your answer'} that the question does not give away. They are a rough measure:
        another word for the same thing counts as missing, order is not looked at, and what is false beside
        them is not seen.{' '}
        {isFacts
          ? 'Only the frame of a question differs from those that were trained, such as “Please tell me” and “Could you describe”.'
          : null}
      </p>
    </div>
  );
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
