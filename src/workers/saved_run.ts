/** @file A run in storage as the page offers it: what it shows, and what became of its checkpoints. */
import type { RunStatus, RunStore } from '../store/run_store.ts';
import { BUNDLED_MODEL, type RunRequest } from './protocol.ts';
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

/** A view that was saved, also by versions that knew the demo alone: their requests named its questions and no model. */
export function decodeView(bytes: Uint8Array): RunView {
  const view = JSON.parse(new TextDecoder().decode(bytes)) as RunView;
  const request = view.request as RunRequest | EarlierRequest;
  if ('data' in request) return view;
  const { questions, ...rest } = request;
  return {
    ...view,
    request: { ...rest, data: { kind: 'demo', questions }, model: BUNDLED_MODEL, config: {} },
  };
}

/** What a request was before a run could learn from anything but the demo. */
type EarlierRequest = Pick<RunRequest, 'run' | 'seed' | 'treeBatching'> & { readonly questions: number };

/** The run as saved; null if there is none of this id. A damaged view falls back to the one before it. */
export async function loadSavedRun(runs: RunStore, run: string): Promise<SavedRun | null> {
  const loaded = await runs.load(run);
  if (!loaded) return null;
  const bytes = [...loaded.checkpoints].filter(([phase]) => phase.startsWith(VIEW_PREFIX)).at(-1)?.[1];
  const saved = bytes ? decodeView(bytes) : null;
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
