/** @file A worse answer with what was done to it marked: words that were changed, facts left out, facts moved. */
import { diffWords } from 'diff';
import type { JSX } from 'preact';
import type { ComparisonPair, ProjectAtom } from '../../knowtuning/project.ts';

interface WorseTextProps {
  readonly pair: ComparisonPair;
  readonly atoms: readonly ProjectAtom[];
}

export function WorseText({ pair, atoms }: WorseTextProps): JSX.Element {
  const used = atoms.flatMap(({ text, supported, excluded }, index) =>
    supported && !excluded ? [{ text, index }] : [],
  );
  const kept = used.filter(({ index }) => !pair.changed.includes(index));
  switch (pair.aspect) {
    case 'incomplete':
      // By hand it may say anything: then there is nothing to mark.
      if (kept.map(({ text }) => text).join(' ') !== pair.worse) return <>{pair.worse}</>;
      return (
        <>
          {used.map(({ text, index }) =>
            pair.changed.includes(index) ? <del key={index}>{text} </del> : `${text} `,
          )}
        </>
      );
    case 'nonfactual':
      return <Changed from={used.map(({ text }) => text).join(' ')} to={pair.worse} />;
    case 'illogical':
      return <Moved atoms={used.map(({ text }) => text)} worse={pair.worse} />;
  }
}

/** Words that were put in place of others. */
function Changed({ from, to }: { from: string; to: string }): JSX.Element {
  return (
    <>
      {diffWords(from, to).map(({ value, added, removed }, i) => {
        if (added) return <mark key={i}>{value}</mark>;
        return removed ? <del key={i}>{value}</del> : value;
      })}
    </>
  );
}

/** Facts with the number that they have in the answer; the plain text where they cannot be told apart in it. */
function Moved({ atoms, worse }: { atoms: readonly string[]; worse: string }): JSX.Element {
  const found = atoms.map((text, i) => ({ text, number: i + 1, at: worse.indexOf(text) }));
  const inOrder = [...found].sort((a, b) => a.at - b.at);
  if (inOrder.map(({ text }) => text).join(' ') !== worse) return <>{worse}</>;
  return (
    <>
      {inOrder.map(({ text, number }, i) => (
        <span key={number} class={number === i + 1 ? 'in-place' : 'moved'}>
          <span class="fact-number" title={`Fact ${number} of the answer`}>
            {number}
          </span>
          {text}{' '}
        </span>
      ))}
    </>
  );
}
