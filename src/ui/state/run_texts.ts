/** @file What the page says of a run, by what it learns from. */

import type { ModelChoice } from '../../workers/model_protocol.ts';
import type { RunData, RunRequest } from '../../workers/protocol.ts';

interface RunTexts {
  /** Under the step that is the data. */
  readonly data: string;
  /** Under the step that is the comparison, and above the comparison itself. */
  readonly compare: string;
  readonly compareLede: string;
}

const TEXTS: Readonly<Record<RunData['kind'], RunTexts>> = {
  demo: {
    data: 'Questions and answers, taken apart into facts.',
    compare: 'Answers before and after, fact by fact.',
    compareLede:
      'The same questions, in phrasings that training never uses. Every sentence of an answer is checked against what is true.',
  },
  facts: {
    data: 'Your facts, each asked for in several phrasings.',
    compare: 'Your facts, asked for before and after.',
    compareLede:
      'Each of your facts, asked for in a phrasing that was not trained. An answer counts where it holds all key words of the fact.',
  },
  project: {
    data: 'Your questions and answers, taken apart into facts.',
    compare: 'Questions that were held out, before and after.',
    compareLede:
      'Questions that were kept out of training, each with the answer that your data give. No one knows here what is true: an answer is measured by the key words that it shares with yours.',
  },
};

export const runTexts = ({ data }: Pick<RunRequest, 'data'>): RunTexts => TEXTS[data.kind];

/** What a model is called; the bundled one has no name of its own for people. */
export function modelName(choice: ModelChoice): string | null {
  if (choice.kind === 'bundled') return null;
  return choice.kind === 'hub' ? choice.id : choice.name;
}
