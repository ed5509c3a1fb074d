/** @file Rows that do not fit the model's context: training refuses them. */
import type { PromptCompletion } from '../../train/tuner.ts';
import type { Aspect, Project } from '../project.ts';
import type { Finding } from './finding.ts';

/** How rows are counted: the tokens of each, with template and end-of-sequence token. */
export interface ContextLimit {
  readonly tokens: number;
  readonly count: (rows: readonly PromptCompletion[]) => Promise<readonly number[]>;
}

export async function findLongRows(project: Project, limit: ContextLimit): Promise<Finding[]> {
  const places: { id: string; aspect: Aspect | null; what: string; row: PromptCompletion }[] = [];
  for (const { id, question, answer, fineGrained, pairs } of project.questions) {
    const add = (what: string, prompt: string, completion: string, aspect: Aspect | null = null) =>
      places.push({ id, aspect, what, row: { prompt, completion } });
    add('question with its answer', question, answer);
    if (fineGrained) add('fine-grained question with its answer', fineGrained.question, fineGrained.answer);
    for (const { aspect, better, worse } of pairs) {
      add('question with the better answer', question, better, aspect);
      add('question with the worse answer', question, worse, aspect);
    }
  }
  const counts = await limit.count(places.map(({ row }) => row));
  return places.flatMap(({ id, aspect, what }, i): Finding[] =>
    counts[i]! <= limit.tokens
      ? []
      : [
          {
            ...{ kind: 'over-context', severity: 'error', id, aspect },
            message: `The ${what} has ${counts[i]} tokens; the context holds ${limit.tokens}.`,
            cure: 'Shorten or split the answer, or leave the row out.',
          },
        ],
  );
}
