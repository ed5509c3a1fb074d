/** @file The memory plan: one bar, its parts in words and numbers, and whether the adapter takes it. */
import type { JSX } from 'preact';
import { formatBytes } from '../format.ts';
import type { MemoryPlan, Verdict } from '../state/model_plan.ts';
import { CheckIcon, CrossIcon, QuestionIcon } from './icons.tsx';

export function ModelPlan({
  plan,
  tokens,
}: {
  plan: MemoryPlan | string | null;
  tokens: number;
}): JSX.Element | null {
  if (plan === null) return null;
  if (typeof plan === 'string')
    return (
      <p class="verdict exceeds">
        <CrossIcon />
        <span>This adapter cannot hold it: {plan}</span>
      </p>
    );
  return (
    <div class="memory-plan">
      <h4>
        GPU memory to train it <span class="number">{formatBytes(plan.bytes)}</span>
      </h4>
      <p class="parts" aria-hidden="true">
        {plan.lines.map(({ part, bytes }) => (
          <span key={part} class={`part ${part}`} style={{ flexGrow: bytes }} />
        ))}
      </p>
      <dl>
        {plan.lines.map(({ part, label, bytes }) => (
          <div key={part}>
            <dt>
              <span class={`swatch ${part}`} aria-hidden="true" />
              {label}
            </dt>
            <dd class="number">{formatBytes(bytes)}</dd>
          </div>
        ))}
      </dl>
      <Outcome verdict={plan.verdict} tokens={tokens} />
    </div>
  );
}

function Outcome({ verdict, tokens }: { verdict: Verdict; tokens: number }): JSX.Element {
  switch (verdict.kind) {
    case 'fits':
      return (
        <p class="verdict fits">
          <CheckIcon />
          <span>
            Within the limits of this adapter. How much memory it has in all, no browser tells: where it runs
            out, the page says so.
          </span>
        </p>
      );
    case 'unknown':
      return (
        <p class="verdict">
          <QuestionIcon />
          <span>Whether it fits is known once the browser hands out a GPU.</span>
        </p>
      );
    case 'exceeds':
      return (
        <p class="verdict exceeds">
          <CrossIcon />
          <span>
            Does not fit: “{verdict.problem}” takes one buffer of {formatBytes(verdict.needs)}, and this
            adapter takes {formatBytes(verdict.limit)} at most.{' '}
            {tokens > 64 ? 'Fewer tokens would help.' : ''}
          </span>
        </p>
      );
  }
}
