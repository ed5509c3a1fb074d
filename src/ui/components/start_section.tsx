/** @file The promise, the device, and the one button. */
import type { JSX } from 'preact';
import {
  busyElsewhere,
  demoSettings,
  failure,
  offered,
  openSavedRun,
  probe,
  running,
  startRun,
  treeBatching,
} from '../state/session.ts';
import { DeviceCard } from './device_card.tsx';
import { FailureNotice, Notice } from './notice.tsx';
import { SavedRunNotice } from './saved_run_notice.tsx';
import { TreeSwitch } from './tree_switch.tsx';

export function StartSection(): JSX.Element {
  const settings = demoSettings(location.search);
  const why = whyNot();
  const start = async () => {
    if (why !== null) return;
    await startRun(settings);
  };
  return (
    <section class="start" id="model" aria-labelledby="promise">
      <div>
        <h1 id="promise">Teach a small language model new facts, in this tab.</h1>
        <p class="lede">
          TabTune asks the model what it knows, finds the facts it does not, and trains it on those: by
          KnowTuning, on your own graphics processor. You see its answers before and after, and keep the
          adapter.
        </p>
        <div class="call">
          <button type="button" onClick={start} aria-disabled={why !== null} aria-describedby="start-note">
            {running.value ? 'The demo is running' : 'Run the demo'}
          </button>
          <p id="start-note">
            {why ??
              `A bundled model learns from ${settings.questions} questions about countries and chemical elements, and is tested on as many others.`}
          </p>
        </div>
        <details class="settings">
          <summary>Settings</summary>
          <TreeSwitch
            on={treeBatching.value}
            onChange={(on) => {
              treeBatching.value = on;
            }}
          />
        </details>
        {failure.value === null ? null : <FailureNotice failure={failure.value} />}
        {busyElsewhere.value ? (
          <Notice title="TabTune trains in another tab.">
            <p>
              Two at once would slow each other down. This tab will be ready when the other has finished or is
              closed.
            </p>
          </Notice>
        ) : null}
        {offered.value === null || running.value ? null : (
          <SavedRunNotice saved={offered.value} onOpen={openSavedRun} />
        )}
      </div>
      <DeviceCard probe={probe.value} />
    </section>
  );
}

/** Why the button does nothing now, or null when it does. */
function whyNot(): string | null {
  if (running.value) return 'It runs below; this button works again when it has ended.';
  if (busyElsewhere.value) return 'Another tab is training.';
  if (probe.value === null) return 'Waiting for the browser to name its GPU.';
  if (!probe.value.ok) return 'The card says what this browser lacks.';
  return null;
}
