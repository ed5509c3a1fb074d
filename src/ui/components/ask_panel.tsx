/** @file A question to the loaded model: it answers as it came and, once there is one, with the adapter trained here. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { formatValue } from '../format.ts';
import { type AnswerView, asked, askModel, hasAdapter, problem, stopTask, task } from '../state/workbench.ts';
import { FailureNotice } from './notice.tsx';
import { NumberField } from './number_field.tsx';

const DEFAULTS = { maxNewTokens: 128, temperature: 0, topK: 0, topP: 1, repetitionPenalty: 1, seed: 0 };

export function AskPanel(): JSX.Element {
  const [prompt, setPrompt] = useState('');
  const [settings, setSettings] = useState(DEFAULTS);
  const set = (name: keyof typeof DEFAULTS) => (value: number) => setSettings({ ...settings, [name]: value });
  const asking = task.value === 'ask';
  const ask = (event: Event) => {
    event.preventDefault();
    if (task.value !== null || prompt.trim() === '') return;
    const { maxNewTokens, ...sampling } = settings;
    void askModel({ prompt, maxNewTokens, sampling });
  };
  return (
    <div class="sheet ask">
      <h3>Ask it</h3>
      <form onSubmit={ask}>
        <label class="question">
          Question
          <textarea
            rows={2}
            value={prompt}
            onInput={(event) => setPrompt(event.currentTarget.value)}
            placeholder="What is the capital of France?"
          />
        </label>
        <details>
          <summary>How it answers</summary>
          <div class="fields">
            <NumberField
              label="Tokens at most"
              value={settings.maxNewTokens}
              least={1}
              onChange={set('maxNewTokens')}
            />
            <NumberField
              label="Temperature"
              hint="0: always the likeliest"
              value={settings.temperature}
              least={0}
              step={0.1}
              onChange={set('temperature')}
            />
            <NumberField label="Top k" hint="0: all" value={settings.topK} least={0} onChange={set('topK')} />
            <NumberField
              label="Top p"
              hint="1: all"
              value={settings.topP}
              least={0.01}
              most={1}
              step={0.01}
              onChange={set('topP')}
            />
            <NumberField
              label="Repetition penalty"
              hint="1: none"
              value={settings.repetitionPenalty}
              least={0.1}
              step={0.05}
              onChange={set('repetitionPenalty')}
            />
            <NumberField label="Seed" value={settings.seed} least={0} onChange={set('seed')} />
          </div>
        </details>
        <div class="actions">
          <button type="submit" aria-disabled={task.value !== null || prompt.trim() === ''}>
            Ask
          </button>
          {asking ? (
            <button type="button" class="quiet" onClick={stopTask}>
              Stop
            </button>
          ) : null}
        </div>
      </form>
      {problem.value?.task === 'ask' ? <FailureNotice failure={problem.value.failure} /> : null}
      {asked.value === null ? null : (
        <div class={hasAdapter.value ? 'pair' : 'single'} aria-live="polite" aria-busy={asking}>
          <Answer
            heading={hasAdapter.value ? 'Before training' : 'Answer'}
            answer={asked.value.answers.base}
            waiting={asking}
          />
          {hasAdapter.value ? (
            <Answer
              heading="With your adapter"
              answer={asked.value.answers.adapter}
              waiting={asking && asked.value.answers.base?.done === true}
            />
          ) : null}
        </div>
      )}
    </div>
  );
}

interface AnswerProps {
  readonly heading: string;
  readonly answer: AnswerView | undefined;
  readonly waiting: boolean;
}

function Answer({ heading, answer, waiting }: AnswerProps): JSX.Element {
  return (
    <div class="answer">
      <h4>{heading}</h4>
      {answer === undefined ? (
        <p class="soft">{waiting ? 'Reading the question …' : 'Not asked yet.'}</p>
      ) : (
        <>
          <p class="generated">
            {answer.text.trimStart() || (answer.done ? '(an empty answer)' : '')}
            {answer.done ? null : <span class="caret" aria-hidden="true" />}
          </p>
          {answer.done && answer.tokens > 0 ? (
            <p class="soft number">
              {answer.tokens} tokens, {formatValue(answer.tokens / answer.seconds)} per second
            </p>
          ) : null}
        </>
      )}
    </div>
  );
}
