/** @file What the method made of the questions: facts with their perplexity, the rewritten question, the pairs. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { formatValue } from '../format.ts';
import type { AtomView, ConstructionView, WorseView } from '../../workers/run_view.ts';

export function DataExplorer({ constructions }: { constructions: readonly ConstructionView[] }): JSX.Element {
  const [index, setIndex] = useState(0);
  const shown = constructions[Math.min(index, constructions.length - 1)]!;
  const step = (by: number) => setIndex((index + by + constructions.length) % constructions.length);
  return (
    <div class="sheet explorer">
      <div class="explorer-bar">
        <label>
          <span class="eyebrow">Training question</span>
          <select value={index} onChange={(event) => setIndex(Number(event.currentTarget.value))}>
            {constructions.map((c, i) => (
              <option key={c.question} value={i}>
                {i + 1}. {c.question}
              </option>
            ))}
          </select>
        </label>
        <div class="pager">
          <button type="button" class="quiet small" onClick={() => step(-1)}>
            Previous
          </button>
          <button type="button" class="quiet small" onClick={() => step(1)}>
            Next
          </button>
        </div>
      </div>
      <Atoms atoms={shown.atoms} />
      <div class="made">
        {shown.fineGrained ? (
          <section>
            <h3>Asked again, about the difficult facts</h3>
            <p class="asked">{shown.fineGrained.question}</p>
            <p class="answered">{shown.fineGrained.answer}</p>
          </section>
        ) : null}
        {shown.better !== null ? (
          <section>
            <h3>The better answer, and what it is compared with</h3>
            <dl class="pairs">
              <div class="better">
                <dt>Better</dt>
                <dd>{shown.better}</dd>
              </div>
              {shown.worse.map((worse) => (
                <div key={worse.aspect} class="worse">
                  <dt>{ASPECT[worse.aspect]}</dt>
                  <dd>{worse.text}</dd>
                </div>
              ))}
            </dl>
          </section>
        ) : null}
      </div>
    </div>
  );
}

const ASPECT: Readonly<Record<WorseView['aspect'], string>> = {
  incomplete: 'Worse: facts left out',
  nonfactual: 'Worse: facts made false',
  illogical: 'Worse: facts out of order',
};

function Atoms({ atoms }: { atoms: readonly AtomView[] }): JSX.Element {
  const highest = Math.max(1, ...atoms.map((a) => a.perplexity ?? 0));
  // Perplexity starts at 1 and spans orders of magnitude: bars show its logarithm.
  const width = (perplexity: number) => `${(Math.log(Math.max(1, perplexity)) / Math.log(highest + 1e-9 || 1)) * 100 || 0}%`;
  return (
    <section class="atoms">
      <h3>Facts, by how much they surprise the model</h3>
      <ul>
        {atoms.map((atom) => (
          <li key={atom.text} class={atom.difficult ? 'atom difficult' : 'atom'}>
            <span class="said">{atom.text}</span>
            <span class="bar" aria-hidden="true">
              {atom.perplexity === null ? null : <span style={{ width: width(atom.perplexity) }} />}
            </span>
            <span class="number">
              {atom.perplexity === null ? '–' : formatValue(atom.perplexity)}
              <span class="visually-hidden"> perplexity</span>
            </span>
            <span class="tag">{atom.difficult ? 'Difficult' : ''}</span>
          </li>
        ))}
      </ul>
      <p class="soft">
        Bars show perplexity, on a logarithmic scale. The harder half of each answer’s facts counts as difficult.
      </p>
    </section>
  );
}
