/** @file A model on the user's disk: a folder or a file, which is read where it lies. */
import type { JSX } from 'preact';
import { useRef } from 'preact/hooks';
import { takeFiles, trouble } from '../state/models.ts';
import { fromInput, modelFolder } from '../state/picked_files.ts';
import { FailureNotice } from './notice.tsx';

export function ModelFiles(): JSX.Element {
  const folder = useRef<HTMLInputElement>(null);
  const file = useRef<HTMLInputElement>(null);
  const take = async (event: Event & { readonly currentTarget: HTMLInputElement }) => {
    const input = event.currentTarget;
    const picked = modelFolder(fromInput(input.files));
    // So that picking the same again is a change again.
    input.value = '';
    await takeFiles(picked);
  };
  const failed = trouble.value?.at === 'files' ? trouble.value.failure : null;
  return (
    <div class="model-files">
      <p id="files-title">A model on your disk</p>
      <div class="actions">
        <button type="button" class="quiet small" onClick={() => folder.current?.click()}>
          Open a folder
        </button>
        <button type="button" class="quiet small" onClick={() => file.current?.click()}>
          Open a .gguf file
        </button>
      </div>
      <small>Or drop it here. It is read where it lies, and not copied.</small>
      <input
        ref={folder}
        type="file"
        class="visually-hidden"
        tabIndex={-1}
        aria-label="Folder of a model"
        // @ts-expect-error every browser knows it, no standard does
        webkitdirectory
        onChange={take}
      />
      <input
        ref={file}
        type="file"
        class="visually-hidden"
        tabIndex={-1}
        aria-label="File of a model"
        accept=".gguf"
        onChange={take}
      />
      {failed === null ? null : <FailureNotice failure={failed} />}
    </div>
  );
}
