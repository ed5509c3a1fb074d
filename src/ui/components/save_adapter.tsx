/** @file The button that hands out the adapter. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { download } from '../download.ts';
import { adapterZip } from '../state/session.ts';
import { Notice } from './notice.tsx';

export function SaveAdapter({ run }: { run: string }): JSX.Element {
  const [problem, setProblem] = useState<string | null>(null);
  const save = async () => {
    setProblem(null);
    try {
      download(await adapterZip(run), `tabtune-${run.slice(0, 19)}.zip`);
    } catch (error) {
      setProblem((error as Error).message);
    }
  };
  return (
    <div class="sheet">
      <div class="save">
        <div>
          <h3>Take the adapter along</h3>
          <p>
            A LoRA adapter in the format of PEFT, with the log of its training (trainer_state.json) and a
            manifest of the run (run.json).
          </p>
        </div>
        <div class="actions">
          <button type="button" onClick={save}>
            Save the adapter (.zip)
          </button>
        </div>
      </div>
      {problem === null ? null : (
        <Notice title={problem} bad>
          <p>Run it again to make it anew.</p>
        </Notice>
      )}
    </div>
  );
}
