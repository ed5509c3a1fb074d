/**
 * @file Writes what is stale of one question and nothing else. What a person wrote is kept; where the facts behind it
 * have changed since, a problem says so.
 */
import type { Author } from '../authors/author.ts';
import { judged } from './edits.ts';
import {
  extractWhatThereIs,
  type PrepareContext,
  selectAtoms,
  writeComparisons,
  writeFineGrained,
} from './prepare.ts';
import {
  type DerivedPart,
  type MethodOptions,
  PROJECT_VERSION,
  type Project,
  type ProjectQuestion,
} from './project.ts';
import { SupportCheck } from './support.ts';

/** Operations whose problems go when a part is written anew. */
const OPERATIONS: Readonly<Record<DerivedPart, readonly string[]>> = {
  atoms: ['extract', 'support'],
  fineGrained: ['rewriteQuestion', 'rewriteAnswer', 'keptFineGrained'],
  comparisons: ['rephrase', 'revise', 'keptAnswers'],
};

/** The question with all its parts as they follow from each other. */
export async function refreshQuestion(
  question: ProjectQuestion,
  method: MethodOptions,
  author: Author,
  context: PrepareContext = {},
): Promise<ProjectQuestion> {
  let next = question;
  for (const part of question.stale ?? []) {
    const cleared = {
      ...next,
      problems: next.problems.filter(({ operation }) => !OPERATIONS[part].includes(operation)),
    };
    next = await STEPS[part](cleared, method, author, context);
  }
  const { stale: _, ...fresh } = next;
  return fresh;
}

type Step = (
  question: ProjectQuestion,
  method: MethodOptions,
  author: Author,
  context: PrepareContext,
) => Promise<ProjectQuestion>;

const STEPS: Readonly<Record<DerivedPart, Step>> = {
  async atoms(question, method, author, context) {
    if (question.byHand?.includes('atoms')) {
      const support = new SupportCheck(question);
      return { ...question, atoms: question.atoms.map((atom) => judged(atom, support)) };
    }
    return only(await extractWhatThereIs(alone({ ...question, atoms: [] }, method), author, context));
  },

  async fineGrained(question, method, author, context) {
    if (question.fineGrained && question.byHand?.includes('fineGrained'))
      return kept(question, 'keptFineGrained', 'The fine-grained row');
    const chosen = choose(question, method);
    // An author is given the chosen ones; "difficult" is only said of what was measured.
    const marked = { ...chosen, atoms: chosen.atoms.map((atom) => ({ ...atom, difficult: isChosen(atom) })) };
    const written = only(await writeFineGrained(alone(marked, method), author, context));
    return { ...written, atoms: chosen.atoms };
  },

  async comparisons(question, method, author, context) {
    const written = only(await writeComparisons(alone(question, method), author, context));
    const hand = new Set(question.byHand ?? []);
    const isKept = hand.has('better') && question.better !== null;
    const better = isKept ? question.better : written.better;
    const fresh = new Map(written.pairs.map((pair) => [pair.aspect, pair]));
    const pairs = question.pairs.filter(({ aspect }) => hand.has(aspect) && better !== null);
    for (const pair of pairs) fresh.set(pair.aspect, pair);
    const before = new Map(question.pairs.map((pair) => [pair.aspect, pair.excluded ?? false]));
    const merged = [...fresh.values()].map((pair) => ({
      ...pair,
      better: better ?? pair.better,
      ...(before.get(pair.aspect) ? { excluded: true } : {}),
    }));
    const all = { ...written, better, pairs: merged };
    return isKept || pairs.length > 0 ? kept(all, 'keptAnswers', 'An answer') : all;
  },
};

/**
 * Marks the most difficult ones anew where all have been measured. The other ways of selecting look at all questions
 * together: there a question keeps its marks.
 */
function choose(question: ProjectQuestion, method: MethodOptions): ProjectQuestion {
  const isMeasured = question.atoms.every(({ perplexity }) => perplexity !== null);
  return method.select === 'top' && isMeasured ? only(selectAtoms(alone(question, method))) : question;
}

/** As long as nothing was measured, a fine-grained row is about every fact. */
function isChosen({ supported, excluded, difficult }: ProjectQuestion['atoms'][number]): boolean {
  return supported && !excluded && (difficult ?? true);
}

function kept(question: ProjectQuestion, operation: string, what: string): ProjectQuestion {
  const reason = `${what} was written by hand before the facts changed: see whether it still fits.`;
  return { ...question, problems: [...question.problems, { operation, reason }] };
}

const alone = (question: ProjectQuestion, method: MethodOptions): Project => ({
  format: 'tabtune-project',
  version: PROJECT_VERSION,
  ...{ name: 'one question', method, questions: [question], replay: [], authorCalls: {} },
});

const only = (project: Project): ProjectQuestion => project.questions[0]!;
