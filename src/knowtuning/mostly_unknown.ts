/** @file Training on facts that a model does not know at all is reported to make it invent (Gekhman et al. 2024). */
import type { Project } from './project.ts';

export interface UnknownWarning {
  readonly message: string;
  readonly cure: string;
}

/** A warning where the model knows more than half of the facts chosen for training not at all, else null. */
export function warnOfUnknown({ questions }: Project): UnknownWarning | null {
  const asked = questions
    .flatMap(({ atoms }) => atoms)
    .filter(({ difficult, knowledge }) => difficult && knowledge !== null);
  const unknown = asked.filter(({ knowledge }) => knowledge!.level === 'Unknown').length;
  if (unknown <= asked.length / 2) return null;
  return {
    message: `Of ${asked.length} facts chosen for training the model knows ${unknown} not at all. Training on unknown facts is slow, and is reported to make a model invent.`,
    cure: 'Select the middle band or known facts (--select middle, --select known), or replay known ones (--replay 0.5).',
  };
}
