/** @file The four steps and how far each is, from what is known. */
import type { ProbeResult, RunRequest } from '../../workers/protocol.ts';
import type { PhaseView, RunView, Step } from '../../workers/run_view.ts';
import type { StepView } from '../components/steps.tsx';
import { modelName, runTexts } from './run_texts.ts';

const STEPS: readonly { readonly step: Step; readonly title: string }[] = [
  { step: 'model', title: 'Model' },
  { step: 'data', title: 'Data' },
  { step: 'train', title: 'Train' },
  { step: 'compare', title: 'Compare' },
];

export function stepViews(probe: ProbeResult | null, view: RunView | null): readonly StepView[] {
  const blocked = probe !== null && !probe.ok;
  const texts = stepTexts(view?.request ?? null);
  return STEPS.map(({ step, title }) => {
    const phases = view?.phases.filter((phase) => phase.step === step) ?? [];
    const status = stepStatus(phases);
    return {
      anchor: step,
      title,
      text: texts[step],
      status,
      state: stateText(step, status, phases, view, blocked),
    };
  });
}

/** Before there is a run, of the demo: that is what the button begins. */
function stepTexts(request: RunRequest | null): Readonly<Record<Step, string>> {
  const { data, compare } = runTexts(request ?? { data: { kind: 'demo', questions: 0 } });
  const name = request && modelName(request.model.choice);
  return {
    model: name ?? 'A small Llama that comes with this page.',
    data,
    train: 'Plain fine-tuning, then KnowTuning’s two stages.',
    compare,
  };
}

function stepStatus(phases: readonly PhaseView[]): StepView['status'] {
  if (phases.length > 0 && phases.every((phase) => phase.status === 'done')) return 'done';
  if (phases.some((phase) => phase.status !== 'waiting')) return 'running';
  return 'waiting';
}

function stateText(
  step: Step,
  status: StepView['status'],
  phases: readonly PhaseView[],
  view: RunView | null,
  blocked: boolean,
): string {
  if (status === 'done') return 'Done';
  const running = phases.find((phase) => phase.status === 'running');
  if (running) return running.label;
  if (status === 'running') return 'Partly done';
  if (view !== null) return 'Not yet';
  if (blocked) return 'Needs WebGPU';
  return step === 'model' || step === 'data' ? 'Ready' : 'Follows with a run';
}
