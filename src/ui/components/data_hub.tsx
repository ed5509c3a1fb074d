/** @file Any data set of the Hub, by its name. Asking for it is what makes the page talk to another server. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DataFailure } from '../state/dataset.ts';
import { HubToken } from './hub_token.tsx';
import { FailureNotice } from './notice.tsx';

interface DataHubProps {
  readonly isBusy: boolean;
  /** Why the last one could not be had. */
  readonly failure: DataFailure | null;
  readonly onName: (name: string) => void;
  readonly onToken: (token: string) => Promise<void>;
}

export function DataHub({ isBusy, failure, onName, onToken }: DataHubProps): JSX.Element {
  const [text, setText] = useState('');
  const isIdle = isBusy || text.trim() === '';
  const fetchIt = (event: Event) => {
    event.preventDefault();
    if (!isIdle) onName(text.trim());
  };
  return (
    <form class="data-hub" onSubmit={fetchIt} aria-busy={isBusy}>
      <label for="hub-data">Data set of the Hub</label>
      <div class="field-row">
        <input
          id="hub-data"
          type="text"
          value={text}
          placeholder="organisation/name"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-describedby="hub-data-help"
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" class="quiet" aria-disabled={isIdle}>
          Fetch
        </button>
      </div>
      <small id="hub-data-help" class="soft">
        With :configuration and /split behind it where it has several. Its files come from huggingface.co into
        this tab.
      </small>
      {failure === null ? null : (
        <>
          <FailureNotice failure={failure.failure} />
          {failure.needsToken ? <HubToken onToken={onToken} /> : null}
        </>
      )}
    </form>
  );
}
