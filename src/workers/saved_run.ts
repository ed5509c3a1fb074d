/** @file A run in storage as the page offers it: what it shows, and what became of its checkpoints. */
import type { RunStatus, RunStore } from '../store/run_store.ts';
import type { RunView } from './run_view.ts';

export const CHECKPOINT_DATABASE = 'tabtune-runs';
export const CHECKPOINT_STORE = 'runs';

export interface SavedRun {
  readonly run: string;
  readonly status: RunStatus;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
  /** The run as of its last whole checkpoint, or null if it has none. */
  readonly view: RunView | null;
  /** Whether the adapter of Stage II is there, whole. */
  readonly hasAdapter: boolean;
  readonly damaged: readonly string[];
}

/** Each checkpoint that holds a view is named after the phase that it closes, with this in front. */
export const VIEW_PREFIX = 'view:';
/** The final checkpoint: the zip that the page hands out. */
export const ADAPTER_CHECKPOINT = 'adapter';

export const encodeView = (view: RunView): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(JSON.stringify(view));

/** The run as saved; null if there is none of this id. A damaged view falls back to the one before it. */
export async function loadSavedRun(runs: RunStore, run: string): Promise<SavedRun | null> {
  const loaded = await runs.load(run);
  if (!loaded) return null;
  const bytes = [...loaded.checkpoints].filter(([phase]) => phase.startsWith(VIEW_PREFIX)).at(-1)?.[1];
  const saved = bytes ? (JSON.parse(new TextDecoder().decode(bytes)) as RunView) : null;
  const { status, updatedAt } = loaded.record;
  return {
    run,
    status,
    updatedAt,
    view: saved && { ...saved, status: status === 'running' ? 'interrupted' : status },
    hasAdapter: loaded.checkpoints.has(ADAPTER_CHECKPOINT),
    damaged: loaded.damaged,
  };
}
