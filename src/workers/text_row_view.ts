/** @file A row of data as the page shows it: its tokens as text, with those that are trained told from the others. */
import type { Dataset } from '../formats/dataset.ts';
import type { EncodedRow, RowEncoder } from '../text/template.ts';
import { tokenPieces } from '../text/token_pieces.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { PreferenceRow, TrainingRow } from '../train/tuner.ts';
import type { RowView, TokensView } from './text_protocol.ts';

/** Tokens of a text that are shown at most: a page with more elements answers slowly. */
export const MAX_SHOWN_TOKENS = 2000;

function tokensView(tokenizer: Tokenizer, row: EncodedRow): TokensView {
  const isTrained = (i: number) => i >= row.promptLength && row.trained?.[i - row.promptLength] !== 0;
  const shown = row.ids.subarray(0, MAX_SHOWN_TOKENS);
  return {
    pieces: tokenPieces(tokenizer, shown).map(({ text, special, first, count }) => ({
      text,
      special,
      trained: isTrained(first),
      ids: [...shown.subarray(first, first + count)],
    })),
    tokens: row.ids.length,
    trained: row.trained
      ? row.trained.reduce((sum, trained) => sum + trained, 0)
      : row.ids.length - row.promptLength,
  };
}

/** A question with each of its answers, the better one first. */
function answersOf(row: PreferenceRow): TrainingRow[] {
  return [row.chosen, ...row.rejected].map((content) =>
    'messages' in row
      ? { messages: [...row.messages, { role: 'assistant', content }] }
      : { prompt: row.prompt, completion: content },
  );
}

/** @throws InputError where the row cannot be rendered */
export async function rowView(
  dataset: Dataset,
  index: number,
  tokenizer: Tokenizer,
  encoder: RowEncoder,
  trainOn: 'all' | 'last',
): Promise<RowView> {
  const line = dataset.lines[index]!;
  if (dataset.kind === 'preference') {
    const rows = await encoder.encodeRows(answersOf(dataset.rows[index]!), { eos: true, trainOn: 'last' });
    return { line, answers: 1, texts: rows.map((row) => tokensView(tokenizer, row)) };
  }
  const row = dataset.rows[index]!;
  const encoded = await encoder.encodeRows([row], { eos: true, trainOn });
  return {
    line,
    answers:
      'messages' in row
        ? row.messages.filter(({ role, weight }) => role === 'assistant' && weight !== 0).length
        : 1,
    texts: encoded.map((each) => tokensView(tokenizer, each)),
  };
}
