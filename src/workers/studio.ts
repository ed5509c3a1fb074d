/**
 * @file What the studio worker does: it holds one project, has what is yet to be written of each question written,
 * applies edits, and saves every question and every author's answer before it counts as done.
 */

import type { CostEstimate } from '../authors/cost/extrapolate.ts';
import type { DataSource } from '../formats/data_source.ts';
import { InputError } from '../formats/input_error.ts';
import { parseJson } from '../formats/json.ts';
import { zipFiles } from '../formats/zip.ts';
import { RememberingAuthor } from '../knowtuning/author_calls.ts';
import { estimateCost } from '../knowtuning/cost_estimate.ts';
import { documentRows } from '../knowtuning/document.ts';
import { type Edit, stale } from '../knowtuning/edits.ts';
import { type ExportFormat, exportFiles } from '../knowtuning/exports/files.ts';
import {
  DERIVED_PARTS,
  type MethodOptions,
  type Project,
  type ProjectQuestion,
  parseProject,
  startProject,
  type TrainRow,
} from '../knowtuning/project.ts';
import { describeFailure } from './failure.ts';
import { bundledPrompts } from './prompts.ts';
import { checkAuthor, type OpenedStudioAuthor, type OpenStudioAuthor } from './studio_authors.ts';
import { buildProject } from './studio_build.ts';
import { studioCounts } from './studio_counts.ts';
import { unwritten } from './studio_filter.ts';
import { StudioProject, type StudioStore } from './studio_project.ts';
import type {
  MeasurableQuestion,
  StudioAnswer,
  StudioApi,
  StudioAudit,
  StudioAuthor,
  StudioEvent,
  StudioFilter,
  StudioRow,
  StudioView,
} from './studio_protocol.ts';

export class Studio implements StudioApi {
  #port: MessagePort | null = null;
  #base = '';
  #opened: StudioProject | null = null;
  #author: StudioAuthor = { kind: 'rules' };
  /** The author that was chosen, once something was to be written by it. */
  #writer: Promise<OpenedStudioAuthor> | null = null;
  #build: AbortController | null = null;

  /**
   * @param lock resolves once no other tab works on the project, and holds it for as long as the worker lives
   * @param newId of a project, which no other has had
   */
  constructor(
    private readonly store: StudioStore,
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
      const { project: id, header, questions } = saved;
      const project = parseProject({ ...(header as object), questions, authorCalls: {} });
      return this.#take(new StudioProject(this.store, id, project, 'stored'));
    });
  }

  start(
    name: string,
    rows: readonly TrainRow[],
    method: MethodOptions,
    source: DataSource | null = null,
  ): Promise<StudioAnswer<StudioView>> {
    return answer(() => this.#start(name, rows, method, source));
  }

  startDocument(name: string, text: string, method: MethodOptions): Promise<StudioAnswer<StudioView>> {
    return answer(async () => {
      const { author } = await this.openAuthor({ kind: 'rules' }, this.#base, method, () => {});
      return this.#start(name, await documentRows(text, name, author), method, null);
    });
  }

  importProject(bytes: Uint8Array, name: string): Promise<StudioAnswer<StudioView>> {
    return answer(() => this.#begin(parseProject(parseJson(bytes, name), name)));
  }

  remove(): Promise<StudioAnswer<null>> {
    return answer(async () => {
      this.#stopBuilding();
      this.#opened = null;
      await this.store.remove();
      return null;
    });
  }

  projectFile(): Promise<StudioAnswer<Uint8Array<ArrayBuffer>>> {
    return answer(async () => {
      const project = await this.#get().whole();
      return new TextEncoder().encode(`${JSON.stringify(project, null, 2)}\n`);
    });
  }

  exportZip(format: ExportFormat): StudioAnswer<Uint8Array<ArrayBuffer>> {
    return answerNow(() => {
      const files = exportFiles(this.#get().project, format);
      if (files.size === 0)
        throw new InputError('Export', 'There is nothing in it yet.', 'Have the data written first.');
      const encoder = new TextEncoder();
      const bytes = new Map([...files].map(([path, text]) => [path, encoder.encode(text)]));
      return zipFiles(bytes, 'data');
    });
  }

  setAuthor(choice: StudioAuthor): Promise<StudioAnswer<StudioView>> {
    return answer(() => {
      if (this.#build) throw new InputError('Studio', 'It is being written.', 'Stop that first.');
      this.#author = checkAuthor(choice);
      this.#writer = null;
      return this.#view();
    });
  }

  estimate(): StudioAnswer<CostEstimate | null> {
    return answerNow(() => {
      const { questions, method } = this.#get().project;
      if (this.#author.kind !== 'openai') return null;
      const rows = unwritten(questions).map((index) => questions[index]!);
      return estimateCost({
        rows,
        prompts: bundledPrompts(),
        method,
        prices: this.#author.prices,
        sample: null,
      });
    });
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

  view(): StudioAnswer<StudioView> {
    return answerNow(() => this.#view());
  }

  filter(filter: StudioFilter): StudioAnswer<number> {
    return answerNow(() => this.#get().filter(filter));
  }

  rows(from: number, count: number): StudioAnswer<readonly StudioRow[]> {
    return answerNow(() => this.#get().rows(from, count));
  }

  edit(index: number, edit: Edit): Promise<StudioAnswer<StudioRow>> {
    return answer(() => this.#get().edit(index, edit));
  }

  undo(): Promise<StudioAnswer<StudioRow | null>> {
    return answer(() => this.#get().undo());
  }

  redo(): Promise<StudioAnswer<StudioRow | null>> {
    return answer(() => this.#get().redo());
  }

  audit(): Promise<StudioAnswer<StudioAudit>> {
    return answer(() => this.#get().audit());
  }

  measurable(): StudioAnswer<readonly MeasurableQuestion[]> {
    return answerNow(() => this.#get().measurable());
  }

  takeMeasures(
    values: ReadonlyMap<string, readonly number[]>,
    field: 'perplexity' | 'perplexityAfter',
  ): Promise<StudioAnswer<number>> {
    return answer(() => this.#get().takeMeasures(values, field));
  }

  async #run(opened: StudioProject, build: AbortController): Promise<void> {
    const { signal } = build;
    try {
      const { id } = opened;
      const project = await opened.whole();
      const { author: behind, usage } = await this.#openWriter(project.method);
      const author = new RememberingAuthor(behind, project.authorCalls, ({ key, written }) =>
        this.store.putCall(id, key, written),
      );
      const course = {
        save: (index: number, question: ProjectQuestion) => this.store.putQuestion(id, index, question),
        onWritten: (index: number) => this.#tellOf(build, { kind: 'written', index }),
        onProgress: (done: number, total: number) =>
          this.#tellOf(build, { kind: 'progress', done, total, asked: author.asked, usage: usage() }),
      };
      const failed = await buildProject(project, author, course, signal);
      this.#end(build, { kind: 'built', failed });
    } catch (error) {
      this.#end(
        build,
        signal.aborted ? { kind: 'cancelled' } : { kind: 'failed', failure: describeFailure(error) },
      );
    }
  }

  #openWriter(method: MethodOptions): Promise<OpenedStudioAuthor> {
    const onWait = (milliseconds: number) => this.#tell({ kind: 'waiting', milliseconds });
    const writer = this.#writer ?? this.openAuthor(this.#author, this.#base, method, onWait);
    this.#writer = writer;
    writer.catch(() => {
      // What could not be opened may be tried again.
      if (this.#writer === writer) this.#writer = null;
    });
    return writer;
  }

  #start(
    name: string,
    rows: readonly TrainRow[],
    method: MethodOptions,
    source: DataSource | null,
  ): Promise<StudioView> {
    if (rows.length === 0)
      throw new InputError(name, 'holds no question with an answer.', 'Give at least one.');
    const project = startProject(name, rows, method, source);
    project.questions = project.questions.map((question) => stale(question, DERIVED_PARTS));
    return this.#begin(project);
  }

  async #begin(project: Project): Promise<StudioView> {
    await this.lock();
    this.#stopBuilding();
    const id = this.newId();
    const { questions, authorCalls, ...header } = project;
    await this.store.begin(id, header, questions, new Map(Object.entries(authorCalls)));
    return this.#take(new StudioProject(this.store, id, project, 'given'));
  }

  #take(opened: StudioProject): StudioView {
    this.#opened = opened;
    // Its seed is the project's.
    this.#writer = null;
    return this.#view();
  }

  #get(): StudioProject {
    if (!this.#opened) throw new InputError('Studio', 'No project is open.', 'Start one, or import one.');
    return this.#opened;
  }

  #view(): StudioView {
    const { project, canUndo, canRedo } = this.#get();
    const { name, questions, source = null } = project;
    return {
      ...{ name, source, questions: questions.length, unwritten: unwritten(questions).length },
      counts: studioCounts(project),
      author: this.#author.kind,
      building: this.#build !== null,
      ...{ canUndo, canRedo },
    };
  }

  #stopBuilding(): void {
    this.cancel();
    this.#build = null;
  }

  #end(build: AbortController, event: StudioEvent): void {
    if (this.#build !== build) return;
    this.#build = null;
    this.#tell(event);
  }

  /** Tells of a build, unless another project has come in its place: what it still says is about that one. */
  #tellOf(build: AbortController, event: StudioEvent): void {
    if (this.#build === build) this.#tell(event);
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
