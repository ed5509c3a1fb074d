/** @file An answer, sentence by sentence, each marked by sign, word and colour; then what is missing. */
import type { JSX } from 'preact';
import type { FactView } from '../state/answers.ts';
import { CheckIcon, CrossIcon, MissingIcon, QuestionIcon } from './icons.tsx';

const SIGN: Readonly<Record<FactView['verdict'], () => JSX.Element>> = {
  correct: CheckIcon,
  incorrect: CrossIcon,
  missing: MissingIcon,
  unverifiable: QuestionIcon,
};

export const VERDICT_WORD: Readonly<Record<FactView['verdict'], string>> = {
  correct: 'Correct',
  incorrect: 'Incorrect',
  missing: 'Missing',
  unverifiable: 'Cannot be checked',
};

export function FactList({ facts, label }: { facts: readonly FactView[]; label: string }): JSX.Element {
  return (
    <ul class="facts" aria-label={label}>
      {facts.map((fact, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: facts have no identity of their own, and never move.
        <Fact key={i} fact={fact} />
      ))}
    </ul>
  );
}

function Fact({ fact }: { fact: FactView }): JSX.Element {
  const Sign = SIGN[fact.verdict];
  return (
    <li class={`fact ${fact.verdict}`}>
      <Sign />
      <span class="said">{fact.text}</span>
      <span class="verdict">
        {VERDICT_WORD[fact.verdict]}
        {fact.note === null ? '' : `: ${fact.note}`}
      </span>
    </li>
  );
}

/** What the signs mean. */
export function Legend(): JSX.Element {
  return (
    <ul class="legend-facts" aria-label="Signs">
      {(['correct', 'incorrect', 'missing'] as const).map((verdict) => {
        const Sign = SIGN[verdict];
        return (
          <li key={verdict} class={verdict}>
            <Sign />
            {VERDICT_WORD[verdict]}
          </li>
        );
      })}
    </ul>
  );
}
