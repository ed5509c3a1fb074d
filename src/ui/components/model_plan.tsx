/** @file The memory plan: one bar, its parts in words and numbers, and whether the adapter takes it. */
import type { JSX } from 'preact';
import { formatBytes, formatShare, formatValue } from '../format.ts';
import type { MemoryPlan, RecomputationView, Verdict } from '../state/model_plan.ts';
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
      <p class="plan-outcome exceeds">
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
      <Recomputation view={plan.recomputation} bytes={plan.bytes} />
      <Outcome verdict={plan.verdict} tokens={tokens} />
    </div>
  );
}

function Recomputation({ view, bytes }: { view: RecomputationView; bytes: number }): JSX.Element {
  const { layers, ofLayers, flopPerToken, extraWork, leastBytes } = view;
  const work = `${formatValue(flopPerToken / 1e9)} GFLOP per token`;
  return (
    <p class="soft recomputation">
      {layers === 0
        ? `Nothing is computed twice: ${work}.`
        : `${layers} of ${ofLayers} layers are computed twice: ${formatShare(extraWork)} more work, ${work}.`}
      {leastBytes < bytes
        ? ` With less memory to use, more layers are computed twice, down to ${formatBytes(leastBytes)}.`
        : ''}
    </p>
  );
}

function Outcome({ verdict, tokens }: { verdict: Verdict; tokens: number }): JSX.Element {
  switch (verdict.kind) {
    case 'fits':
      return (
        <p class="plan-outcome fits">
          <CheckIcon />
          <span>
            Within the limits of this adapter. How much memory it has in all, no browser tells: where it runs
            out, the page says so.
          </span>
        </p>
      );
    case 'unknown':
      return (
        <p class="plan-outcome">
          <QuestionIcon />
          <span>Whether it fits is known once the browser hands out a GPU.</span>
        </p>
      );
    case 'over-budget':
      return (
        <p class="plan-outcome exceeds">
          <CrossIcon />
          <span>
            Takes more than {formatBytes(verdict.budget)}, although every layer is computed twice. Fewer
            tokens, a lower rank or smaller weights would help.
          </span>
        </p>
      );
    case 'exceeds':
      return (
        <p class="plan-outcome exceeds">
          <CrossIcon />
          <span>
            Does not fit: “{verdict.problem}” takes one buffer of {formatBytes(verdict.needs)}, and this
            adapter takes {formatBytes(verdict.limit)} at most.{' '}
            {verdict.cure === 'rank'
              ? 'A lower rank would help.'
              : tokens > 64
                ? 'Fewer tokens would help.'
                : ''}
          </span>
        </p>
      );
  }
}
