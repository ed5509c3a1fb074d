/**
 * @file What page and studio worker say to each other: a project of questions is built by an author, looked at window by
 * window, and edited. Everything that is reported done is on disk.
 */
import type { Edit } from '../knowtuning/edits.ts';
import type { Aspect, MethodOptions, ProjectQuestion, TrainRow } from '../knowtuning/project.ts';
import type { Failure } from './failure.ts';

export type StudioAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/** The project as a whole. */
export interface StudioView {
  readonly name: string;
  readonly questions: number;
  /** Questions of which a part is yet to be written. */
  readonly unwritten: number;
  readonly building: boolean;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
}

export interface StudioFilter {
  /** Words that some text of the row holds. */
  readonly search: string;
  /** Rows with a pair of this aspect. */
  readonly aspect: Aspect | null;
  /** Rows about which there is something to say, or that were left out. */
  readonly only: 'problems' | 'excluded' | null;
}

export interface StudioRow {
  /** Place in the project. */
  readonly index: number;
  readonly question: ProjectQuestion;
}

export type StudioEvent =
  | { readonly kind: 'progress'; readonly done: number; readonly total: number; readonly asked: number }
  /** A question was written anew, and is saved. */
  | { readonly kind: 'written'; readonly index: number }
  | { readonly kind: 'built' | 'cancelled' }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface StudioApi {
  connect(port: MessagePort, base: string): void;
  /** Opens the project that was saved; null where there is none. */
  open(): Promise<StudioAnswer<StudioView | null>>;
  /** Puts a new project in its place. */
  start(name: string, rows: readonly TrainRow[], method: MethodOptions): Promise<StudioAnswer<StudioView>>;
  /** Begins, or goes on, to write what is yet to be written; its course is told by events. */
  build(): StudioAnswer<StudioView>;
  /** Asks the build to stop; 'cancelled' follows. */
  cancel(): void;
  /** Counts the rows that a filter lets through; `rows` is about these from now on. */
  filter(filter: StudioFilter): StudioAnswer<number>;
  rows(from: number, count: number): StudioAnswer<readonly StudioRow[]>;
  /** Resolves when the edit is on disk. What follows from it is written by the next `build`. */
  edit(index: number, edit: Edit): Promise<StudioAnswer<StudioRow>>;
  /** Null where there is nothing to undo. */
  undo(): Promise<StudioAnswer<StudioRow | null>>;
  redo(): Promise<StudioAnswer<StudioRow | null>>;
  /**
   * Takes perplexities that a model measured: those of a question's atoms, in their order, by the question's id. A
   * question whose atoms are others by now is passed over.
   * @returns how many questions took theirs
   */
  takeMeasures(
    values: ReadonlyMap<string, readonly number[]>,
    field: 'perplexity' | 'perplexityAfter',
  ): Promise<StudioAnswer<number>>;
  /** The whole project as one file. */
  projectFile(): StudioAnswer<Uint8Array<ArrayBuffer>>;
  importProject(bytes: Uint8Array, name: string): Promise<StudioAnswer<StudioView>>;
}
