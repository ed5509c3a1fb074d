/** @file The review: what is looked for, the list of questions, and the one that is chosen with all that was made of it. */
import type { JSX } from 'preact';
import { ASPECTS, type Aspect } from '../../../knowtuning/project.ts';
import { ROW_MARKS, type RowMark, type StudioView } from '../../../workers/studio_protocol.ts';
import { formatInteger } from '../../format.ts';
import { chosenRow, filter, matches, NO_FILTER, redo, setFilter, undo } from '../../state/studio_rows.ts';
import { findingTitle } from './audit_panel.tsx';
import { SEARCH_ID } from './focus.ts';
import { RowDetail } from './row_detail.tsx';
import { RowTable } from './row_table.tsx';

const MARK_TITLES: Readonly<Record<RowMark, string>> = {
  findings: 'Found by the audit',
  problems: 'Something could not be done',
  unsupported: 'Facts that are not in the answer',
  excluded: 'Something was left out',
  edited: 'Written by hand',
  unwritten: 'To be written',
};

export const ASPECT_NAMES: Readonly<Record<Aspect, string>> = {
  incomplete: 'Incomplete',
  nonfactual: 'Not factual',
  illogical: 'Not logical',
};

export function Review({ view }: { view: StudioView }): JSX.Element {
  const row = chosenRow.value;
  return (
    <fieldset
      class="sheet review"
      aria-label="Review"
      onKeyDown={(event) => {
        if (!(event.ctrlKey || event.metaKey) || isField(event.target)) return;
        const key = event.key.toLowerCase();
        if (key !== 'z' && key !== 'y') return;
        event.preventDefault();
        void (key === 'y' || event.shiftKey ? redo() : undo());
      }}
    >
      <Toolbar view={view} />
      <div class="review-panes">
        <RowTable measured={view.counts.measured > 0} />
        {row === null ? (
          <p class="soft detail-empty">
            {matches.value === 0 ? 'No question is like this.' : 'Choose a question.'}
          </p>
        ) : (
          <RowDetail key={row.question.id} row={row} />
        )}
      </div>
      <Keys />
    </fieldset>
  );
}

/** Where keys write text, and mean nothing else. */
export function isField(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.matches('input, textarea, select');
}

function Toolbar({ view }: { view: StudioView }): JSX.Element {
  const looked = filter.value;
  const isFiltered = looked !== NO_FILTER && JSON.stringify(looked) !== JSON.stringify(NO_FILTER);
  return (
    <div class="review-bar">
      <label class="search">
        <span class="visually-hidden">Search in questions, answers and facts</span>
        <input
          id={SEARCH_ID}
          type="search"
          placeholder="Search"
          value={looked.search}
          onInput={(event) => void setFilter({ ...looked, search: event.currentTarget.value })}
        />
      </label>
      <label>
        <span class="visually-hidden">Pairs</span>
        <select
          value={looked.aspect ?? ''}
          onChange={(event) =>
            void setFilter({ ...looked, aspect: (event.currentTarget.value || null) as Aspect | null })
          }
        >
          <option value="">Any pairs</option>
          {ASPECTS.map((aspect) => (
            <option key={aspect} value={aspect}>
              {ASPECT_NAMES[aspect]}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span class="visually-hidden">Questions</span>
        <select
          value={looked.only ?? ''}
          onChange={(event) =>
            void setFilter({ ...looked, only: (event.currentTarget.value || null) as RowMark | null })
          }
        >
          <option value="">All questions</option>
          {ROW_MARKS.map((mark) => (
            <option key={mark} value={mark}>
              {MARK_TITLES[mark]}
            </option>
          ))}
        </select>
      </label>
      {looked.finding === null ? null : (
        <button
          type="button"
          class="quiet small"
          onClick={() => void setFilter({ ...looked, finding: null })}
        >
          {findingTitle(looked.finding)} <span aria-hidden="true">×</span>
          <span class="visually-hidden">: show others too</span>
        </button>
      )}
      <p class="matches" role="status">
        {isFiltered
          ? `${formatInteger(matches.value)} of ${formatInteger(view.questions)}`
          : `${formatInteger(view.questions)} ${view.questions === 1 ? 'question' : 'questions'}`}
      </p>
      <div class="undo">
        <button type="button" class="quiet small" aria-disabled={!view.canUndo} onClick={() => void undo()}>
          Undo
        </button>
        <button type="button" class="quiet small" aria-disabled={!view.canRedo} onClick={() => void redo()}>
          Redo
        </button>
      </div>
    </div>
  );
}

const KEYS: readonly (readonly [string, string])[] = [
  ['↑ ↓ or j k', 'from question to question'],
  ['Page ↑ ↓, Home, End', 'further'],
  ['Enter', 'into the question; Escape back to the list'],
  ['x', 'leave the question out, or put it back'],
  ['/', 'search'],
  ['Ctrl Z, Ctrl Y', 'undo and redo'],
  ['Ctrl Enter, Escape', 'save or drop what is being written'],
];

function Keys(): JSX.Element {
  return (
    <details class="keys">
      <summary>Keys</summary>
      <dl>
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
