/**
 * @file What page and trainer worker say to each other. Calls are short and return at once; everything that takes
 * time is told through numbered events, so that a page can ask again for what it missed.
 */
import type { AdapterDescription } from '../gpu/adapter.ts';
import type { KnowtuneEvent } from '../knowtuning/events.ts';
import type { ProjectQuestion } from '../knowtuning/project.ts';
import type { StageConfigs } from '../knowtuning/run_options.ts';
import type { Preparation } from '../train/tuner.ts';
import type { Failure } from './failure.ts';
import type { LeftOutFact, TestView } from './run_view.ts';
import type { OpenRequest } from './workbench_protocol.ts';

/** What the worker found out about the GPU, without touching it further. */
export interface DeviceReport {
  readonly adapter: AdapterDescription;
  /** The adapter's limits that decide what fits, in bytes. */
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
}

export type ProbeResult =
  | { readonly ok: true; readonly device: DeviceReport; readonly busyElsewhere: boolean }
  | { readonly ok: false; readonly failure: Failure };

/** What a run learns from. */
export type RunData =
  /** Questions of the bundled world: so many to learn from, and as many to test with. */
  | { readonly kind: 'demo'; readonly questions: number }
  /** Sentences that someone typed, one on each line. */
  | { readonly kind: 'facts'; readonly text: string }
  /** A project of questions, whose file goes beside the request. */
  | {
      readonly kind: 'project';
      readonly name: string;
      readonly questions: number;
      /** Share of the questions that is kept out of training, and asked of every system. */
      readonly holdout: number;
      /** Of the file, in hex; the worker adds it. */
      readonly sha256?: string;
    };

/** The model that comes with the page, as it is. */
export const BUNDLED_MODEL: OpenRequest = {
  choice: { kind: 'bundled' },
  weights: 'auto',
  embedding: 'auto',
};

/** What the user asks for. Goes into the record of the run, without the files of a model that was picked. */
export interface RunRequest {
  /** Id of the run: new for each. */
  readonly run: string;
  readonly data: RunData;
  readonly model: OpenRequest;
  readonly seed: number;
  /** Whether Stage II computes a question once, with its answers as branches. */
  readonly treeBatching: boolean;
  /** What is changed of each training's settings. */
  readonly config: StageConfigs;
}

export type StartResult = { readonly ok: true } | { readonly ok: false; readonly failure: Failure };

/** What happened in the worker. */
export type TrainerNews =
  | {
      readonly kind: 'heartbeat';
      readonly memory: { readonly bytes: number; readonly peakBytes: number } | null;
    }
  | { readonly kind: 'lock-free' }
  | { readonly kind: 'begun'; readonly run: string; readonly request: RunRequest }
  | { readonly kind: 'knowtune'; readonly run: string; readonly event: KnowtuneEvent }
  | { readonly kind: 'preparing'; readonly run: string; readonly preparation: Preparation }
  /** How much of the model is on the GPU, told for every whole percent. */
  | { readonly kind: 'loading'; readonly run: string; readonly percent: number }
  | { readonly kind: 'left-out'; readonly run: string; readonly facts: readonly LeftOutFact[] }
  | { readonly kind: 'test'; readonly run: string; readonly questions: readonly TestView[] }
  | { readonly kind: 'project'; readonly run: string; readonly questions: readonly ProjectQuestion[] }
  | { readonly kind: 'saved'; readonly run: string; readonly checkpoint: string; readonly bytes: number }
  | { readonly kind: 'finished'; readonly run: string }
  | { readonly kind: 'stopped'; readonly run: string }
  | { readonly kind: 'failed'; readonly run: string; readonly failure: Failure };

/** News with a number, counted from 1, and the time in milliseconds since 1970. Heartbeats carry the last number. */
export type TrainerEvent = TrainerNews & { readonly seq: number; readonly at: number };

/** The worker's side. No method takes longer than asking the browser for an adapter. */
export interface TrainerApi {
  /** Events from now on go to this port; `base` is the page's address, which model and data are found from. */
  connect(port: MessagePort, base: string): void;
  probe(): Promise<ProbeResult>;
  /**
   * Resolves when the run has begun or was refused; its course is told by events.
   * @param project the file of the project, where one is learned from
   */
  start(request: RunRequest, project?: Uint8Array<ArrayBuffer>): Promise<StartResult>;
  /** Asks the run to stop at its next step; 'stopped' follows. */
  stop(): void;
  /** Events after number `seq` that are still held (heartbeats are not). */
  poll(seq: number): TrainerEvent[];
  /** Answers at once: whether the worker lives. */
  ping(): true;
}

/** A heartbeat goes out this often. */
export const HEARTBEAT_MS = 1000;
