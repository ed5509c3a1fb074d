/** @file What the method made of the questions: facts with their perplexity, the rewritten question, the pairs. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ProjectQuestion } from '../../knowtuning/project.ts';
import { AtomTable } from './atom_table.tsx';
import { PairList } from './pair_list.tsx';

export function DataExplorer({ project }: { project: readonly ProjectQuestion[] }): JSX.Element {
  const [index, setIndex] = useState(0);
  const shown = project[Math.min(index, project.length - 1)]!;
  const step = (by: number) => setIndex((index + by + project.length) % project.length);
  return (
    <div class="sheet explorer">
      <div class="explorer-bar">
        <label>
          <span class="eyebrow">Training question</span>
          <select value={index} onChange={(event) => setIndex(Number(event.currentTarget.value))}>
            {project.map((question, i) => (
              <option key={question.id} value={i}>
                {i + 1}. {question.question}
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
      <AtomTable atoms={shown.atoms} />
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
            <PairList better={shown.better} pairs={shown.pairs} atoms={shown.atoms} />
          </section>
        ) : null}
      </div>
      {shown.problems.length > 0 ? (
        <details>
          <summary>What could not be done for this question ({shown.problems.length})</summary>
          <ul class="soft">
            {shown.problems.map(({ operation, reason }) => (
              <li key={operation + reason}>
                {operation}: {reason}
              </li>
            ))}
          </ul>
        </details>
      ) : null}
    </div>
  );
}
