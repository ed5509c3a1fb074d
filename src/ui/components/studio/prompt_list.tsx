/** @file The prompts that a language model is asked with, to be read. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { AuthorOperation } from '../../../authors/author.ts';
import type { Prompts } from '../../../authors/prompts.ts';
import { OPERATION_TITLES } from './build_progress.tsx';

const SHOWN: readonly AuthorOperation[] = [
  'extract',
  'rewriteQuestion',
  'rewriteAnswer',
  'rephrase',
  'revise',
];

export function PromptList(): JSX.Element {
  const [prompts, setPrompts] = useState<Prompts | null>(null);
  const load = async () => {
    const { bundledPrompts } = await import('../../../workers/prompts.ts');
    setPrompts(bundledPrompts());
  };
  return (
    <details
      class="prompts"
      onToggle={(event) => event.currentTarget.open && prompts === null && void load()}
    >
      <summary>What it is asked: the prompts</summary>
      {prompts === null ? null : (
        <dl>
          {SHOWN.map((operation) => (
            <div key={operation}>
              <dt>{OPERATION_TITLES[operation]}</dt>
              <dd>
                {prompts.of(operation).map(({ text }) => (
                  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys.
                  <pre key={text} tabIndex={0}>
                    {text}
                  </pre>
                ))}
              </dd>
            </div>
          ))}
        </dl>
      )}
    </details>
  );
}
