/** @file D_ka, the data of Stage I: every question as it was, and a fine-grained one about its difficult atoms. */
import type { PromptCompletion } from '../train/tuner.ts';
import { included, type Project } from './project.ts';

/** D: the questions as they were given. */
export function originalRows(project: Project): PromptCompletion[] {
  return included(project.questions).map(({ question, answer }) => ({
    prompt: question,
    completion: answer,
  }));
}

/** D_ka = D and {(q*, a*)}: the given rows first, then the fine-grained ones, in the project's order; then the replayed. */
export function augmentedRows(project: Project): PromptCompletion[] {
  const fine = included(project.questions).flatMap(({ fineGrained }) =>
    fineGrained ? [{ prompt: fineGrained.question, completion: fineGrained.answer }] : [],
  );
  const excluded = new Set(project.questions.filter((row) => row.excluded).map(({ id }) => id));
  const replayed = project.replay
    .filter(({ id }) => !excluded.has(id))
    .map(({ question, answer }) => ({ prompt: question, completion: answer }));
  return [...originalRows(project), ...fine, ...replayed];
}
