/** @file The question for a token: it stays in the worker's memory and is gone with the tab. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { giveToken } from '../state/models.ts';

/** @param onGiven what to try again with it */
export function ModelToken({ onGiven }: { onGiven: () => void }): JSX.Element {
  const [token, setToken] = useState('');
  const give = async () => {
    if (token.trim() === '') return;
    setToken('');
    await giveToken(token);
    onGiven();
  };
  return (
    // Not a form: it may stand in one, and browsers offer to save what forms with passwords send.
    <div class="token">
      <label for="hub-token">Read token of huggingface.co</label>
      <div class="field-row">
        <input
          id="hub-token"
          type="password"
          value={token}
          placeholder="hf_"
          autocomplete="off"
          aria-describedby="token-help"
          onInput={(event) => setToken(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter') return;
            event.preventDefault();
            void give();
          }}
        />
        <button type="button" onClick={give} aria-disabled={token.trim() === ''}>
          Use it
        </button>
      </div>
      <small id="token-help">
        It is sent to huggingface.co only, kept in memory, and gone when this tab is closed.
      </small>
    </div>
  );
}
