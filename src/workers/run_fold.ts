/** @file The fold of a run's news into what is shown of it: pure, so that page and worker agree and a test can replay. */
import type { RunRequest, TrainerNews } from './protocol.ts';
import type { PhaseView, RunView } from './run_view.ts';

const phase = (id: string, step: PhaseView['step'], label: string): PhaseView => ({
  id,
  step,
  label,
  status: 'waiting',
  done: 0,
  total: null,
  startedAt: null,
  endedAt: null,
});

const PHASES: readonly PhaseView[] = [
  phase('model', 'model', 'Load the model'),
];

/** A run that has just begun. */
export function beginRun(request: RunRequest, at: number): RunView {
  return {
    run: request.run,
    status: 'running',
    startedAt: at,
    phases: PHASES,
    trainings: [],
    constructions: [],
    questions: [],
    scores: {},
    saved: [],
  };
}

/** The view after one more piece of news. Returns the same object if the news changes nothing. */
export function foldNews(view: RunView, news: TrainerNews & { readonly at: number }): RunView {
  switch (news.kind) {
    case 'saved':
      return { ...view, saved: [...view.saved, news.phase] };
    case 'finished':
    case 'stopped':
    case 'failed':
      return { ...view, status: news.kind };
    default:
      return view;
  }
}
