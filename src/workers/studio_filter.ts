/** @file Which rows of a project are looked at: by what their texts hold, by aspect, by what there is to say about them. */
import type { ProjectQuestion } from '../knowtuning/project.ts';
import type { StudioFilter } from './studio_protocol.ts';

/** Whether a filter lets a row through. */
export function rowFilter({ search, aspect, only }: StudioFilter): (question: ProjectQuestion) => boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return (question) => {
    if (aspect !== null && !question.pairs.some((pair) => pair.aspect === aspect)) return false;
    if (only === 'problems' && question.problems.length === 0) return false;
    if (only === 'excluded' && !hasExcluded(question)) return false;
    if (words.length === 0) return true;
    const text = textOf(question);
    return words.every((word) => text.includes(word));
  };
}

/** Places of the questions of which a part is yet to be written. */
export function unwritten(questions: readonly ProjectQuestion[]): number[] {
  return [...questions.keys()].filter((i) => (questions[i]!.stale?.length ?? 0) > 0);
}

function hasExcluded({ excluded, atoms, pairs }: ProjectQuestion): boolean {
  return Boolean(excluded) || [...atoms, ...pairs].some((part) => part.excluded);
}

function textOf({ question, answer, atoms, fineGrained, better, pairs }: ProjectQuestion): string {
  const fine = fineGrained ? [fineGrained.question, fineGrained.answer] : [];
  const texts = [question, answer, ...atoms.map(({ text }) => text), ...fine, better ?? ''];
  return [...texts, ...pairs.map(({ worse }) => worse)].join('\n').toLowerCase();
}
