/** @file Any data set of the Hub, by its name. Asking for it is what makes the page talk to another server. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { DataFailure } from '../state/dataset.ts';
import { HubName } from './hub_name.tsx';
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
      <HubName
        id="hub-data"
        label="Data set of the Hub"
        helpId="hub-data-help"
        text={text}
        button="Fetch"
        isOff={isIdle}
        onText={setText}
      />
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
