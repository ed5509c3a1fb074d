/**
 * @file Patterns of paths as cards of data sets write them: * and ? within a name, [abc], ** for folders. A card is
 * written by anyone, so that a pattern is followed in steps that are counted (pattern × path), not as an expression
 * that may go back and forth for ever. After fsspec, which Hugging Face's `datasets` matches with:
 * https://filesystem-spec.readthedocs.io/en/latest/api.html#fsspec.spec.AbstractFileSystem.glob
 */

/** Whether a path has the form of a pattern. */
export function matchesPattern(pattern: string, path: string): boolean {
  const literal = /^[^*?[]*/.exec(pattern)![0];
  if (!path.startsWith(literal)) return false;
  const names = path.split('/');
  return follows(pattern.split('/'), names, (part) =>
    part === '**' ? 'any' : (name) => follows(part.match(PIECES) ?? [], [...name], pieceOf),
  );
}

/** Pieces of a pattern of one name. */
const PIECES = /\*+|\[!?\]?[^\]]*\]|./gsu;

/** A step of a pattern: takes any number of items, or one that it accepts. */
type Step = 'any' | ((item: string) => boolean);

/** Whether the steps of a pattern, one after the other, take all of the items. */
function follows(
  pattern: readonly string[],
  items: readonly string[],
  stepOf: (part: string) => Step,
): boolean {
  // Whether what has been followed so far may have taken the first i items.
  let taken = [true, ...items.map(() => false)];
  for (const part of pattern) {
    const step = stepOf(part);
    let before = false;
    taken = taken.map((now, i) => {
      if (step === 'any') before ||= now;
      else before = i > 0 && taken[i - 1]! && step(items[i - 1]!);
      return before;
    });
  }
  return taken.at(-1)!;
}

function pieceOf(piece: string): Step {
  if (piece.startsWith('*')) return 'any';
  if (piece === '?') return () => true;
  if (piece.length < 3 || !piece.startsWith('[')) return (character) => character === piece;
  const isNot = piece[1] === '!';
  const inner = [...piece.slice(isNot ? 2 : 1, -1)];
  return (character) =>
    isNot !==
    inner.some((from, i) =>
      inner[i + 1] === '-' && i + 2 < inner.length
        ? from <= character && character <= inner[i + 2]!
        : from === character,
    );
}
