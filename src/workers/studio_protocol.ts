/**
 * @file What page and studio worker say to each other: a project of questions is built by an author, looked at window by
 * window, and edited. Everything that is reported done is on disk.
 */

import type { CostEstimate } from '../authors/cost/extrapolate.ts';
import type { Prices, UsageReport } from '../authors/openai/usage.ts';
import type { DataSource } from '../formats/data_source.ts';
import type { Finding, FindingKind, Severity } from '../knowtuning/audit/finding.ts';
import type { Edit } from '../knowtuning/edits.ts';
import type { ExportFormat } from '../knowtuning/exports/files.ts';
import type { Aspect, MethodOptions, ProjectQuestion, TrainRow } from '../knowtuning/project.ts';
import type { Failure } from './failure.ts';

export type StudioAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/** An endpoint that speaks OpenAI's chat completions. */
export interface EndpointChoice {
  readonly kind: 'openai';
  readonly baseUrl: string;
  readonly model: string;
  /** Stays in the worker's memory; null where the endpoint needs none. */
  readonly key: string | null;
  /** Calls under way at most. */
  readonly concurrency: number;
  readonly prices: Prices | null;
}

/** The model that another worker has on the GPU, lent through a port (model_loan.ts). */
export interface LocalChoice {
  readonly kind: 'local';
  readonly model: string;
  readonly port: MessagePort;
}

/** Who writes. */
export type StudioAuthor = { readonly kind: 'rules' } | EndpointChoice | LocalChoice;

export interface StudioCounts {
  readonly atoms: number;
  readonly difficult: number;
  readonly fineGrained: number;
  readonly pairs: number;
  /** Questions of which something could not be done, was left out by hand, was written by hand. */
  readonly problems: number;
  readonly excluded: number;
  /** Questions that were left out as a whole. */
  readonly excludedQuestions: number;
  readonly edited: number;
  /** Questions all of whose atoms have a perplexity. */
  readonly measured: number;
}

/** The project as a whole. */
export interface StudioView {
  readonly name: string;
  /** The data set that the questions come from, with its licence; null where that is not known. */
  readonly source: DataSource | null;
  readonly questions: number;
  /** Questions of which a part is yet to be written. */
  readonly unwritten: number;
  readonly counts: StudioCounts;
  readonly author: StudioAuthor['kind'];
  readonly building: boolean;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
}

/** What rows are looked at for. */
export const ROW_MARKS = ['findings', 'problems', 'unsupported', 'excluded', 'edited', 'unwritten'] as const;
export type RowMark = (typeof ROW_MARKS)[number];

export interface StudioFilter {
  /** Words that some text of the row holds. */
  readonly search: string;
  /** Rows with a pair of this aspect. */
  readonly aspect: Aspect | null;
  /** Rows about which there is something of this sort to say. */
  readonly only: RowMark | null;
  /** Rows with such a finding of the audit. */
  readonly finding: FindingKind | null;
}

export interface StudioRow {
  /** Place in the project. */
  readonly index: number;
  readonly question: ProjectQuestion;
  /** What the audit found; empty before it, and after an edit. */
  readonly findings: readonly Finding[];
}

/** How often a kind was found. */
export interface FindingCount {
  readonly kind: FindingKind;
  readonly severity: Severity;
  readonly count: number;
}

export interface StudioAudit {
  readonly pairs: number;
  /** Pairs without an error or a warning of their own. */
  readonly unmarkedPairs: number;
  readonly counts: readonly FindingCount[];
  /** About the set as a whole. */
  readonly ofSet: readonly Finding[];
}

/** A question whose atoms can be measured. */
export interface MeasurableQuestion {
  readonly id: string;
  readonly question: string;
  readonly atoms: readonly string[];
}

export type StudioEvent =
  | {
      readonly kind: 'progress';
      readonly done: number;
      readonly total: number;
      /** Calls that were not remembered. */
      readonly asked: number;
      /** What an endpoint counted since it was chosen; null for other authors. */
      readonly usage: UsageReport | null;
    }
  /** A question was written anew, and is saved. */
  | { readonly kind: 'written'; readonly index: number }
  /** Calls are held back for so many milliseconds, as the endpoint wishes. */
  | { readonly kind: 'waiting'; readonly milliseconds: number }
  /** `failed`: questions whose calls brought no reply; they stay unwritten, and their problems say why. */
  | { readonly kind: 'built'; readonly failed: number }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly failure: Failure };

export interface StudioApi {
  connect(port: MessagePort, base: string): void;
  /** Opens the project that was saved; null where there is none. */
  open(): Promise<StudioAnswer<StudioView | null>>;
  /** Puts a new project in its place. */
  start(
    name: string,
    rows: readonly TrainRow[],
    method: MethodOptions,
    source?: DataSource | null,
  ): Promise<StudioAnswer<StudioView>>;
  /** As `start`, with a question for every passage of a text; the rules author asks them. */
  startDocument(name: string, text: string, method: MethodOptions): Promise<StudioAnswer<StudioView>>;
  /** Deletes the project. */
  remove(): Promise<StudioAnswer<null>>;
  /** Chooses who writes from the next `build` on. */
  setAuthor(choice: StudioAuthor): Promise<StudioAnswer<StudioView>>;
  /** What the next `build` will cost at the endpoint that was chosen; null for authors that cost nothing. */
  estimate(): StudioAnswer<CostEstimate | null>;
  /** Begins, or goes on, to write what is yet to be written; its course is told by events. */
  build(): StudioAnswer<StudioView>;
  /** Asks the build to stop; 'cancelled' follows. */
  cancel(): void;
  view(): StudioAnswer<StudioView>;
  /** Counts the rows that a filter lets through; `rows` is about these from now on. */
  filter(filter: StudioFilter): StudioAnswer<number>;
  rows(from: number, count: number): StudioAnswer<readonly StudioRow[]>;
  /** Resolves when the edit is on disk. What follows from it is written by the next `build`. */
  edit(index: number, edit: Edit): Promise<StudioAnswer<StudioRow>>;
  /** Null where there is nothing to undo. */
  undo(): Promise<StudioAnswer<StudioRow | null>>;
  redo(): Promise<StudioAnswer<StudioRow | null>>;
  /** Looks for what would teach something other than knowledge. */
  audit(): Promise<StudioAnswer<StudioAudit>>;
  /** Questions that have atoms to be measured. */
  measurable(): StudioAnswer<readonly MeasurableQuestion[]>;
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
  projectFile(): Promise<StudioAnswer<Uint8Array<ArrayBuffer>>>;
  importProject(bytes: Uint8Array, name: string): Promise<StudioAnswer<StudioView>>;
  /** The data sets as files of other trainers' formats, zipped. @throws InputError where nothing is built yet */
  exportZip(format: ExportFormat): StudioAnswer<Uint8Array<ArrayBuffer>>;
}
