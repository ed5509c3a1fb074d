/**
 * @file The list of questions: only the rows that can be seen are in the page, however many there are. One stop of the
 * Tab key; arrows and letters do the rest.
 */
import { useSignalEffect } from '@preact/signals';
import type { JSX, TargetedKeyboardEvent } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { StudioRow } from '../../../workers/studio_protocol.ts';
import { formatInteger, formatValue } from '../../format.ts';
import { choose, chosen, chosenRow, edit, matches, rows, want } from '../../state/studio_rows.ts';
import { DETAIL_ID, GRID_ID, SEARCH_ID } from './focus.ts';

/** Height of a row, in rem, here and in studio.css. */
const ROW_REM = 2.75;
/** Rows that are drawn beyond what can be seen, on either side. */
const OVERSCAN = 8;

const rowId = (place: number) => `studio-row-${place}`;
const rem = () => Number.parseFloat(getComputedStyle(document.documentElement).fontSize);

interface RowTableProps {
  /** Whether a perplexity is known of any fact. */
  readonly measured: boolean;
}

export function RowTable({ measured }: RowTableProps): JSX.Element {
  const grid = useRef<HTMLDivElement>(null);
  const [height, setHeight] = useState(() => ROW_REM * rem());
  const [seen, setSeen] = useState({ from: 0, to: 20 });
  const count = matches.value;
  const look = () => {
    const element = grid.current;
    if (!element) return;
    const rowHeight = ROW_REM * rem();
    setHeight(rowHeight);
    const from = Math.max(0, Math.floor(element.scrollTop / rowHeight) - OVERSCAN);
    const to = Math.ceil((element.scrollTop + element.clientHeight) / rowHeight) + OVERSCAN;
    setSeen({ from, to });
    want(from, to);
  };
  useEffect(() => {
    const observer = new ResizeObserver(look);
    observer.observe(grid.current!);
    return () => observer.disconnect();
  }, []);
  useEffect(look, [count]);
  useSignalEffect(() => {
    scrollTo(grid.current, chosen.value);
  });
  const from = Math.min(seen.from, count);
  const to = Math.min(seen.to, count);
  return (
    <div class="grid" ref={grid} onScroll={look}>
      <table
        id={GRID_ID}
        // biome-ignore lint/a11y/noNoninteractiveElementToInteractiveRole: rows are chosen in it, by arrows and letters.
        role="grid"
        tabIndex={0}
        aria-label="Questions"
        aria-rowcount={count + 1}
        aria-activedescendant={count > 0 ? rowId(chosen.value) : undefined}
        onKeyDown={onKey}
      >
        <thead>
          <tr aria-rowindex={1}>
            {HEADS.filter(([name]) => measured || name !== HARD).map(([name, title]) => (
              <th key={title} scope="col" class={name}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        {/* What is above and below is as high as it would be, and empty. */}
        <tbody aria-hidden="true">
          <tr style={{ height: `${from * height}px` }} />
        </tbody>
        <tbody>
          {Array.from({ length: to - from }, (_, i) => from + i).map((place) => (
            <Row key={place} place={place} row={rows.value.get(place) ?? null} measured={measured} />
          ))}
        </tbody>
        <tbody aria-hidden="true">
          <tr style={{ height: `${(count - to) * height}px` }} />
        </tbody>
      </table>
    </div>
  );
}

const HARD = 'count hard';
const HEADS: readonly (readonly [string, string])[] = [
  ['place', 'No.'],
  ['asked-for', 'Question'],
  ['count', 'Facts'],
  [HARD, 'Hardest'],
  ['count', 'Pairs'],
  ['marks', 'Remarks'],
];

interface RowProps extends RowTableProps {
  readonly place: number;
  readonly row: StudioRow | null;
}

function Row({ place, row, measured }: RowProps): JSX.Element {
  const question = row?.question;
  const marks = row ? marksOf(row) : [];
  return (
    <tr
      id={rowId(place)}
      class={question?.excluded ? 'excluded' : undefined}
      aria-rowindex={place + 2}
      aria-selected={place === chosen.value}
      onClick={() => choose(place)}
    >
      <td class="place">{row ? formatInteger(row.index + 1) : ''}</td>
      <td class="asked-for">{question?.question ?? '…'}</td>
      <td class="count">{question?.atoms.length || ''}</td>
      {measured ? <td class={HARD}>{question ? surprise(question.atoms) : ''}</td> : null}
      <td class="count">{question?.pairs.filter(({ excluded }) => !excluded).length || ''}</td>
      <td class="marks">
        {marks.slice(0, 2).map(([kind, words]) => (
          <span key={kind} class={`mark ${kind}`}>
            {words}
          </span>
        ))}
      </td>
    </tr>
  );
}

/** The highest perplexity among the facts. */
function surprise(atoms: StudioRow['question']['atoms']): string {
  const values = atoms.flatMap(({ perplexity }) => perplexity ?? []);
  return values.length === 0 ? '' : formatValue(Math.max(...values));
}

/** What there is to say of a row, the gravest first. */
function marksOf({ question, findings }: StudioRow): [string, string][] {
  const grave = findings.filter(({ severity }) => severity !== 'note').length;
  const unsupported = question.atoms.filter(({ supported }) => !supported).length;
  const marks: [string, string, boolean][] = [
    ['out', 'Left out', question.excluded ?? false],
    ['finding', `${grave} ${grave === 1 ? 'finding' : 'findings'}`, grave > 0],
    ['unwritten', 'To be written', (question.stale?.length ?? 0) > 0],
    ['unsupported', `${unsupported} not in the answer`, unsupported > 0],
    ['problem', 'Not all done', question.problems.length > 0],
    ['edited', 'Edited', (question.byHand?.length ?? 0) > 0],
  ];
  return marks.flatMap(([kind, words, holds]) => (holds ? [[kind, words] as [string, string]] : []));
}

function scrollTo(grid: HTMLElement | null, place: number): void {
  if (!grid) return;
  const height = ROW_REM * rem();
  const head = grid.querySelector('thead')!.offsetHeight;
  const top = place * height;
  if (top < grid.scrollTop) grid.scrollTop = top;
  else if (top + height + head > grid.scrollTop + grid.clientHeight)
    grid.scrollTop = top + height + head - grid.clientHeight;
}

function onKey(event: TargetedKeyboardEvent<HTMLTableElement>): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const page = Math.max(
    1,
    Math.floor(event.currentTarget.parentElement!.clientHeight / (ROW_REM * rem())) - 2,
  );
  const moves: Readonly<Record<string, number>> = {
    ...{ ArrowDown: chosen.value + 1, j: chosen.value + 1, ArrowUp: chosen.value - 1, k: chosen.value - 1 },
    ...{ PageDown: chosen.value + page, PageUp: chosen.value - page, Home: 0, End: matches.value - 1 },
  };
  const to = moves[event.key];
  if (to !== undefined) choose(to);
  else if (event.key === 'Enter') document.getElementById(DETAIL_ID)?.focus();
  else if (event.key === '/') document.getElementById(SEARCH_ID)?.focus();
  else if (event.key === 'x' && chosenRow.value) {
    const row = chosenRow.value;
    void edit(row, { kind: 'exclude', at: { part: 'row' }, excluded: !row.question.excluded });
  } else return;
  event.preventDefault();
}
