/** @file Sentences of a paragraph. Intl.Segmenter finds them; what it takes for an end and is none is joined again. */

/** A stretch of a text, end exclusive. */
export interface Stretch {
  readonly start: number;
  readonly end: number;
}

const ABBREVIATION =
  /(?:^|[\s("])(?:Dr|Drs|Mr|Mrs|Ms|Prof|St|Sr|Jr|vs|Dept|Gen|Col|Capt|Lt|Sgt|Rev|Hon|Gov|Sen|Rep|No|Nos|Vol|Fig|Inc|Ltd|Co|Corp|Mt|Ft|approx|ca|cf|al|e\.g|i\.e|subsp|spp|sp|var|pp|p|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\.$/i;
const INITIAL = /(?:^|[\s(.])[A-Z]\.$/;

let segmenter: Intl.Segmenter | undefined;

/** The sentences of text from start to end, with offsets in the whole text and without white space around them. */
export function sentencesOf(text: string, { start, end }: Stretch): Stretch[] {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'sentence' });
  const found: { start: number; end: number }[] = [];
  for (const { segment, index } of segmenter.segment(text.slice(start, end))) {
    const before = found.at(-1);
    const from = start + index;
    const to = from + segment.length;
    if (before && isOneSentence(text.slice(before.start, before.end), segment)) before.end = to;
    else found.push({ start: from, end: to });
  }
  return found.flatMap((piece) => splitMissedEnds(text, trimStretch(text, piece)));
}

/** The stretch without white space around it. */
export function trimStretch(text: string, { start, end }: Stretch): Stretch {
  let from = start;
  let to = end;
  while (from < to && /\s/.test(text[from]!)) from++;
  while (to > from && /\s/.test(text[to - 1]!)) to--;
  return { start: from, end: to };
}

function isOneSentence(before: string, next: string): boolean {
  const left = before.trimEnd();
  if (ABBREVIATION.test(left)) return true;
  // "George R.R. Martin", "E. coli": an initial, unless it ends a sentence as in "vitamin C."
  if (
    INITIAL.test(left) &&
    !/\b(vitamin|hepatitis|type|class|group|plan|grade|part|option) [A-Z]\.$/i.test(left)
  ) {
    return true;
  }
  return /\b(?:[A-Z]\.){2,}$/.test(left) && !/^(The|It|This|In|They|He|She|A|An)\b/.test(next);
}

/** "It grows.Then it dies." lacks a space; the segmenter does not see two sentences. */
function splitMissedEnds(text: string, piece: Stretch): Stretch[] {
  const parts: Stretch[] = [];
  let from = piece.start;
  for (const match of text.slice(piece.start, piece.end).matchAll(/[a-z)]{2}[.!?](?=[A-Z][a-z']*[ ,])/g)) {
    const at = piece.start + match.index + match[0].length;
    parts.push({ start: from, end: at });
    from = at;
  }
  parts.push({ start: from, end: piece.end });
  return parts;
}
