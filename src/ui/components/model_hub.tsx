/** @file Any model of the Hub, by its name. Asking for it is what makes the page talk to another server. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { asking, giveToken, lookUp, trouble } from '../state/models.ts';
import { HubName } from './hub_name.tsx';
import { HubToken } from './hub_token.tsx';
import { FailureNotice } from './notice.tsx';

export function ModelHub(): JSX.Element {
  const [text, setText] = useState('');
  const isAsking = asking.value === 'hub';
  const look = async (event: Event) => {
    event.preventDefault();
    if (text.trim() !== '' && !isAsking) await lookUp(text);
  };
  const retry = async (token: string) => {
    await giveToken(token);
    await lookUp(text);
  };
  const failed = trouble.value?.at === 'hub' ? trouble.value : null;
  return (
    <form class="model-hub" onSubmit={look} aria-busy={isAsking}>
      <HubName
        id="hub-name"
        label="Another model of the Hub"
        helpId="hub-help"
        text={text}
        button={isAsking ? 'Asking' : 'Look up'}
        isOff={isAsking || text.trim() === ''}
        onText={setText}
      />
      <small id="hub-help">
        With @ and a branch, tag or commit, if it is not to be main. Asks huggingface.co for its list of
        files.
      </small>
      {failed === null ? null : (
        <>
          <FailureNotice failure={failed.failure} />
          {failed.needsToken ? <HubToken onToken={retry} /> : null}
        </>
      )}
    </form>
  );
}
