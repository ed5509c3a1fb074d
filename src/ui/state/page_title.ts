/** @file The title of the tab: how far a run is, for whoever looks at another tab meanwhile. */
import type { RunView } from '../../workers/run_view.ts';
import { runningPhase } from './measures.ts';

export function pageTitle(view: RunView | null): string {
  if (view === null) return 'TabTune';
  if (view.status === 'finished') return 'Finished · TabTune';
  const phase = runningPhase(view);
  if (phase === null) return 'TabTune';
  const done = view.phases.filter((p) => p.status === 'done').length;
  return `${done + 1}/${view.phases.length} ${phase.label} · TabTune`;
}
