/**
 * @file Writes what is yet to be written of a project, question by question, until nothing is: edits that come meanwhile
 * are taken along. What an endpoint did not answer stays unwritten, for the next build.
 */
import pLimit from 'p-limit';
import type { Author } from '../authors/author.ts';
import { watchedAuthor } from '../authors/watched_author.ts';
import type { Project, ProjectQuestion } from '../knowtuning/project.ts';
import { refreshQuestion } from '../knowtuning/refresh.ts';
import { unwritten } from './studio_filter.ts';

/** Questions under way at once: also where an author waits for nothing, so that what they save goes together. */
const QUESTIONS_AT_ONCE = 16;

export interface BuildCourse {
  /** Saves a question; nothing counts as done before. */
  readonly save: (index: number, question: ProjectQuestion) => Promise<void>;
  readonly onWritten: (index: number) => void;
  readonly onProgress: (done: number, total: number) => void;
}

/**
 * @returns questions whose calls brought no reply
 * @throws InputError where the author cannot be worked with; what the signal was aborted with
 */
export async function buildProject(
  { questions, method }: Project,
  author: Author,
  { save, onWritten, onProgress }: BuildCourse,
  signal: AbortSignal,
): Promise<number> {
  const inTurn = pLimit(Math.max(QUESTIONS_AT_ONCE, author.concurrency));
  /** Questions as they were left without a reply: they are not asked about again in this build. */
  const failed = new Set<ProjectQuestion>();
  const waiting = () => unwritten(questions).filter((index) => !failed.has(questions[index]!));
  for (let round = waiting(); round.length > 0; round = waiting()) {
    let done = 0;
    const outcomes = await Promise.allSettled(
      round.map((index) =>
        inTurn(async () => {
          signal.throwIfAborted();
          await write(index);
          onProgress(++done, round.length);
        }),
      ),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }
  return failed.size;

  async function write(index: number): Promise<void> {
    const before = questions[index]!;
    let isUnanswered = false;
    const watched = watchedAuthor(author, (_operation, _row, written) => {
      if (!written.ok && written.passing) isUnanswered = true;
    });
    const fresh = await refreshQuestion(before, method, watched, { signal });
    const after = isUnanswered ? { ...fresh, stale: before.stale } : fresh;
    // Edited while it was being written: what was made of the old text is not taken.
    if (questions[index] !== before) return;
    questions[index] = after;
    if (isUnanswered) failed.add(after);
    await save(index, after);
    onWritten(index);
  }
}
