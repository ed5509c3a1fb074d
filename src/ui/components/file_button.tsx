/** @file A button that lets a file be chosen. */
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';

interface FileButtonProps {
  readonly label: string;
  /** What is chosen, for who cannot see the button: "File of data". */
  readonly what: string;
  /** Endings of names, as an input's accept takes them. */
  readonly accept: string;
  readonly small?: boolean;
  readonly onFile: (file: File) => void;
}

export function FileButton({ label, what, accept, small = false, onFile }: FileButtonProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <button type="button" class={small ? 'quiet small' : 'quiet'} onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        class="visually-hidden"
        tabIndex={-1}
        aria-label={what}
        accept={accept}
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          // So that choosing the same again is a change again.
          event.currentTarget.value = '';
          if (file) onFile(file);
        }}
      />
    </>
  );
}
