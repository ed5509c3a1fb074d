/** @file Where something of the Hub is named, and the button that asks for it. */
import type { JSX } from 'preact';

interface HubNameProps {
  readonly id: string;
  readonly label: string;
  /** Id of the text that says how names are written. */
  readonly helpId: string;
  readonly text: string;
  readonly button: string;
  readonly isOff: boolean;
  readonly onText: (text: string) => void;
}

export function HubName({ id, label, helpId, text, button, isOff, onText }: HubNameProps): JSX.Element {
  return (
    <>
      <label for={id}>{label}</label>
      <div class="field-row">
        <input
          id={id}
          type="text"
          value={text}
          placeholder="organisation/name"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-describedby={helpId}
          onInput={(event) => onText(event.currentTarget.value)}
        />
        <button type="submit" class="quiet" aria-disabled={isOff}>
          {button}
        </button>
      </div>
    </>
  );
}
