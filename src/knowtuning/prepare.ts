/**
 * @file The steps that turn questions with answers into the two data sets, each from project to project: extract,
 * measure, select, rewrite, compare. Training is not among them.
 */
import pLimit from 'p-limit';
import type { Author, Authored } from '../authors/author.ts';
import { keyedRandom } from '../authors/keyed_random.ts';
import { InputError } from '../formats/input_error.ts';
import type { Adapter, Tuner } from '../train/tuner.ts';
import { comparisonPairs, uniqueAtoms } from './compare.ts';
import { countAtoms } from './counts.ts';
import { factPerplexities } from './fact_perplexities.ts';
import { newAtom, type Project, type ProjectAtom, type ProjectQuestion, supportedAtoms } from './project.ts';
import { SupportCheck } from './support.ts';

export { selectAtoms } from './select.ts';

/** Takes note of what could not be done for a question. */
export type OnProblem = (id: string, operation: string, reason: string) => void;

/** How a step is carried out: who hears of problems, and when to stop. */
export interface PrepareContext {
  readonly onProblem?: OnProblem | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Extract: every answer becomes atoms, without repetitions. Those that the answer does not support are marked, and
 * take no part in what follows.
 * @throws InputError if no answer gave an atom
 */
export async function extractAtoms(
  project: Project,
  author: Author,
  context: PrepareContext = {},
): Promise<Project> {
  return requireAtoms(await extractWhatThereIs(project, author, context), author);
}

/** The project as it is. @throws InputError if no question has an atom */
export function requireAtoms(project: Project, author: Pick<Author, 'name'>): Project {
  if (countAtoms(project) === 0) {
    throw new InputError(
      'training data',
      `No answer holds a fact that the author "${author.name}" can find. ${project.questions[0]?.problems.at(-1)?.reason ?? ''}`.trim(),
      'Use an author that can read these answers.',
    );
  }
  return project;
}

/** As {@link extractAtoms}, for questions of which it may be that none gives an atom. */
export function extractWhatThereIs(
  project: Project,
  author: Author,
  context: PrepareContext = {},
): Promise<Project> {
  return eachQuestion(project, author, context, async (question, problem) => {
    const extracted = await author.extract(question, context.signal);
    if (!extracted.ok) {
      problem('extract', extracted.reason);
      return question;
    }
    for (const reason of extracted.problems) problem('extract', reason);
    const support = new SupportCheck(question);
    const atoms = uniqueAtoms(extracted.value).map((text): ProjectAtom => {
      const reason = support.whyNot(text);
      if (reason === null) return newAtom(text);
      problem('support', `"${text}" is left out: ${reason}`);
      return { ...newAtom(text), supported: false, unsupportedReason: reason };
    });
    return { ...question, atoms };
  });
}

/**
 * Measures every atom's perplexity under an adapter (null: the base model), in the project's context.
 * @param field where it goes: before or after the training that matters
 */
export async function measureAtoms(
  project: Project,
  tuner: Tuner,
  adapter: Adapter | null,
  field: 'perplexity' | 'perplexityAfter',
  context: PrepareContext = {},
): Promise<Project> {
  // By place: nothing holds two questions of a project apart but that.
  const facts = project.questions.map(({ question, atoms }, i) => ({
    ...{ id: String(i), question },
    atoms: atoms.map(({ text }) => text),
  }));
  const { pplContext } = project.method;
  if (facts.every(({ atoms }) => atoms.length === 0)) return project;
  const measured = await factPerplexities(facts, pplContext, tuner, adapter, context.signal);
  return {
    ...project,
    questions: project.questions.map((question, i) => ({
      ...question,
      atoms: question.atoms.map((atom, k) => ({ ...atom, [field]: measured.get(String(i))![k]! })),
    })),
  };
}

/** Rewrite: a fine-grained question and answer from each question's difficult atoms. */
export async function writeFineGrained(
  project: Project,
  author: Author,
  context: PrepareContext = {},
): Promise<Project> {
  return eachQuestion(project, author, context, async (row, problem) => {
    const difficult = row.atoms.filter((atom) => atom.difficult).map((atom) => atom.text);
    if (difficult.length === 0) return { ...row, fineGrained: null };
    const [question, answer] = await Promise.all([
      author.rewriteQuestion(row, difficult, context.signal),
      author.rewriteAnswer(row, difficult, context.signal),
    ]);
    if (!question.ok) problem('rewriteQuestion', question.reason);
    if (!answer.ok) problem('rewriteAnswer', answer.reason);
    const fineGrained = question.ok && answer.ok ? { question: question.value, answer: answer.value } : null;
    return { ...row, fineGrained };
  });
}

/**
 * Rephrase and Revise: the better answer of each question, and the pairs it makes with worse ones. Style-matched, the
 * better answer is its atoms joined as the worse ones are, so that nothing but what they say tells them apart.
 */
export async function writeComparisons(
  project: Project,
  author: Author,
  context: PrepareContext = {},
): Promise<Project> {
  return eachQuestion(project, author, context, async (row, problem) => {
    const supported = supportedAtoms(row);
    const atoms = supported.map((i) => row.atoms[i]!.text);
    if (atoms.length === 0) return { ...row, better: null, pairs: [] };
    const atomsAsTheyAre: Authored<string> = { ok: true, value: atoms.join(' '), problems: [] };
    const [better, ...revisions] = await Promise.all([
      project.method.stylePairs === 'matched' ? atomsAsTheyAre : author.rephrase(row, atoms, context.signal),
      ...atoms.map((atom, k) => author.revise(row, atom, supported[k]!, context.signal)),
    ]);
    if (!better.ok) {
      problem('rephrase', better.reason);
      return { ...row, better: null, pairs: [] };
    }
    for (const reason of better.problems) problem('rephrase', reason);
    for (const written of revisions) {
      for (const reason of written.ok ? written.problems : [written.reason]) problem('revise', reason);
    }
    const revised = revisions.map((written) => (written.ok ? written.value : null));
    const pairs = comparisonPairs({
      better: better.value,
      atoms,
      revised,
      beta: project.method.beta,
      random: (aspect) => keyedRandom(project.method.seed, row.id, aspect),
    }).map((pair) => ({ ...pair, changed: pair.changed.map((k) => supported[k]!) }));
    return { ...row, better: better.value, pairs };
  });
}

/** As {@link mapQuestions}; what went wrong is kept with the question and told. */
export function eachQuestion(
  project: Project,
  author: Pick<Author, 'concurrency'>,
  context: PrepareContext,
  work: (
    question: ProjectQuestion,
    problem: (operation: string, reason: string) => void,
  ) => Promise<ProjectQuestion>,
): Promise<Project> {
  return mapQuestions(project, author, context, async (question) => {
    const problems = [...question.problems];
    const next = await work(question, (operation, reason) => {
      problems.push({ operation, reason });
      context.onProblem?.(question.id, operation, reason);
    });
    return { ...next, problems };
  });
}

/**
 * Does something for every question, several at a time where the author is worth it; the questions keep their order.
 * Where the work fails altogether, calls that are under way are waited for, so that what they bring is not lost.
 */
export async function mapQuestions(
  project: Project,
  { concurrency }: Pick<Author, 'concurrency'>,
  { signal }: PrepareContext,
  work: (question: ProjectQuestion) => Promise<ProjectQuestion>,
): Promise<Project> {
  const inTurn = pLimit(concurrency);
  let failed = false;
  const done = await Promise.allSettled(
    project.questions.map((question) =>
      inTurn(async () => {
        if (failed) return question;
        try {
          signal?.throwIfAborted();
          return await work(question);
        } catch (error) {
          failed = true;
          throw error;
        }
      }),
    ),
  );
  const questions = done.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason;
    return outcome.value;
  });
  return { ...project, questions };
}
