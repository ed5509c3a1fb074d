/** @file Figures about a project as a whole. */
import type { Project } from './project.ts';

/** Atoms of all questions. */
export function countAtoms({ questions }: Project): number {
  return questions.reduce((sum, { atoms }) => sum + atoms.length, 0);
}

/** Atoms that were selected. */
export function countDifficult({ questions }: Project): number {
  return questions.reduce((sum, { atoms }) => sum + atoms.filter((atom) => atom.difficult).length, 0);
}

/** Pairs, in all and by aspect. */
export function countPairs({ questions }: Project): Record<string, number> {
  const pairs = questions.flatMap((question) => question.pairs);
  const of = (aspect: string): number => pairs.filter((pair) => pair.aspect === aspect).length;
  return {
    pairs: pairs.length,
    incomplete: of('incomplete'),
    nonfactual: of('nonfactual'),
    illogical: of('illogical'),
  };
}

/** exp of the mean logarithm over all atoms, so that one very surprising atom does not hide the others; null if unmeasured. */
export function geometricMean(
  { questions }: Project,
  field: 'perplexity' | 'perplexityAfter',
): number | null {
  const values = questions.flatMap(({ atoms }) => atoms.map((atom) => atom[field]));
  if (values.length === 0 || values.includes(null)) return null;
  return Math.exp(values.reduce((sum: number, value) => sum + Math.log(value!), 0) / values.length);
}
