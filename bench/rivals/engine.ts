/** @file What an engine is asked for in a process of its own, and what it answers. */

export const ENGINES = ['tabtune', 'jax-js', 'tfjs'] as const;
export type EngineName = (typeof ENGINES)[number];

/** Products by every engine; a training step by those that have gradients of what a Llama is made of, compiled. */
export const STEP_ENGINES: readonly EngineName[] = ['tabtune', 'jax-js'];

/** Rows of A, columns and inner size of C = A B. */
export type ProductShape = readonly [number, number, number];

/** How B lies in memory: [inner, columns], or [columns, inner] as the weight of a Linear does. */
export const LAYOUTS = ['AB', 'ABt'] as const;
export type Layout = (typeof LAYOUTS)[number];

export interface ProductRun {
  readonly shape: ProductShape;
  readonly layout: Layout;
  readonly gflops: number;
}

export interface StepRun {
  /** Over the steps after the first. */
  readonly tokensPerSecond: number;
  /** Seconds to the end of the first step, its loss read: from the start of the process, and from asking for an adapter. */
  readonly firstStepFromStart: number;
  readonly firstStepFromDevice: number;
  /**
   * Seconds of all processors together, of this process: on a software adapter, which computes on them, they stand still
   * while others work. To the end of the first step, and of a later step.
   */
  readonly firstStepProcessorSeconds: number;
  readonly processorSecondsPerStep: number;
  /** Of the first step, before any update: equal numbers are the proof of equal work. */
  readonly loss: number;
  readonly gradNorm: number;
}

export interface Job {
  readonly engine: EngineName;
  readonly task: 'products' | 'step';
  readonly shapes: readonly ProductShape[];
  /** Of the one sequence of the step. */
  readonly tokens: number;
  /** The first included. */
  readonly steps: number;
}

export interface Answer {
  /** As the engine's own adapter describes itself. */
  readonly adapter: string;
  readonly products?: readonly ProductRun[];
  readonly step?: StepRun;
}

/** What a process sends: its answer, or why there is none. */
export type Message = Answer | { readonly error: string };
