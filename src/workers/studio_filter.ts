/** @file Which rows of a project are looked at: by what their texts hold, by aspect, by what there is to say about them. */
import type { Finding } from '../knowtuning/audit/finding.ts';
import type { ProjectQuestion } from '../knowtuning/project.ts';
import type { RowMark, StudioFilter } from './studio_protocol.ts';

/** What the audit found about a question. */
export type FindingsOf = (question: ProjectQuestion) => readonly Finding[];

/** Whether a filter lets a row through. */
export function rowFilter(
  { search, aspect, only, finding }: StudioFilter,
  findingsOf: FindingsOf,
): (question: ProjectQuestion) => boolean {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return (question) => {
    if (aspect !== null && !question.pairs.some((pair) => pair.aspect === aspect)) return false;
    if (only !== null && !hasMark(question, only, findingsOf)) return false;
    if (finding !== null && !findingsOf(question).some(({ kind }) => kind === finding)) return false;
    if (words.length === 0) return true;
    const text = textOf(question);
    return words.every((word) => text.includes(word));
  };
}

/** Places of the questions of which a part is yet to be written. */
export function unwritten(questions: readonly ProjectQuestion[]): number[] {
  return [...questions.keys()].filter((i) => isUnwritten(questions[i]!));
}

/** Whether something of a question was left out by hand. */
export function hasExcluded({ excluded, atoms, pairs }: ProjectQuestion): boolean {
  return Boolean(excluded) || [...atoms, ...pairs].some((part) => part.excluded);
}

const isUnwritten = ({ stale }: ProjectQuestion) => (stale?.length ?? 0) > 0;

function hasMark(question: ProjectQuestion, mark: RowMark, findingsOf: FindingsOf): boolean {
  switch (mark) {
    case 'findings':
      return findingsOf(question).some(({ severity }) => severity !== 'note');
    case 'problems':
      return question.problems.length > 0;
    case 'unsupported':
      return question.atoms.some(({ supported }) => !supported);
    case 'excluded':
      return hasExcluded(question);
    case 'edited':
      return (question.byHand?.length ?? 0) > 0;
    case 'unwritten':
      return isUnwritten(question);
  }
}

function textOf({ question, answer, atoms, fineGrained, better, pairs }: ProjectQuestion): string {
  const fine = fineGrained ? [fineGrained.question, fineGrained.answer] : [];
  const texts = [question, answer, ...atoms.map(({ text }) => text), ...fine, better ?? ''];
  return [...texts, ...pairs.map(({ worse }) => worse)].join('\n').toLowerCase();
}
