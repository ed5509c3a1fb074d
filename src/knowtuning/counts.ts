/** @file Figures about a project as a whole. */
import { KNOWLEDGE_LEVELS, type KnowledgeLevel, type Project } from './project.ts';

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

/** Atoms of each class of knowledge; null where none was asked for. */
export function countKnowledge(
  { questions }: Project,
  field: 'knowledge' | 'knowledgeAfter',
): Record<KnowledgeLevel, number> | null {
  const levels = questions.flatMap(({ atoms }) => atoms.flatMap((atom) => atom[field]?.level ?? []));
  if (levels.length === 0) return null;
  const counts = KNOWLEDGE_LEVELS.map((level) => [level, levels.filter((each) => each === level).length]);
  return Object.fromEntries(counts) as Record<KnowledgeLevel, number>;
}
