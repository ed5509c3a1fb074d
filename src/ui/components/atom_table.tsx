/** @file The facts of an answer with their perplexity, before and after training. */
import type { JSX } from 'preact';
import type { ProjectAtom } from '../../knowtuning/project.ts';
import { formatValue } from '../format.ts';

export function AtomTable({ atoms }: { atoms: readonly ProjectAtom[] }): JSX.Element {
  const highest = Math.max(1, ...atoms.flatMap((atom) => [atom.perplexity ?? 1, atom.perplexityAfter ?? 1]));
  const after = atoms.some((atom) => atom.perplexityAfter !== null);
  return (
    <section class="atoms">
      <h3>Its facts, and how much each surprises the model</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">Fact</th>
            <th scope="col">After plain fine-tuning</th>
            {after ? <th scope="col">After KnowTuning</th> : null}
            <th scope="col">Chosen</th>
          </tr>
        </thead>
        <tbody>
          {atoms.map((atom) => (
            <tr key={atom.text} class={atom.difficult ? 'difficult' : ''}>
              <th scope="row">{atom.text}</th>
              <td>
                <Perplexity value={atom.perplexity} highest={highest} />
              </td>
              {after ? (
                <td>
                  <Perplexity value={atom.perplexityAfter} highest={highest} />
                </td>
              ) : null}
              <td class="tag">{tag(atom)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <p class="soft">
        The figures are perplexities: 1 is no surprise at all. Bars are logarithmic. The facts with the
        highest count as difficult.
      </p>
    </section>
  );
}

function tag({ difficult, supported, excluded }: ProjectAtom): string {
  if (excluded) return 'Left out';
  if (supported === false) return 'Not in the answer';
  return difficult ? 'Difficult' : '';
}

/** Perplexity starts at 1 and spans orders of magnitude, so the bar shows its logarithm. */
export function Perplexity({ value, highest }: { value: number | null; highest: number }): JSX.Element {
  if (value === null) return <>–</>;
  const share = highest > 1 ? Math.log(Math.max(1, value)) / Math.log(highest) : 0;
  return (
    <span class="perplexity">
      <span class="bar" aria-hidden="true">
        <span style={{ width: `${share * 100}%` }} />
      </span>
      <span class="number">{formatValue(value)}</span>
    </span>
  );
}
