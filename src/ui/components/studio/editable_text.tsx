/** @file A text that can be written anew in its place. What is being written is kept until it is saved or dropped. */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Failure } from '../../../workers/failure.ts';
import { PencilIcon } from '../icons.tsx';

interface EditableTextProps {
  /** What it is, as a name: "Fact 2". */
  readonly label: string;
  readonly text: string;
  /** The text as it is shown; the plain one where nothing is given. */
  readonly children?: ComponentChildren;
  /** Resolves once it is on disk, with what is wrong with it, or null. */
  readonly onSave: (text: string) => Promise<Failure | null>;
}

export function EditableText({ label, text, children, onSave }: EditableTextProps): JSX.Element {
  const [draft, setDraft] = useState<string | null>(null);
  const [failure, setFailure] = useState<Failure | null>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setDraft(null);
    setFailure(null);
    setTimeout(() => button.current?.focus());
  };
  const save = async () => {
    if (draft === null) return;
    const wrong = draft === text ? null : await onSave(draft);
    if (wrong) setFailure(wrong);
    else close();
  };
  if (draft !== null)
    return (
      <Editor {...{ label, draft, failure }} onInput={setDraft} onSave={() => void save()} onDrop={close} />
    );
  return (
    <div class="editable">
      <p>{children ?? text}</p>
      <button
        ref={button}
        type="button"
        class="icon-button"
        aria-label={`Edit: ${label}`}
        title={`Edit: ${label}`}
        onClick={() => setDraft(text)}
      >
        <PencilIcon />
      </button>
    </div>
  );
}

interface EditorProps {
  readonly label: string;
  readonly draft: string;
  readonly failure: Failure | null;
  readonly onInput: (text: string) => void;
  readonly onSave: () => void;
  readonly onDrop: () => void;
}

function Editor({ label, draft, failure, onInput, onSave, onDrop }: EditorProps): JSX.Element {
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current!.focus();
  }, []);
  return (
    <div class="editing">
      <textarea
        ref={field}
        aria-label={label}
        aria-invalid={failure !== null || undefined}
        rows={Math.min(12, Math.max(2, Math.ceil(draft.length / 60)))}
        value={draft}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onSave();
          else if (event.key === 'Escape') onDrop();
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      {failure ? (
        <p class="edit-failure" role="alert">
          {failure.place} {failure.problem} {failure.cure}
        </p>
      ) : null}
      <div class="actions">
        <button type="button" class="small" onClick={onSave}>
          Save
        </button>
        <button type="button" class="quiet small" onClick={onDrop}>
          Drop
        </button>
      </div>
    </div>
  );
}
