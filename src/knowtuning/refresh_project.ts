/**
 * @file A project that was built and edited before, on its way through a run: one part of all questions is brought up to
 * date at a time, since what is difficult is measured in between.
 */
import type { Author } from '../authors/author.ts';
import { unmeasured } from './edits.ts';
import { mapQuestions, type PrepareContext } from './prepare.ts';
import type { DerivedPart, Project, ProjectQuestion } from './project.ts';
import { refreshQuestion } from './refresh.ts';

/** The project without what another model, or another run, measured. */
export function unmeasuredProject(project: Project): Project {
  return {
    ...project,
    questions: project.questions.map((question) => ({
      ...question,
      atoms: question.atoms.map(unmeasured),
    })),
  };
}

/**
 * Writes a part of each question where it is stale. Fine-grained rows hang on which facts are difficult, which has just
 * been measured: they are all written anew, but for those that a person wrote. Rows that were left out stay as they are.
 */
export function refreshPart(
  project: Project,
  part: DerivedPart,
  author: Author,
  context: PrepareContext = {},
): Promise<Project> {
  return mapQuestions(project, author, context, async (question) => {
    if (question.excluded || !isDue(question, part)) return question;
    const rest = (question.stale ?? []).filter((each) => each !== part);
    const next = await refreshQuestion({ ...question, stale: [part] }, project.method, author, context);
    return rest.length > 0 ? { ...next, stale: rest } : next;
  });
}

function isDue({ stale, fineGrained, byHand }: ProjectQuestion, part: DerivedPart): boolean {
  if (stale?.includes(part)) return true;
  const isByHand = fineGrained !== null && (byHand?.includes('fineGrained') ?? false);
  return part === 'fineGrained' && !isByHand;
}
