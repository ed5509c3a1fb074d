/** @file The promise, the device, and the one button. */
import type { JSX } from 'preact';
import {
  busyElsewhere,
  demoSettings,
  offered,
  openSavedRun,
  probe,
  running,
  startRun,
  treeBatching,
  view,
  whyNot,
} from '../state/session.ts';
import { DeviceCard } from './device_card.tsx';
import { Notice } from './notice.tsx';
import { RunFailure } from './run_failure.tsx';
import { SavedRunNotice } from './saved_run_notice.tsx';
import { TreeSwitch } from './tree_switch.tsx';

export function StartSection(): JSX.Element {
  const settings = demoSettings(location.search);
  const why = whyNot.value;
  const start = async () => {
    if (why !== null) return;
    await startRun(settings);
  };
  const isDemo = view.value?.request.data.kind === 'demo';
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
            {running.value && isDemo ? 'The demo is running' : 'Run the demo'}
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
        <RunFailure of={['demo']} />
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
