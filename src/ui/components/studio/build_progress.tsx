/** @file How far the writing has come, and what it took. */
import type { JSX } from 'preact';
import type { UsageReport } from '../../../authors/openai/usage.ts';
import { formatInteger } from '../../format.ts';
import type { BuildCourse } from '../../state/studio.ts';

interface BuildProgressProps {
  readonly course: BuildCourse;
  readonly building: boolean;
}

export function BuildProgress({ course, building }: BuildProgressProps): JSX.Element {
  const { done, total, asked, usage, waitsUntil } = course;
  const label = `${formatInteger(done)} of ${formatInteger(total)} ${total === 1 ? 'question' : 'questions'} written`;
  return (
    <div class="build-progress">
      {building ? <progress max={total} value={done} aria-label={label} /> : null}
      <p role="status">
        {label}
        {asked === 0 && done > 0 ? ', all of it remembered' : ''}.
        {building && waitsUntil !== null && waitsUntil > Date.now() ? ' The endpoint asks for a pause.' : ''}
      </p>
      {usage ? <UsageTable usage={usage} /> : null}
    </div>
  );
}

/** Names of what an author does, for people. */
export const OPERATION_TITLES: Readonly<Record<string, string>> = {
  extract: 'Facts taken out',
  rewriteQuestion: 'Questions asked again',
  rewriteAnswer: 'Their answers',
  rephrase: 'Better answers',
  revise: 'Facts made false',
  judge: 'Judgements',
  check: 'Facts checked',
  answer: 'Answers',
};

/** Calls, tokens and, where prices are known, money. */
export function UsageTable({ usage }: { usage: Pick<UsageReport, 'operations' | 'total'> }): JSX.Element {
  const hasCost = usage.total.cost !== null;
  const rows = [
    ...Object.entries(usage.operations).map(
      ([name, each]) => [OPERATION_TITLES[name] ?? name, each] as const,
    ),
    ['In all', usage.total] as const,
  ];
  return (
    <div class="usage">
      <table>
        <thead>
          <tr>
            <th scope="col">Work</th>
            <th scope="col">Calls</th>
            <th scope="col">Tokens in</th>
            <th scope="col">Tokens out</th>
            {hasCost ? <th scope="col">Cost</th> : null}
          </tr>
        </thead>
        <tbody>
          {rows.map(([name, each]) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{formatInteger(each.calls)}</td>
              <td>{formatInteger(each.prompt_tokens)}</td>
              <td>{formatInteger(each.completion_tokens)}</td>
              {hasCost ? <td>{(each.cost ?? 0).toFixed(4)}</td> : null}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
