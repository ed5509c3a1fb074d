/** @file Undo and redo: questions as they were before each edit and after it. Plain data; what is kept has a limit. */
import type { ProjectQuestion } from './project.ts';

/** One edit: which question it was about, and that question on either side of it. */
export interface Change {
  readonly index: number;
  readonly before: ProjectQuestion;
  readonly after: ProjectQuestion;
}

export interface EditHistory {
  /** The newest last. */
  readonly past: readonly Change[];
  /** Undone ones, the one that was undone last at the end. */
  readonly future: readonly Change[];
}

export const NO_HISTORY: EditHistory = { past: [], future: [] };

/** Edits that can be undone at most. */
export const KEPT_EDITS = 500;

/** After a new edit. What had been undone is given up. */
export function recordChange({ past }: EditHistory, change: Change): EditHistory {
  return { past: [...past, change].slice(-KEPT_EDITS), future: [] };
}

/** Where a question goes when the newest edit is undone; null where there is none. */
export function undoChange(history: EditHistory): { history: EditHistory; change: Change } | null {
  const change = history.past.at(-1);
  if (!change) return null;
  return { change, history: { past: history.past.slice(0, -1), future: [...history.future, change] } };
}

/** Where a question goes when the last undone edit is done again; null where there is none. */
export function redoChange(history: EditHistory): { history: EditHistory; change: Change } | null {
  const change = history.future.at(-1);
  if (!change) return null;
  return { change, history: { past: [...history.past, change], future: history.future.slice(0, -1) } };
}
