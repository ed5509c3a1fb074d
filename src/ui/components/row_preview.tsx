/** @file One row as the model gets it: every token of the text that the template makes of it, the trained ones marked. */
import type { JSX } from 'preact';
import type { RowView, TextAnswer, TextSourceView } from '../../workers/text_protocol.ts';
import { formatInteger } from '../format.ts';
import { FailureNotice } from './notice.tsx';
import { TokenText } from './row_preview_tokens.tsx';

interface RowPreviewProps {
  readonly source: TextSourceView | null;
  /** Null while it is being encoded. */
  readonly row: TextAnswer<RowView> | null;
  readonly index: number;
  readonly rows: number;
  readonly kind: 'sft' | 'preference';
  readonly trainOn: 'all' | 'last';
  readonly onIndex: (index: number) => void;
  readonly onTrainOn: (which: 'all' | 'last') => void;
}

export function RowPreview(props: RowPreviewProps): JSX.Element {
  const { source, row, index, rows, kind, trainOn, onIndex, onTrainOn } = props;
  const step = (by: number) => onIndex((index + by + rows) % rows);
  const view = row?.ok ? row.value : null;
  return (
    <div class="sheet row-preview">
      <div class="row-bar">
        <div>
          <h3>
            Row {formatInteger(index + 1)} of {formatInteger(rows)}
          </h3>
          <p class="soft">
            {view === null ? null : `Line ${formatInteger(view.line)}`}
            {source === null
              ? null
              : ` · ${source.name}, ${source.template === 'auto' ? 'with its chat template' : 'without a chat template'}`}
          </p>
        </div>
        <div class="pager">
          <button type="button" class="quiet small" onClick={() => step(-1)}>
            Previous
          </button>
          <button type="button" class="quiet small" onClick={() => step(1)}>
            Next
          </button>
        </div>
      </div>
      {view !== null && (view.answers > 1 || trainOn === 'last') && kind === 'sft' ? (
        <fieldset class="train-on">
          <legend>Trained in a conversation</legend>
          {(
            [
              ['all', 'every answer'],
              ['last', 'the last answer'],
            ] as const
          ).map(([which, label]) => (
            <label key={which}>
              <input
                type="radio"
                name="train-on"
                checked={trainOn === which}
                onChange={() => onTrainOn(which)}
              />
              {label}
            </label>
          ))}
        </fieldset>
      ) : null}
      {row !== null && !row.ok ? <FailureNotice failure={row.failure} /> : null}
      {view?.texts.map((text, i) => (
        <section key={i} class={kind === 'sft' ? '' : i === 0 ? 'better' : 'worse'}>
          {kind === 'sft' ? null : <h4>{i === 0 ? 'Better answer' : 'Worse answer'}</h4>}
          <TokenText text={text} limit={source?.contextLength ?? null} />
        </section>
      ))}
    </div>
  );
}
