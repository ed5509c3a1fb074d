/** @file Where the keyboard goes in the studio: the list of rows, and back to it. */

export const GRID_ID = 'studio-rows';
export const SEARCH_ID = 'studio-search';
export const DETAIL_ID = 'studio-detail';

/** Gives the focus to the list of rows, once it has been drawn. */
export function focusReview(): void {
  setTimeout(() => {
    const grid = document.getElementById(GRID_ID);
    grid?.scrollIntoView({ block: 'center' });
    grid?.focus({ preventScroll: true });
  });
}
