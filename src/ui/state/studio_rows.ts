/**
 * @file The window of rows that is looked at: fetched from the worker page by page, so that ten thousand cost no more
 * than fifty; the row that is chosen; and edits, each on disk before it is shown.
 */
import { batch, computed, signal } from '@preact/signals';
import type { Edit } from '../../knowtuning/edits.ts';
import { describeFailure, type Failure } from '../../workers/failure.ts';
import type { StudioFilter, StudioRow } from '../../workers/studio_protocol.ts';
import { ask, audit, build, refreshView, strictly, studio, whenRowsChange } from './studio.ts';

export const NO_FILTER: StudioFilter = { search: '', aspect: null, only: null, finding: null };

export const filter = signal<StudioFilter>(NO_FILTER);
/** Rows that the filter lets through. */
export const matches = signal(0);
/** Fetched rows by their place among those. */
export const rows = signal<ReadonlyMap<number, StudioRow>>(new Map());
/** Place of the row that is looked at. */
export const chosen = signal(0);
export const chosenRow = computed(() => rows.value.get(chosen.value) ?? null);

/** Rows that are fetched together, and fetched rows that are kept. */
const PAGE = 64;
const KEPT = 1024;
/** Rows change in bursts while a project is written: they are fetched anew this often, in milliseconds. */
const REFRESH_MS = 250;

let wanted = { from: 0, to: PAGE };
let fetching = new Set<number>();
/** Number of the newest filter: answers about older ones are passed over. */
let asked = 0;
let refreshing = false;

/** Makes sure that rows [from, to) are there, soon. */
export function want(from: number, to: number): void {
  wanted = { from, to };
  for (let page = Math.floor(from / PAGE); page * PAGE < Math.min(to, matches.value); page++)
    if (!rows.value.has(page * PAGE) && !fetching.has(page)) void fetchPage(page);
}

/** Looks at other rows. */
export async function setFilter(next: StudioFilter): Promise<void> {
  filter.value = next;
  await applyFilter(true);
}

/** Chooses a row by its place; beyond either end the nearest. */
export function choose(place: number): void {
  chosen.value = Math.max(0, Math.min(matches.value - 1, place));
  want(Math.min(wanted.from, chosen.value), Math.max(wanted.to, chosen.value + 1));
}

/** Edits the row at a place. @returns why it could not be done, or null */
export async function edit(row: StudioRow, change: Edit): Promise<Failure | null> {
  return changing(() => strictly((c) => c.call('edit', row.index, change)));
}

export const undo = (): Promise<Failure | null> => changing(() => strictly((c) => c.call('undo')));
export const redo = (): Promise<Failure | null> => changing(() => strictly((c) => c.call('redo')));

/** After an edit what follows from it is written at once where that costs nothing and nothing else was waiting. */
async function changing(work: () => Promise<StudioRow | null>): Promise<Failure | null> {
  const before = studio.value;
  try {
    const row = await work();
    if (row) show(row);
    audit.value = null;
    await refreshView();
    const free = before?.author === 'rules' && before.unwritten === 0 && !before.building;
    if (free && (studio.value?.unwritten ?? 0) > 0) await build();
    return null;
  } catch (error) {
    return describeFailure(error);
  }
}

/** Shows a row as it is now, and looks at it where it is among those that are looked at. */
function show(row: StudioRow): void {
  for (const [place, known] of rows.value)
    if (known.index === row.index) {
      rows.value = new Map(rows.value).set(place, row);
      chosen.value = place;
      return;
    }
}

async function applyFilter(fromTop: boolean): Promise<void> {
  const number = ++asked;
  const count = await ask((c) => c.call('filter', filter.value));
  if (count === undefined || number !== asked) return;
  if (fromTop) wanted = { from: 0, to: PAGE };
  const next = fromTop ? 0 : Math.max(0, Math.min(count - 1, chosen.value));
  // What is shown stays until its place is taken: it may be in the middle of being read, or have the focus.
  const fetched = await fetchShown(number, next);
  if (!fetched) return;
  batch(() => {
    matches.value = count;
    rows.value = fetched;
    fetching = new Set();
    chosen.value = next;
  });
}

async function fetchPage(page: number): Promise<void> {
  const number = asked;
  fetching.add(page);
  const fetched = await ask((c) => c.call('rows', page * PAGE, PAGE));
  fetching.delete(page);
  if (!fetched || number !== asked) return;
  const next = new Map(rows.value);
  for (const [i, row] of fetched.entries()) next.set(page * PAGE + i, row);
  for (const place of next.keys()) {
    if (next.size <= KEPT) break;
    if (Math.abs(place - page * PAGE) > KEPT / 2 && place !== chosen.value) next.delete(place);
  }
  rows.value = next;
}

/** What is looked at, fetched anew; null where other rows are asked for by now. */
async function fetchShown(number: number, place: number): Promise<Map<number, StudioRow> | null> {
  const pages = new Set([Math.floor(place / PAGE)]);
  for (let page = Math.floor(wanted.from / PAGE); page * PAGE < wanted.to; page++) pages.add(page);
  const next = new Map<number, StudioRow>();
  for (const page of pages) {
    const fetched = await ask((c) => c.call('rows', page * PAGE, PAGE));
    if (!fetched || number !== asked) return null;
    for (const [i, row] of fetched.entries()) next.set(page * PAGE + i, row);
  }
  return next;
}

/** Fetches what is looked at anew; the rest when it is looked at. */
async function refresh(): Promise<void> {
  refreshing = false;
  const fetched = await fetchShown(asked, chosen.value);
  if (fetched) rows.value = fetched;
  await refreshView();
}

whenRowsChange((index) => {
  if (index === null) void applyFilter(false);
  else if (!refreshing) {
    refreshing = true;
    setTimeout(() => void refresh(), REFRESH_MS);
  }
});
