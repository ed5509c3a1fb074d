/**
 * @file How an answer is laid out: paragraphs, list items, code. Lists often come without line breaks, their items
 * set apart by a dash between wide gaps.
 */

export interface Block {
  readonly kind: 'text' | 'item' | 'code';
  /** Offsets in the answer, without white space and bullet; end is exclusive. */
  readonly start: number;
  readonly end: number;
}

/** Line breaks, three spaces or more, or two before a bullet. */
const GAP = /\r?\n|[ \t\u00a0]{3,}|[ \t\u00a0]{2,}(?=[-*\u2022\u2013][ \t\u00a0])/g;
const BULLET = /^(?:[-*\u2022\u2013\u00b7]+|\(?\d{1,2}[.)]|\(?[a-z]\)|step \d+[:.])(?:\s+|$)/i;

/** The blocks of an answer in order. */
export function readLayout(answer: string): Block[] {
  const blocks: Block[] = [];
  let from = 0;
  let bullet = false;
  let fenced = false;
  const add = (to: number): void => {
    let start = from;
    while (start < to && /\s/.test(answer[start]!)) start++;
    let end = to;
    while (end > start && /\s/.test(answer[end - 1]!)) end--;
    if (end === start) return;
    if (answer.startsWith('```', start)) {
      fenced = !fenced;
      return;
    }
    if (fenced) {
      blocks.push({ kind: 'code', start, end });
      return;
    }
    const mark = BULLET.exec(answer.slice(start, end));
    if (mark && mark[0].trim() === answer.slice(start, end)) {
      // The bullet stands alone, its text comes after the gap.
      bullet = true;
      return;
    }
    const item = bullet || mark !== null;
    bullet = false;
    if (mark) start += mark[0].length;
    blocks.push({
      kind: looksLikeCode(answer.slice(start, end)) ? 'code' : item ? 'item' : 'text',
      start,
      end,
    });
  };
  for (const gap of answer.matchAll(GAP)) {
    add(gap.index);
    from = gap.index + gap[0].length;
  }
  add(answer.length);
  return blocks;
}

/** Whether a line is program text rather than English. */
function looksLikeCode(line: string): boolean {
  if (/[{};]\s*$/.test(line) && /[(){}=<>]/.test(line)) return true;
  if (
    /^\s*(def|class|import|from|return|for|while|if|const|let|var|function|public|private|#include|SELECT)\b.*[({:=;]\s*$/.test(
      line,
    )
  ) {
    return /[(=]/.test(line);
  }
  return /^[\w.[\]]+\s*(=|\+=|:=)\s*\S/.test(line) || /^\w+\([^)]*\)$/.test(line) || /^[$>]\s/.test(line);
}
