/** @file Which facts are trained on: the most surprising ones, those in the middle, or the surprising ones among the known. */
import { InputError } from '../formats/input_error.ts';
import { selectDifficult, selectMiddle } from './difficulty.ts';
import { type Project, type ProjectAtom, type ProjectQuestion, supportedAtoms } from './project.ts';

/** Marks the atoms that the method selects among the supported ones. All must have been measured. */
export function selectAtoms(project: Project): Project {
  const { alpha, select } = project.method;
  if (select === 'middle') return markMiddle(project, alpha);
  if (select === 'known') requireKnowledge(project);
  return {
    ...project,
    questions: project.questions.map((question) => {
      const candidates = supportedAtoms(question).filter(
        (i) => select === 'top' || isKnown(question.atoms[i]!),
      );
      const chosen = selectDifficult(
        candidates.map((i) => measured(question.atoms[i]!)),
        alpha,
      );
      return mark(question, new Set(chosen.map((k) => candidates[k]!)));
    }),
  };
}

/** The band is one over all questions: a question whose facts are all strange to the model gets no fine-grained row. */
function markMiddle(project: Project, alpha: number): Project {
  const places = project.questions.flatMap((question, q) =>
    question.excluded ? [] : supportedAtoms(question).map((i) => ({ q, i })),
  );
  const perplexities = places.map(({ q, i }) => measured(project.questions[q]!.atoms[i]!));
  const chosen = selectMiddle(perplexities, alpha).map((k) => places[k]!);
  const byQuestion = project.questions.map(() => new Set<number>());
  for (const { q, i } of chosen) byQuestion[q]!.add(i);
  return { ...project, questions: project.questions.map((question, q) => mark(question, byQuestion[q]!)) };
}

function mark(question: ProjectQuestion, selected: ReadonlySet<number>): ProjectQuestion {
  return { ...question, atoms: question.atoms.map((atom, i) => ({ ...atom, difficult: selected.has(i) })) };
}

function measured({ text, perplexity }: ProjectAtom): number {
  if (perplexity === null) throw new Error(`the perplexity of "${text}" has not been measured`);
  return perplexity;
}

function isKnown({ knowledge }: ProjectAtom): boolean {
  return knowledge !== null && knowledge.level !== 'Unknown';
}

function requireKnowledge({ questions }: Project): void {
  const atoms = questions.flatMap((question) => question.atoms);
  if (atoms.length > 0 && atoms.every(({ knowledge }) => knowledge === null))
    throw new InputError(
      'facts',
      'What the model knows has not been asked of any of them.',
      'Select the most surprising ones (top), or use an author that writes questions about each.',
    );
}
