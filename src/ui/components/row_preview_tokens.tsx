/** @file A text as its tokens: trained ones underlined, special ones as chips, line breaks and blanks to be seen. */
import type { JSX } from 'preact';
import type { PieceView, TokensView } from '../../workers/text_protocol.ts';
import { formatInteger } from '../format.ts';

interface TokenTextProps {
  readonly text: TokensView;
  /** Tokens that the model can take; null where it is not known. */
  readonly limit: number | null;
}

/** Neighbours that are trained alike. */
function runsOf(pieces: readonly PieceView[]): PieceView[][] {
  const runs: PieceView[][] = [];
  for (const piece of pieces) {
    const last = runs.at(-1);
    if (last && last[0]!.trained === piece.trained) last.push(piece);
    else runs.push([piece]);
  }
  return runs;
}

function Piece({ piece }: { piece: PieceView }): JSX.Element {
  const title = `Token ${piece.ids.join(', ')}`;
  if (piece.special)
    return (
      <span class="piece special" title={title}>
        {piece.text}
      </span>
    );
  // A line break is shown by a sign, and then made.
  return (
    <span class="piece" title={title}>
      {piece.text.split('\n').map((line, i) =>
        i === 0 ? (
          line
        ) : (
          <>
            <span class="line-break" aria-hidden="true">
              ↵
            </span>
            {'\n'}
            {line}
          </>
        ),
      )}
    </span>
  );
}

export function TokenText({ text, limit }: TokenTextProps): JSX.Element {
  const shown = text.pieces.reduce((sum, { ids }) => sum + ids.length, 0);
  return (
    <>
      <p class="token-text">
        {runsOf(text.pieces).map((run, i) => {
          const pieces = run.map((piece, k) => <Piece key={k} piece={piece} />);
          return run[0]!.trained ? <mark key={i}>{pieces}</mark> : <span key={i}>{pieces}</span>;
        })}
        {shown < text.tokens ? (
          <span class="soft"> … and {formatInteger(text.tokens - shown)} more tokens</span>
        ) : null}
      </p>
      <p class="token-legend">
        <span>
          <mark>Trained</mark> {formatInteger(text.trained)}
        </span>
        <span>Read only {formatInteger(text.tokens - text.trained)}</span>
        <span>
          <span class="piece special">special</span> stands for no text
        </span>
        {limit !== null && text.tokens > limit ? (
          <strong class="too-long">
            {formatInteger(text.tokens)} tokens, but the model takes {formatInteger(limit)}: this row stops a
            run.
          </strong>
        ) : null}
      </p>
    </>
  );
}
