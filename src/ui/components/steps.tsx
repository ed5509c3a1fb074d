/** @file The four steps, all visible from the start, each with its state. */
import type { JSX } from 'preact';
import { CheckIcon, RunningIcon, WaitingIcon } from './icons.tsx';

export interface StepView {
  readonly anchor: string;
  readonly title: string;
  readonly text: string;
  readonly status: 'waiting' | 'running' | 'done';
  /** The state in words. */
  readonly state: string;
}

export function Steps({ steps }: { steps: readonly StepView[] }): JSX.Element {
  return (
    <nav class="steps-nav" aria-label="The four steps">
      <ol class="steps">
        {steps.map((step, i) => (
          <li
            key={step.anchor}
            class={`step ${step.status}`}
            aria-current={step.status === 'running' ? 'step' : undefined}
          >
            <a href={`#${step.anchor}`}>
              <span class="title">
                <span class="number">{i + 1}</span>
                <span>{step.title}</span>
              </span>
            </a>
            <p>{step.text}</p>
            <span class="state">
              {step.status === 'done' ? (
                <CheckIcon />
              ) : step.status === 'running' ? (
                <RunningIcon />
              ) : (
                <WaitingIcon />
              )}
              {step.state}
            </span>
          </li>
        ))}
      </ol>
    </nav>
  );
}
