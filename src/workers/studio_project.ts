/** @file The project that is open in the studio: its rows as they are looked at, and edits, each on disk before it counts. */
import {
  type Change,
  type EditHistory,
  NO_HISTORY,
  recordChange,
  redoChange,
  undoChange,
} from '../knowtuning/edit_history.ts';
import { applyEdit, type Edit, stale } from '../knowtuning/edits.ts';
import { type Project, type ProjectQuestion, parseAuthorCalls } from '../knowtuning/project.ts';
import type { ProjectStore } from '../store/project_store.ts';
import { StudioFindings } from './studio_audit.ts';
import { rowFilter } from './studio_filter.ts';
import type { MeasurableQuestion, StudioAudit, StudioFilter, StudioRow } from './studio_protocol.ts';

export type StudioStore = Pick<
  ProjectStore,
  'begin' | 'putQuestion' | 'putCall' | 'load' | 'loadCalls' | 'remove'
>;

export class StudioProject {
  #history: EditHistory = NO_HISTORY;
  #shown: readonly number[];
  readonly #findings = new StudioFindings();
  #hasCalls: boolean;

  /** @param calls 'stored': what authors wrote is not in memory yet, and is read once it is needed */
  constructor(
    private readonly store: StudioStore,
    readonly id: string,
    readonly project: Project,
    calls: 'given' | 'stored',
  ) {
    this.#shown = [...project.questions.keys()];
    this.#hasCalls = calls === 'given';
  }

  get canUndo(): boolean {
    return this.#history.past.length > 0;
  }

  get canRedo(): boolean {
    return this.#history.future.length > 0;
  }

  /** The project with what authors wrote. */
  async whole(): Promise<Project> {
    if (!this.#hasCalls) {
      const calls = parseAuthorCalls(Object.fromEntries(await this.store.loadCalls(this.id)));
      // Whoever writes waits for this, so that nothing is newer.
      Object.assign(this.project.authorCalls, calls);
      this.#hasCalls = true;
    }
    return this.project;
  }

  filter(filter: StudioFilter): number {
    const { questions } = this.project;
    const matches = rowFilter(filter, (question) => this.#findings.of(question));
    this.#shown = [...questions.keys()].filter((i) => matches(questions[i]!));
    return this.#shown.length;
  }

  rows(from: number, count: number): StudioRow[] {
    return this.#shown.slice(from, from + count).map((index) => this.#row(index));
  }

  async edit(index: number, edit: Edit): Promise<StudioRow> {
    const before = this.project.questions[index];
    if (!before) throw new Error(`There is no question ${index}.`);
    const after = applyEdit(before, edit, this.project.method);
    if (after === before) return this.#row(index);
    this.#history = recordChange(this.#history, { index, before, after });
    return this.#put(index, after);
  }

  undo(): Promise<StudioRow | null> {
    return this.#travel(undoChange(this.#history), 'before');
  }

  redo(): Promise<StudioRow | null> {
    return this.#travel(redoChange(this.#history), 'after');
  }

  audit(): Promise<StudioAudit> {
    return this.#findings.audit(this.project);
  }

  measurable(): MeasurableQuestion[] {
    return this.project.questions
      .filter(({ atoms }) => atoms.length > 0)
      .map(({ id, question, atoms }) => ({ id, question, atoms: atoms.map(({ text }) => text) }));
  }

  /** @returns how many questions took theirs */
  async takeMeasures(
    values: ReadonlyMap<string, readonly number[]>,
    field: 'perplexity' | 'perplexityAfter',
  ): Promise<number> {
    const { questions } = this.project;
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
  }

  #travel(
    step: { history: EditHistory; change: Change } | null,
    side: 'before' | 'after',
  ): Promise<StudioRow | null> {
    if (!step) return Promise.resolve(null);
    this.#history = step.history;
    return this.#put(step.change.index, step.change[side]);
  }

  #row(index: number): StudioRow {
    const question = this.project.questions[index]!;
    return { index, question, findings: this.#findings.of(question) };
  }

  /** Saves a question. */
  async #put(index: number, question: ProjectQuestion): Promise<StudioRow> {
    this.project.questions[index] = question;
    await this.store.putQuestion(this.id, index, question);
    return this.#row(index);
  }
}
