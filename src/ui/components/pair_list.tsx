/** @file The better answer of a question and the worse ones, with what was done to each marked in it. */
import type { JSX } from 'preact';
import { splitSentences } from '../../authors/statements.ts';
import type { Aspect, ComparisonPair, ProjectAtom } from '../../knowtuning/project.ts';

const ASPECT_TITLES: Readonly<Record<Aspect, string>> = {
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
            <Worse pair={pair} atoms={atoms} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Worse({ pair, atoms }: { pair: ComparisonPair; atoms: readonly ProjectAtom[] }): JSX.Element {
  const told = atoms.flatMap((atom, i) =>
    atom.supported && !atom.excluded ? [{ text: atom.text, isDeleted: pair.changed.includes(i) }] : [],
  );
  // Where a person wrote the worse answer, the facts no longer make it.
  const isMadeOf = told.flatMap(({ text, isDeleted }) => (isDeleted ? [] : text)).join(' ') === pair.worse;
  if (pair.aspect === 'incomplete' && isMadeOf)
    return <>{told.map(({ text, isDeleted }) => (isDeleted ? <del key={text}>{text} </del> : `${text} `))}</>;
  const sentences = splitSentences(pair.worse);
  // An atom that holds several sentences hides which is which: then the text stands unmarked.
  if (pair.aspect === 'nonfactual' && sentences.length === atoms.length)
    return (
      <>
        {sentences.map((sentence, i) =>
          pair.changed.includes(i) ? <mark key={sentence.start}>{sentence.text} </mark> : `${sentence.text} `,
        )}
      </>
    );
  return <>{pair.worse}</>;
}
