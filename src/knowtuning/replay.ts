/**
 * @file Replay: rows about facts that the model knows and that were not selected, mixed into Stage I, since training on
 * new facts alone is reported to cost old ones.
 */
import type { Author } from '../authors/author.ts';
import { keyedRandom } from '../authors/keyed_random.ts';
import { eachQuestion, type PrepareContext } from './prepare.ts';
import { included, type Project, type ReplayRow, supportedAtoms } from './project.ts';

/**
 * Writes a fine-grained question and answer for as many known atoms as the method's share of the fine-grained rows says,
 * chosen at random by the seed; fewer where fewer are known. What the model knows must have been measured.
 */
export async function writeReplay(
  project: Project,
  author: Author,
  context: PrepareContext = {},
): Promise<Project> {
  const { replay: share, seed } = project.method;
  if (share === 0) return { ...project, replay: [] };
  const trained = included(project.questions);
  const fine = trained.filter(({ fineGrained }) => fineGrained !== null).length;
  const count = Math.round(share * fine);
  const known = trained.flatMap((question) =>
    supportedAtoms(question).flatMap((atom) => {
      const { difficult, knowledge } = question.atoms[atom]!;
      return !difficult && knowledge !== null && knowledge.level !== 'Unknown'
        ? [{ id: question.id, atom }]
        : [];
    }),
  );
  const chosen = keyedRandom(seed, 'replay').shuffled(known).slice(0, count);
  const rows: ReplayRow[] = [];
  const next = await eachQuestion(project, author, context, async (question, problem) => {
    for (const { id, atom } of chosen) {
      if (id !== question.id) continue;
      const facts = [question.atoms[atom]!.text];
      const [asked, answered] = await Promise.all([
        author.rewriteQuestion(question, facts, context.signal),
        author.rewriteAnswer(question, facts, context.signal),
      ]);
      if (!asked.ok) problem('rewriteQuestion', asked.reason);
      if (!answered.ok) problem('rewriteAnswer', answered.reason);
      if (asked.ok && answered.ok) rows.push({ id, atom, question: asked.value, answer: answered.value });
    }
    return question;
  });
  const order = new Map(chosen.map(({ id, atom }, i) => [`${atom} ${id}`, i]));
  const place = ({ id, atom }: ReplayRow): number => order.get(`${atom} ${id}`)!;
  return { ...next, replay: rows.sort((a, b) => place(a) - place(b)) };
}
