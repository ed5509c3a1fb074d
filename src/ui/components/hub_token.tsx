/** @file The question for a token: it stays in the workers' memory and is gone with the tab. */
import type { JSX } from 'preact';
import { useId, useState } from 'preact/hooks';

/** @param onToken gives it to who needs it, and tries again */
export function HubToken({ onToken }: { onToken: (token: string) => Promise<void> }): JSX.Element {
  const id = useId();
  const [token, setToken] = useState('');
  const give = async () => {
    if (token.trim() === '') return;
    setToken('');
    await onToken(token);
  };
  return (
    // Not a form: it may stand in one, and browsers offer to save what forms with passwords send.
    <div class="token">
      <label for={`${id}-token`}>Read token of huggingface.co</label>
      <div class="field-row">
        <input
          id={`${id}-token`}
          type="password"
          value={token}
          placeholder="hf_"
          autocomplete="off"
          aria-describedby={`${id}-help`}
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
      <small id={`${id}-help`}>
        It is sent to huggingface.co only, kept in memory, and gone when this tab is closed.
      </small>
    </div>
  );
}
