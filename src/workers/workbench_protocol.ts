/**
 * @file What page and workbench say to each other: a model is opened once and stays on the GPU; it is asked, as it came
 * and with the adapter that was trained here; it is trained on the user's rows. Calls return at once, events tell the rest.
 */
import type { DataSource } from '../formats/data_source.ts';
import type { AdapterDescription } from '../gpu/adapter.ts';
import type { MethodOptions } from '../knowtuning/project.ts';
import type { Sampling } from '../llama/generate.ts';
import type { Conversion, WeightChoice } from '../llama/weight_plan.ts';
import type { PreferenceRow, Preparation, StepLog, TemplateName, TrainingRow } from '../train/tuner.ts';
import type { Failure } from './failure.ts';
import type { ModelChoice } from './model_protocol.ts';
import type { StartResult } from './protocol.ts';
import type { MeasurableQuestion } from './studio_protocol.ts';

export interface OpenRequest {
  readonly choice: ModelChoice;
  readonly weights: WeightChoice;
  readonly embedding: WeightChoice;
}

/** A model on the GPU. */
export interface OpenedModel {
  readonly name: string;
  readonly parameters: number;
  readonly contextLength: number;
  readonly template: TemplateName;
  readonly adapter: AdapterDescription;
  readonly weightBytes: number;
  /** Empty where all tensors are held bit for bit as they are stored. */
  readonly conversions: readonly Conversion[];
}

export interface AskRequest {
  readonly prompt: string;
  readonly maxNewTokens: number;
  readonly sampling: Sampling;
}

/** Who answers: the model as it came, or with the adapter that was trained here. */
export type Side = 'base' | 'adapter';

export interface TrainRequest {
  readonly method: 'sft' | 'dpo';
  readonly rows: readonly TrainingRow[] | readonly PreferenceRow[];
  /** Keys of a `--config` file. */
  readonly config: Readonly<Record<string, unknown>>;
  /** DPO: whether a question is computed once, with its answers as branches. */
  readonly treeBatching: boolean;
  /** Where the rows come from, for messages and the manifest. */
  readonly data: string;
  /** Where they were published; null where that is not known. */
  readonly source: DataSource | null;
  /** Bytes of GPU memory that weights and training should fit: layers are computed twice as far as that takes. */
  readonly memoryBudget: number | null;
}

export interface TrainSummary {
  readonly steps: number;
  readonly firstLoss: number;
  readonly lastLoss: number;
  readonly seconds: number;
  readonly tokens: number;
  readonly peakBytes: number;
  /** Layers whose activations were computed twice to stay within the memory budget. */
  readonly recomputedLayers: number;
}

/** Facts whose perplexity is asked for. */
export interface MeasureRequest {
  readonly questions: readonly MeasurableQuestion[];
  /** Whether a fact is measured after its question, or after nothing. */
  readonly pplContext: MethodOptions['pplContext'];
  /** The model as it came, or with the adapter that was trained here. */
  readonly side: Side;
}

export type Task = 'open' | 'ask' | 'train' | 'measure' | 'write';

export type WorkbenchEvent =
  | { readonly kind: 'loading'; readonly filled: number; readonly total: number }
  | { readonly kind: 'opened'; readonly model: OpenedModel }
  | {
      readonly kind: 'answer';
      readonly side: Side;
      readonly text: string;
      readonly done: boolean;
      /** Of a finished answer. */
      readonly tokens?: number;
      readonly seconds?: number;
    }
  | { readonly kind: 'preparing'; readonly preparation: Preparation }
  | { readonly kind: 'step'; readonly log: StepLog; readonly totalSteps: number }
  | { readonly kind: 'trained'; readonly summary: TrainSummary }
  /** Of the questions' facts, in their order, by the question's id. */
  | {
      readonly kind: 'measured';
      readonly side: Side;
      readonly perplexities: ReadonlyMap<string, readonly number[]>;
    }
  /** The task is done, and the next one can begin. */
  | { readonly kind: 'idle' }
  | { readonly kind: 'stopped'; readonly task: Task }
  | { readonly kind: 'failed'; readonly task: Task; readonly failure: Failure };

/** The worker's side: one task at a time. */
export interface WorkbenchApi {
  connect(port: MessagePort, base: string): void;
  open(request: OpenRequest): StartResult;
  ask(request: AskRequest): StartResult;
  /** Trains an adapter from scratch, in the place of the one before. */
  train(request: TrainRequest): StartResult;
  /** Measures how much each fact surprises the model; 'measured' follows. */
  measure(request: MeasureRequest): StartResult;
  /** Lends the model to the studio's worker, for as long as it is loaded (model_loan.ts). */
  lend(port: MessagePort): void;
  /** Asks the task to stop at its next step. */
  stop(): void;
  /** The trained adapter with its log as a zip; null where there is none. */
  adapterZip(): Uint8Array<ArrayBuffer> | null;
}
