/**
 * @file What page and text worker say to each other: a file of data, or a data set of the Hub, becomes rows, and a row
 * the tokens that a model would be trained on. Calls return soon; downloading and reading are told by events.
 */
import type { DataSource } from '../formats/data_source.ts';
import type { DatasetKind, DroppedRow, RowsOf } from '../formats/dataset.ts';
import type { Mapping } from '../formats/dataset_mapping.ts';
import type { QuestionRows } from '../knowtuning/question_rows.ts';
import type { TemplateName } from '../train/tuner.ts';
import type { Failure } from './failure.ts';
import type { ModelChoice } from './model_protocol.ts';

export type TextAnswer<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: Failure };

/** A tokenizer with its chat template. */
export interface TextSourceView {
  readonly name: string;
  readonly template: TemplateName;
  /** Tokens that fit a row at most. */
  readonly contextLength: number;
}

/** Data that were read: a file, or a data set of the Hub. Their rows stay in the worker. */
export interface DatasetView {
  /** Of the file, or org/name of the data set. */
  readonly name: string;
  /** Where they were published, with licence and version; null where that is not known. */
  readonly source: DataSource | null;
  readonly bytes: number;
  readonly kind: DatasetKind;
  readonly format: string;
  /** Null where the columns' names say nothing: someone must choose. */
  readonly mapping: Mapping | null;
  readonly columns: readonly string[];
  /** Beginnings of the first row's values, by column, for showing. */
  readonly sample: Readonly<Record<string, string>>;
  readonly rows: number;
  readonly dropped: number;
}

/** A piece of text that one token stands for (or several, where a character takes several). */
export interface PieceView {
  readonly text: string;
  readonly special: boolean;
  readonly trained: boolean;
  readonly ids: readonly number[];
}

/** A text as its tokens. */
export interface TokensView {
  readonly pieces: readonly PieceView[];
  readonly tokens: number;
  readonly trained: number;
}

export interface RowView {
  readonly line: number;
  /** How many answers of a conversation may be trained. */
  readonly answers: number;
  /** One text to train on, or the better answer and then the worse ones, each behind its question. */
  readonly texts: readonly TokensView[];
}

/** Rows with what they are for, to be handed to whoever trains. */
export type TextRows =
  | { readonly kind: 'sft'; readonly rows: RowsOf['sft'] }
  | { readonly kind: 'preference'; readonly rows: RowsOf['preference'] };

/** How far a data set of the Hub has come. */
export interface HubDataProgress {
  /** 'asking': for its files; 'waiting': the connection failed, and is tried again. */
  readonly state: 'asking' | 'downloading' | 'waiting';
  /** Of all files; zero until they are known. */
  readonly done: number;
  readonly bytes: number;
}

export type TextEvent =
  | ({ readonly kind: 'fetching'; readonly job: number } & HubDataProgress)
  | { readonly kind: 'reading'; readonly job: number; readonly done: number; readonly bytes: number }
  | { readonly kind: 'read'; readonly job: number; readonly dataset: DatasetView }
  | { readonly kind: 'cancelled'; readonly job: number }
  | {
      readonly kind: 'failed';
      readonly job: number;
      readonly failure: Failure;
      /** Whether the Hub wants a token, or another one. */
      readonly needsToken: boolean;
    };

export interface TextApi {
  connect(port: MessagePort, base: string): void;
  /** The tokenizer and chat template of a model: the bundled one, one of the Hub in the cache, or picked files. */
  openTextSource(choice: ModelChoice): Promise<TextAnswer<TextSourceView>>;
  /** The read token for private and gated data sets; it stays in the worker's memory. */
  setToken(token: string): void;
  /** Begins to read a file and returns the number of the job, which events carry; a job before it ends without one. */
  readData(file: File): number;
  /** The same of a data set of the Hub: "org/name[@revision][:configuration][/split]", or its address. */
  readHubData(name: string): number;
  /** Reads what was read last again, with columns chosen by hand. Nothing is downloaded again. */
  readAgain(mapping: Mapping): number;
  /** Ends the job at hand; 'cancelled' follows. What was read before stays. */
  cancel(): void;
  /** Rows that were left out, in order. */
  droppedRows(from: number, count: number): readonly DroppedRow[];
  /** A row as tokens of the model whose text source is open. */
  rowTokens(index: number, trainOn: 'all' | 'last'): Promise<TextAnswer<RowView>>;
  /** All rows of the file. They are copied: ask once, when they are needed. */
  rows(): TextAnswer<TextRows>;
  /** The file's questions with one answer each, for the method. They are copied, too. */
  questions(): TextAnswer<QuestionRows>;
}
