/** @file How much each fact of some questions surprises a model: what difficulty is judged by (difficulty.ts). */
import type { Adapter, PromptCompletion, Tuner } from '../train/tuner.ts';
import { perplexity } from './difficulty.ts';
import type { MethodOptions } from './project.ts';

export interface FactsOfQuestion {
  readonly id: string;
  readonly question: string;
  readonly atoms: readonly string[];
}

/**
 * Perplexities of the facts under an adapter (null: the base model), in the facts' order, by the question's id.
 * @param pplContext whether a fact is measured after its question, or after nothing
 */
export async function factPerplexities(
  questions: readonly FactsOfQuestion[],
  pplContext: MethodOptions['pplContext'],
  tuner: Pick<Tuner, 'logprobs'>,
  adapter: Adapter | null,
  signal?: AbortSignal,
): Promise<Map<string, number[]>> {
  const rows = questions.flatMap(({ question, atoms }) =>
    atoms.map((completion): PromptCompletion => ({ prompt: question, completion })),
  );
  if (rows.length === 0) return new Map();
  const scored = await tuner.logprobs(rows, adapter, {
    eos: false,
    bare: pplContext === 'none',
    ...(signal ? { signal } : {}),
  });
  let next = 0;
  return new Map(
    questions.map(({ id, atoms }) => [id, atoms.map(() => perplexity(scored[next++]!.logprobs))]),
  );
}
