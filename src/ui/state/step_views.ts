/** @file The four steps and how far each is, from what is known. */
import type { ProbeResult } from '../../workers/protocol.ts';
import type { PhaseView, RunView, Step } from '../../workers/run_view.ts';
import type { StepView } from '../components/steps.tsx';

const STEPS: readonly { readonly step: Step; readonly title: string; readonly text: string }[] = [
  { step: 'model', title: 'Model', text: 'A small Llama that comes with this page.' },
  { step: 'data', title: 'Data', text: 'Questions and answers, taken apart into facts.' },
  { step: 'train', title: 'Train', text: 'Plain fine-tuning, then KnowTuning’s two stages.' },
  { step: 'compare', title: 'Compare', text: 'Answers before and after, fact by fact.' },
];

export function stepViews(probe: ProbeResult | null, view: RunView | null): readonly StepView[] {
  const blocked = probe !== null && !probe.ok;
  return STEPS.map(({ step, title, text }) => {
    const phases = view?.phases.filter((phase) => phase.step === step) ?? [];
    const status = stepStatus(phases);
    return { anchor: step, title, text, status, state: stateText(step, status, phases, view, blocked) };
  });
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
  return step === 'model' || step === 'data' ? 'Ready' : 'Follows when the demo runs';
}
