/** @file The fold of a run's news into what is shown of it: pure, so that page and worker agree and a test can replay. */
import { type KnowtuneEvent, PHASE_LABELS, type PhaseName } from '../knowtuning/events.ts';
import type { RunRequest, TrainerNews } from './protocol.ts';
import type { PhaseView, RunView, Step, TrainingView } from './run_view.ts';

const STEP_OF_PHASE: Readonly<Record<PhaseName, Step>> = {
  'evaluate-base': 'compare',
  'train-sft': 'train',
  'evaluate-sft': 'compare',
  extract: 'data',
  perplexity: 'data',
  knowledge: 'data',
  rewrite: 'data',
  'train-stage1': 'train',
  'evaluate-stage1': 'compare',
  compare: 'data',
  'train-stage2': 'train',
  'evaluate-stage2': 'compare',
  'perplexity-after': 'data',
  'knowledge-after': 'data',
};

function waiting(id: PhaseView['id'], step: Step, label: string): PhaseView {
  return { id, step, label, status: 'waiting', done: 0, total: null, startedAt: null, endedAt: null };
}

/** A run that has just begun: the model is being loaded. */
export function beginRun(request: RunRequest, at: number): RunView {
  const load = { ...waiting('load', 'model', 'Load the model'), status: 'running' as const, startedAt: at };
  return {
    run: request.run,
    request,
    status: 'running',
    startedAt: at,
    phases: [load],
    trainings: [],
    project: [],
    test: [],
    answers: {},
    report: null,
    saved: [],
  };
}

/** The view after one more piece of news of this run. Returns the same object if the news changes nothing. */
export function foldNews(view: RunView, news: TrainerNews & { readonly at: number }): RunView {
  switch (news.kind) {
    case 'knowtune':
      return foldEvent(view, news.event, news.at);
    case 'project':
      return { ...view, project: news.questions };
    case 'test':
      return { ...view, test: news.questions };
    case 'loading':
      return { ...view, phases: changePhase(view.phases, 'load', { done: news.percent, total: 100 }) };
    case 'left-out':
      return { ...view, leftOut: news.facts };
    case 'saved':
      return { ...view, saved: [...view.saved, news.checkpoint] };
    case 'finished':
    case 'stopped':
    case 'failed':
      return { ...view, status: news.kind };
    default:
      return view;
  }
}

function foldEvent(view: RunView, event: KnowtuneEvent, at: number): RunView {
  switch (event.type) {
    case 'run-started': {
      const phases = event.phases.map((id) => waiting(id, STEP_OF_PHASE[id], PHASE_LABELS[id]));
      return {
        ...view,
        phases: [...changePhase(view.phases, 'load', { status: 'done', endedAt: at }), ...phases],
      };
    }
    case 'phase-started':
      return { ...view, phases: changePhase(view.phases, event.phase, { status: 'running', startedAt: at }) };
    case 'phase-finished':
      return { ...view, phases: changePhase(view.phases, event.phase, { status: 'done', endedAt: at }) };
    case 'step':
      return {
        ...view,
        phases: changePhase(view.phases, event.phase, { done: event.log.step, total: event.totalSteps }),
        trainings: addStep(view.trainings, event),
      };
    case 'answers': {
      const given = view.answers[event.system] ?? [];
      const progress = { done: event.done, total: event.total };
      return {
        ...view,
        phases: changePhase(view.phases, `evaluate-${event.system}`, progress),
        answers: { ...view.answers, [event.system]: [...given, ...event.answers] },
      };
    }
    case 'run-finished':
      return { ...view, report: event.report };
    case 'problem':
    case 'memory':
      return view;
  }
}

function changePhase(
  phases: readonly PhaseView[],
  id: PhaseView['id'],
  change: Partial<PhaseView>,
): PhaseView[] {
  return phases.map((phase) => (phase.id === id ? { ...phase, ...change } : phase));
}

function addStep(
  trainings: readonly TrainingView[],
  event: KnowtuneEvent & { type: 'step' },
): TrainingView[] {
  const { phase, log, totalSteps } = event;
  const others = trainings.filter((training) => training.phase !== phase);
  const steps = trainings.find((training) => training.phase === phase)?.log ?? [];
  return [...others, { phase, log: [...steps, log], totalSteps }];
}
