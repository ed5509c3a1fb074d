/**
 * @file D_kc, the data of Stage II: for every question one better answer (all facts, other words) and up to three
 * worse ones (facts deleted, facts made false, facts out of order), which are plain sequences of atoms.
 */
import type { KeyedRandom } from '../authors/keyed_random.ts';
import type { PreferenceGroup } from '../train/tuner.ts';
import { type Aspect, type ComparisonPair, included, type Project } from './project.ts';

/** One sentence in a form in which only wording counts: Unicode NFC, lower case, single spaces. */
export function normaliseText(text: string): string {
  return text.normalize('NFC').toLowerCase().replace(/\s+/g, ' ').trim();
}

/** Atoms without repetitions (after normalisation) and without empty ones, in order. */
export function uniqueAtoms(atoms: readonly string[]): string[] {
  const seen = new Set<string>();
  return atoms.filter((atom) => {
    const key = normaliseText(atom);
    if (key === '' || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

/**
 * Indices, ascending, of floor(beta n) atoms to delete, drawn at random: at least one, and one at least is kept.
 * @returns null for fewer than two atoms
 */
export function chooseDeleted(n: number, beta: number, random: KeyedRandom): number[] | null {
  if (n < 2) return null;
  const count = Math.min(n - 1, Math.max(1, Math.floor(beta * n + 1e-9)));
  return random
    .shuffled(Array.from({ length: n }, (_, i) => i))
    .slice(0, count)
    .sort((a, b) => a - b);
}

/**
 * A permutation of all n atoms that is not the identity, each of them equally likely (for two: the swap).
 * @returns null for fewer than two atoms
 */
export function choosePermutation(n: number, random: KeyedRandom): number[] | null {
  if (n < 2) return null;
  const identity = Array.from({ length: n }, (_, i) => i);
  for (;;) {
    const order = random.shuffled(identity);
    if (order.some((from, to) => from !== to)) return order;
  }
}

/** The worse answers of one question, made of its atoms; those that cannot be made are left out. */
export interface WorseAnswers {
  readonly better: string;
  readonly atoms: readonly string[];
  /** For each atom its false version, or null where there is none. */
  readonly revised: readonly (string | null)[];
  readonly beta: number;
  readonly random: (aspect: Aspect) => KeyedRandom;
}

/** The pairs (better, worse) of a question: incomplete, nonfactual, illogical, as far as they differ from the better. */
export function comparisonPairs({ better, atoms, revised, beta, random }: WorseAnswers): ComparisonPair[] {
  const pairs: ComparisonPair[] = [];
  const add = (aspect: Aspect, worse: readonly string[], changed: number[]): void => {
    const text = worse.join(' ');
    if (changed.length === 0 || normaliseText(text) === normaliseText(better)) return;
    pairs.push({ aspect, better, worse: text, changed });
  };

  const deleted = chooseDeleted(atoms.length, beta, random('incomplete'));
  if (deleted) {
    add(
      'incomplete',
      atoms.filter((_, i) => !deleted.includes(i)),
      deleted,
    );
  }

  const isRevised = atoms.map((atom, i) => {
    const text = revised[i];
    return text != null && normaliseText(text) !== normaliseText(atom);
  });
  add(
    'nonfactual',
    atoms.map((atom, i) => (isRevised[i] ? revised[i]! : atom)),
    atoms.map((_, i) => i).filter((i) => isRevised[i]),
  );

  const order = choosePermutation(atoms.length, random('illogical'));
  if (order) {
    add(
      'illogical',
      order.map((from) => atoms[from]!),
      order
        .map((from, to) => (from === to ? -1 : from))
        .filter((i) => i >= 0)
        .sort((a, b) => a - b),
    );
  }
  return pairs;
}

/** D_kc as groups: a question with its better answer and the worse ones it is compared with. */
export function preferenceGroups(project: Project): PreferenceGroup[] {
  return included(project.questions).flatMap(({ question, pairs: all }) => {
    const pairs = included(all);
    return [...new Set(pairs.map(({ better }) => better))].map((chosen) => ({
      prompt: question,
      chosen,
      rejected: pairs.filter(({ better }) => better === chosen).map(({ worse }) => worse),
    }));
  });
}

/** A pair as a row of a preference data set. */
export interface PreferenceRow {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: string;
  readonly aspect: Aspect;
}

/** D_kc as rows, a question's pairs together. */
export function preferenceRows(project: Project): PreferenceRow[] {
  return included(project.questions).flatMap(({ question, pairs }) =>
    included(pairs).map(({ better, worse, aspect }) => ({
      prompt: question,
      chosen: better,
      rejected: worse,
      aspect,
    })),
  );
}
