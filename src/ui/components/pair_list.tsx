/** @file The better answer of a question and the worse ones, with what was done to each marked in it. */
import type { JSX } from 'preact';
import type { Aspect, ComparisonPair, ProjectAtom } from '../../knowtuning/project.ts';
import { WorseText } from './worse_text.tsx';

export const ASPECT_TITLES: Readonly<Record<Aspect, string>> = {
  incomplete: 'Worse: facts left out',
  nonfactual: 'Worse: facts made false',
  illogical: 'Worse: facts out of order',
};

interface PairListProps {
  readonly better: string;
  readonly pairs: readonly ComparisonPair[];
  readonly atoms: readonly ProjectAtom[];
}

export function PairList({ better, pairs, atoms }: PairListProps): JSX.Element {
  return (
    <dl class="pairs">
      <div class="better">
        <dt>Better</dt>
        <dd>{better}</dd>
      </div>
      {pairs.map((pair) => (
        <div key={pair.aspect} class="worse">
          <dt>
            {ASPECT_TITLES[pair.aspect]}
            {pair.excluded ? ' (left out)' : ''}
          </dt>
          <dd>
            <WorseText pair={pair} atoms={atoms} />
          </dd>
        </div>
      ))}
    </dl>
  );
}
