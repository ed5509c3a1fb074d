/** @file Figures about the project that is being worked on, as its page shows them. */
import { countAtoms, countDifficult, countPairs } from '../knowtuning/counts.ts';
import type { Project } from '../knowtuning/project.ts';
import { hasExcluded } from './studio_filter.ts';
import type { StudioCounts } from './studio_protocol.ts';

export function studioCounts(project: Project): StudioCounts {
  const { questions } = project;
  const count = (test: (question: Project['questions'][number]) => boolean) => questions.filter(test).length;
  return {
    atoms: countAtoms(project),
    difficult: countDifficult(project),
    fineGrained: count(({ fineGrained }) => fineGrained !== null),
    pairs: countPairs(project).pairs!,
    problems: count(({ problems }) => problems.length > 0),
    excluded: count(hasExcluded),
    excludedQuestions: count(({ excluded }) => excluded ?? false),
    edited: count(({ byHand }) => (byHand?.length ?? 0) > 0),
    measured: count(({ atoms }) => atoms.length > 0 && atoms.every(({ perplexity }) => perplexity !== null)),
  };
}
