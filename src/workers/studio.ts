/**
 * @file What the studio worker does: it holds one project, writes what is yet to be written of each question, applies
 * edits, and saves every question and every author's answer before it counts as done.
 */
import pLimit from 'p-limit';
import type { Author } from '../authors/author.ts';
import { InputError } from '../formats/input_error.ts';
import { parseJson } from '../formats/json.ts';
import { RememberingAuthor } from '../knowtuning/author_calls.ts';
import {
  type Change,
  type EditHistory,
  NO_HISTORY,
  recordChange,
  redoChange,
  undoChange,
} from '../knowtuning/edit_history.ts';
import { applyEdit, type Edit, stale } from '../knowtuning/edits.ts';
import {
  DERIVED_PARTS,
  type MethodOptions,
  type Project,
  type ProjectQuestion,
  parseProject,
  startProject,
  type TrainRow,
} from '../knowtuning/project.ts';
import { refreshQuestion } from '../knowtuning/refresh.ts';
import type { ProjectStore } from '../store/project_store.ts';
import { describeFailure } from './failure.ts';
import { rowFilter, unwritten } from './studio_filter.ts';
import type {
  StudioAnswer,
  StudioApi,
  StudioEvent,
  StudioFilter,
  StudioRow,
  StudioView,
} from './studio_protocol.ts';

/** Questions under way at once: also where an author waits for nothing, so that what they save goes together. */
const QUESTIONS_AT_ONCE = 16;

/** The author of a project, found from the page's address. */
export type OpenStudioAuthor = (base: string, method: MethodOptions) => Promise<Author>;

interface OpenProject {
  readonly id: string;
  readonly project: Project;
  readonly author: Promise<RememberingAuthor>;
}

export class Studio implements StudioApi {
  #port: MessagePort | null = null;
  #base = '';
  #opened: OpenProject | null = null;
  #history: EditHistory = NO_HISTORY;
  #shown: number[] = [];
  #build: AbortController | null = null;

  /**
   * @param lock resolves once no other tab works on the project, and holds it for as long as the worker lives
   * @param newId of a project, which no other has had
   */
  constructor(
    private readonly store: Pick<ProjectStore, 'begin' | 'putQuestion' | 'putCall' | 'load'>,
    private readonly openAuthor: OpenStudioAuthor,
    private readonly lock: () => Promise<void>,
    private readonly newId: () => string,
  ) {}

  connect(port: MessagePort, base: string): void {
    this.#port = port;
    this.#base = base;
  }

  open(): Promise<StudioAnswer<StudioView | null>> {
    return answer(async () => {
      await this.lock();
      const saved = await this.store.load();
      if (!saved) return null;
      const project = parseProject({
        ...(saved.header as object),
        questions: saved.questions,
        authorCalls: Object.fromEntries(saved.calls),
      });
      return this.#take(saved.project, project);
    });
  }

  start(name: string, rows: readonly TrainRow[], method: MethodOptions): Promise<StudioAnswer<StudioView>> {
    return answer(() => {
      if (rows.length === 0)
        throw new InputError(name, 'holds no question with an answer.', 'Give at least one.');
      const project = startProject(name, rows, method);
      project.questions = project.questions.map((question) => stale(question, DERIVED_PARTS));
      return this.#begin(project);
    });
  }

  importProject(bytes: Uint8Array, name: string): Promise<StudioAnswer<StudioView>> {
    return answer(() => this.#begin(parseProject(parseJson(bytes, name), name)));
  }

  projectFile(): StudioAnswer<Uint8Array<ArrayBuffer>> {
    return answerNow(() => new TextEncoder().encode(`${JSON.stringify(this.#get().project, null, 2)}\n`));
  }

  build(): StudioAnswer<StudioView> {
    return answerNow(() => {
      const opened = this.#get();
      if (!this.#build) {
        this.#build = new AbortController();
        void this.#run(opened, this.#build);
      }
      return this.#view();
    });
  }

  cancel(): void {
    this.#build?.abort();
  }

  filter(filter: StudioFilter): StudioAnswer<number> {
    return answerNow(() => {
      const { questions } = this.#get().project;
      const matches = rowFilter(filter);
      this.#shown = [...questions.keys()].filter((i) => matches(questions[i]!));
      return this.#shown.length;
    });
  }

  rows(from: number, count: number): StudioAnswer<readonly StudioRow[]> {
    return answerNow(() => {
      const { questions } = this.#get().project;
      return this.#shown.slice(from, from + count).map((index) => ({ index, question: questions[index]! }));
    });
  }

  edit(index: number, edit: Edit): Promise<StudioAnswer<StudioRow>> {
    return answer(async () => {
      const { project } = this.#get();
      const before = project.questions[index];
      if (!before) throw new Error(`There is no question ${index}.`);
      const after = applyEdit(before, edit, project.method);
      if (after === before) return { index, question: before };
      this.#history = recordChange(this.#history, { index, before, after });
      return this.#put(index, after);
    });
  }

  undo(): Promise<StudioAnswer<StudioRow | null>> {
    return this.#travel(undoChange(this.#history), 'before');
  }

  redo(): Promise<StudioAnswer<StudioRow | null>> {
    return this.#travel(redoChange(this.#history), 'after');
  }

  takeMeasures(
    values: ReadonlyMap<string, readonly number[]>,
    field: 'perplexity' | 'perplexityAfter',
  ): Promise<StudioAnswer<number>> {
    return answer(async () => {
      const { questions } = this.#get().project;
      const taken = [...questions.keys()].filter(
        (i) => values.get(questions[i]!.id)?.length === questions[i]!.atoms.length,
      );
      // An undone edit would bring back a question without them.
      this.#history = NO_HISTORY;
      await Promise.all(
        taken.map((i) => {
          const question = questions[i]!;
          const measures = values.get(question.id)!;
          const atoms = question.atoms.map((atom, k) => ({ ...atom, [field]: measures[k]! }));
          const next = { ...question, atoms };
          return this.#put(i, field === 'perplexity' ? stale(next, ['fineGrained']) : next);
        }),
      );
      return taken.length;
    });
  }

  #travel(
    step: { history: EditHistory; change: Change } | null,
    side: 'before' | 'after',
  ): Promise<StudioAnswer<StudioRow | null>> {
    return answer(async () => {
      if (!step) return null;
      this.#history = step.history;
      return this.#put(step.change.index, step.change[side]);
    });
  }

  /** Saves a question. */
  async #put(index: number, question: ProjectQuestion): Promise<StudioRow> {
    const { id, project } = this.#get();
    project.questions[index] = question;
    await this.store.putQuestion(id, index, question);
    return { index, question };
  }

  /** Writes what is yet to be written, until nothing is: edits that come meanwhile are taken along. */
  async #run(opened: OpenProject, build: AbortController): Promise<void> {
    const { signal } = build;
    try {
      const author = await opened.author;
      const { questions } = opened.project;
      const inTurn = pLimit(QUESTIONS_AT_ONCE);
      for (let waiting = unwritten(questions); waiting.length > 0; waiting = unwritten(questions)) {
        let done = 0;
        const outcomes = await Promise.allSettled(
          waiting.map((index) =>
            inTurn(async () => {
              signal.throwIfAborted();
              await this.#write(opened, index, author, signal);
              done++;
              this.#tell({ kind: 'progress', done, total: waiting.length, asked: author.asked });
            }),
          ),
        );
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
      }
      this.#end(build, { kind: 'built' });
    } catch (error) {
      this.#end(
        build,
        signal.aborted ? { kind: 'cancelled' } : { kind: 'failed', failure: describeFailure(error) },
      );
    }
  }

  async #write(
    { id, project }: OpenProject,
    index: number,
    author: Author,
    signal: AbortSignal,
  ): Promise<void> {
    const before = project.questions[index]!;
    const after = await refreshQuestion(before, project.method, author, { signal });
    // Edited while it was being written: what was made of the old text is not taken.
    if (project.questions[index] !== before) return;
    project.questions[index] = after;
    await this.store.putQuestion(id, index, after);
    this.#tell({ kind: 'written', index });
  }

  async #begin(project: Project): Promise<StudioView> {
    await this.lock();
    this.cancel();
    this.#build = null;
    const id = this.newId();
    const { questions, authorCalls, ...header } = project;
    await this.store.begin(id, header, questions, new Map(Object.entries(authorCalls)));
    return this.#take(id, project);
  }

  #take(id: string, project: Project): StudioView {
    const author = this.openAuthor(this.#base, project.method).then(
      (behind) =>
        new RememberingAuthor(behind, project.authorCalls, ({ key, written }) =>
          this.store.putCall(id, key, written),
        ),
    );
    // A failure is told by the build that waits for it.
    author.catch(() => {});
    this.#opened = { id, project, author };
    this.#history = NO_HISTORY;
    this.#shown = [...project.questions.keys()];
    return this.#view();
  }

  #get(): OpenProject {
    if (!this.#opened) throw new InputError('Studio', 'No project is open.', 'Start one, or import one.');
    return this.#opened;
  }

  #view(): StudioView {
    const { name, questions } = this.#get().project;
    return {
      ...{ name, questions: questions.length, unwritten: unwritten(questions).length },
      building: this.#build !== null,
      canUndo: this.#history.past.length > 0,
      canRedo: this.#history.future.length > 0,
    };
  }

  #end(build: AbortController, event: StudioEvent): void {
    if (this.#build === build) this.#build = null;
    this.#tell(event);
  }

  #tell(event: StudioEvent): void {
    this.#port?.postMessage(event);
  }
}

async function answer<T>(work: () => T | Promise<T>): Promise<StudioAnswer<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, failure: describeFailure(error) };
  }
}

function answerNow<T>(work: () => T): StudioAnswer<T> {
  try {
    return { ok: true, value: work() };
  } catch (error) {
    return { ok: false, failure: describeFailure(error) };
  }
}
