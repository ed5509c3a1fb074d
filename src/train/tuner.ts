/**
 * @file The contract between the training engine and everything above it (method, baselines, evaluation, hosts):
 * text in, numbers and adapters out. One loaded model, any number of adapters, one operation at a time.
 */
import type { Projection } from '../llama/config.ts';
import type { Sampling } from '../llama/generate.ts';

/** How prompt and completion become text before they become tokens (design §5). */
export type TemplateName = 'none' | 'auto' | 'alpaca';

/** LoRA hyper-parameters, under PEFT's meanings. */
export interface LoraOptions {
  readonly r: number;
  readonly loraAlpha: number;
  readonly targetModules: readonly Projection[];
  readonly useRslora: boolean;
}

/** An adapter as numbers on the CPU: the only form in which adapters leave or enter the engine. */
export interface Adapter {
  readonly options: LoraOptions;
  /** PEFT tensor names ("base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight") to f32 data, row-major. */
  readonly tensors: ReadonlyMap<
    string,
    { readonly shape: readonly [number, number]; readonly data: Float32Array }
  >;
}

/** A training or scoring row. */
export interface PromptCompletion {
  readonly prompt: string;
  readonly completion: string;
}

/** One message of a conversation. */
export interface Message {
  readonly role: string;
  readonly content: string;
  /** 0: an answer that is read but not trained (OpenAI's key). */
  readonly weight?: 0 | 1;
}

/** A conversation that is trained on, or whose last answer is scored. */
export interface Conversation {
  readonly messages: readonly Message[];
}

export type TrainingRow = PromptCompletion | Conversation;

/** A question with one better answer and the worse answers it is compared with; its pairs are (better, worse[k]). */
export interface PreferenceGroup {
  readonly prompt: string;
  readonly chosen: string;
  readonly rejected: readonly string[];
}

/** The same where the question is a conversation, which ends with the user's turn. */
export interface ConversationPreference extends Conversation {
  readonly chosen: string;
  readonly rejected: readonly string[];
}

export type PreferenceRow = PreferenceGroup | ConversationPreference;

export interface TokenLogprobs {
  /** All ids of the row: prompt then completion (with the closing EOS if it was asked for). */
  readonly ids: Uint32Array;
  /** How many of them are the prompt. */
  readonly promptLength: number;
  /** [ids.length - promptLength] log-probability of each completion token, natural log. */
  readonly logprobs: Float32Array;
}

export interface GenerateOptions {
  readonly maxNewTokens: number;
  /** How tokens are chosen; greedily where nothing is said. */
  readonly sampling?: Partial<Sampling>;
  /** Told the text of each prompt's answer so far, every few tokens. */
  readonly onText?: (prompt: number, text: string) => void;
}

export interface Generation {
  readonly text: string;
  /** Generated ids without the end-of-sequence token. */
  readonly ids: Uint32Array;
  readonly finish: 'eos' | 'length';
}

/** Training configuration: the names and defaults of Transformers and PEFT in camel case; see train/config.ts. */
export interface TrainConfig {
  readonly learningRate: number;
  readonly numTrainEpochs: number;
  /** Overrides numTrainEpochs when > 0. */
  readonly maxSteps: number;
  /** Rows (SFT) or questions (DPO) in a micro-batch. */
  readonly perDeviceTrainBatchSize: number;
  readonly gradientAccumulationSteps: number;
  readonly lrSchedulerType: 'linear' | 'cosine' | 'constant' | 'constant_with_warmup';
  /** >= 1: steps; in (0, 1): share of all steps, rounded up. */
  readonly warmupSteps: number;
  readonly weightDecay: number;
  /** 0 turns clipping off. */
  readonly maxGradNorm: number;
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly adamEpsilon: number;
  readonly seed: number;
  readonly lora: LoraOptions;
  /** DPO only. */
  readonly beta: number;
  /** gamma of the SFT loss on the better answer. */
  readonly prefFtx: number;
  /** 'lf': mean over pairs of per-token means; 'trl': mean over all better tokens of the micro-batch. */
  readonly prefFtxNorm: 'lf' | 'trl';
  readonly labelSmoothing: number;
  /** Longest row in tokens; a longer one is refused by its line. */
  readonly maxLength: number;
  /** SFT: which answers of a conversation are trained. */
  readonly trainOn: 'all' | 'last';
}

/** One optimizer step, unrounded, under the names that trainer_state.json uses. */
export interface StepLog {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly grad_norm: number;
  readonly learning_rate: number;
  /** Whether the optimizer skipped the step because the gradient norm was not finite. */
  readonly skipped: boolean;
  /** Live (not dead) tokens that went through forward and backward in this step. */
  readonly tokens: number;
  readonly target_tokens: number;
  /** Seconds since training started, when this step's metrics were read. */
  readonly seconds: number;
  /** FLOP that the mathematics of this step needs (llama/flops.ts), over the time since the step before. */
  readonly flops_per_second: number;
  /**
   * The same as a share of the adapter's best matmul rate, where that was measured (ops/matmul_rate.ts). Two steps whose
   * metrics arrive together share their time unevenly, so that one alone may exceed 1.
   */
  readonly mfu?: number;
  /** DPO only. */
  readonly dpo_loss?: number;
  readonly sft_loss?: number;
  readonly 'rewards/chosen'?: number;
  readonly 'rewards/rejected'?: number;
  readonly 'rewards/margins'?: number;
  readonly 'rewards/accuracies'?: number;
  readonly 'logps/chosen'?: number;
  readonly 'logps/rejected'?: number;
}

export interface TrainResult {
  readonly adapter: Adapter;
  readonly log: readonly StepLog[];
  /** Optimizer steps done, which is log.length. */
  readonly steps: number;
  /** Rows (SFT) or questions (DPO) by index, per step and micro-batch: what a run elsewhere needs to repeat this one. */
  readonly order: readonly (readonly (readonly number[])[])[];
  /** GPU bytes that were planned: the weights, and everything of the training session. */
  readonly plannedBytes: number;
  /** Layers whose activations were computed a second time, for want of memory. */
  readonly recomputedLayers: number;
  /** The adapter's best matmul rate, which the steps' `mfu` is a share of; null where it was not measured. */
  readonly matmulFlopsPerSecond: number | null;
}

/** What goes on before an operation has its first result. */
export type Preparation =
  /** The browser compiles kernels, all at once; some drivers put it off until the first step. */
  | { readonly phase: 'compiling'; readonly done: number; readonly total: number }
  /** The first training step has been submitted. */
  | { readonly phase: 'first-step' };

export type OnPreparation = (preparation: Preparation) => void;

/** Called for every step, in order, at most two steps after it was submitted. */
export type OnStep = (log: StepLog, totalSteps: number) => void;

/** The reference policy of DPO: the starting adapter frozen (the paper), the base model, or a given adapter. */
export type ReferencePolicy = 'start' | 'base' | Adapter;

/** One loaded model on one device. Calls must not overlap; each may be stopped through the signal. */
export interface Tuner {
  /**
   * Log-probabilities of completions. `eos` appends the end-of-sequence token to the completion (default true); `bare`
   * scores the completion as a text of its own, after nothing but the token that begins texts: no prompt, no template.
   * Of a conversation the last answer is the completion.
   */
  logprobs(
    rows: readonly TrainingRow[],
    adapter: Adapter | null,
    options?: { readonly eos?: boolean; readonly bare?: boolean; readonly signal?: AbortSignal },
  ): Promise<TokenLogprobs[]>;
  generate(
    prompts: readonly string[],
    adapter: Adapter | null,
    options: GenerateOptions & { readonly signal?: AbortSignal },
  ): Promise<Generation[]>;
  /** Stage I and vanilla SFT. `start` null: B = 0 and A as PEFT draws it, from the seed. */
  trainSft(
    rows: readonly TrainingRow[],
    config: TrainConfig,
    start: Adapter | null,
    onStep?: OnStep,
    signal?: AbortSignal,
  ): Promise<TrainResult>;
  /** Stage II. */
  trainDpo(
    groups: readonly PreferenceRow[],
    config: TrainConfig,
    start: Adapter | null,
    reference: ReferencePolicy,
    onStep?: OnStep,
    signal?: AbortSignal,
  ): Promise<TrainResult>;
  /** GPU bytes now held, by the ledger. */
  memory(): { readonly bytes: number; readonly peakBytes: number };
}
