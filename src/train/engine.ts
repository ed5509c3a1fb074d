/** @file The tuner: text in, numbers and adapters out, on one loaded model. What the method and the hosts work with. */
import { InputError } from '../formats/input_error.ts';
import type { Clock } from '../gpu/pace.ts';
import { downloadTensors } from '../llama/adapter_transfer.ts';
import { loraLayout } from '../llama/lora_layout.ts';
import type { LlamaModel } from '../llama/model.ts';
import { scoreBatches } from '../llama/scoring.ts';
import { flatAdapter, initialParameters, loraShape } from './lora_init.ts';
import { randomPermutation } from './mt19937.ts';
import { type PackedGroup, pack } from './packing.ts';
import { type PlannedStep, planSteps, resolveWarmup } from './schedule.ts';
import { dpoStep, type PreparedStep, sftStep, type TokenPreference, type TokenRow } from './steps.ts';
import type { EncodedTokens, TextCodec } from './text_codec.ts';
import { generateTexts } from './text_generation.ts';
import { runSteps, TrainingSession } from './trainer.ts';
import type {
  Adapter,
  OnPreparation,
  OnStep,
  PreferenceRow,
  StepLog,
  TokenLogprobs,
  TrainConfig,
  TrainingRow,
  TrainResult,
  Tuner,
} from './tuner.ts';

export interface EngineOptions {
  /** Whether DPO packs a question as one prefix with branches, not as pairs (same loss, half the work). Default true. */
  readonly treeBatching?: boolean;
  /** Most tokens of a packed batch, where rows allow; default by the model's width. */
  readonly batchTokens?: number;
  /** GPU bytes that training should fit; activations are recomputed as far as that takes. Default: none are. */
  readonly memoryBudget?: number;
  /**
   * The adapter's best matmul rate (ops/matmul_rate.ts), asked for when training begins: steps then tell which share of it
   * they reach.
   */
  readonly matmulRate?: () => Promise<number>;
  /** Told what goes on before an operation's first result. */
  readonly onPreparation?: OnPreparation;
}

/** Tokens of a packed batch: enough rows to keep a GPU busy, fewer for wide models, whose activations weigh more. */
function defaultBatchTokens(hiddenSize: number): number {
  return Math.max(256, Math.min(1024, 2 ** 20 / hiddenSize));
}

export function createTuner(
  model: LlamaModel,
  codec: TextCodec,
  clock: Clock,
  options: EngineOptions = {},
): Tuner {
  const { config, gpu } = model;
  const { onPreparation } = options;
  if (onPreparation) gpu.onCompile = (done, total) => onPreparation({ phase: 'compiling', done, total });
  const cap = options.batchTokens ?? defaultBatchTokens(config.hiddenSize);
  const tree = options.treeBatching ?? true;

  const checkRow = (
    { ids, promptLength, trained }: EncodedTokens,
    index: number,
    limit: number,
  ): TokenRow => {
    if (ids.length > limit)
      throw new InputError(
        `row ${index + 1}`,
        `has ${ids.length} tokens, but at most ${limit} fit.`,
        limit < config.maxPositionEmbeddings
          ? 'Shorten the row or raise max_length.'
          : "Shorten the row: this is the model's context.",
      );
    if (promptLength === 0)
      throw new InputError(
        `row ${index + 1}`,
        'has an empty prompt, which predicts nothing.',
        'Give it a prompt.',
      );
    if (promptLength === ids.length)
      throw new InputError(`row ${index + 1}`, 'has an empty completion.', 'Give it an answer.');
    return { prompt: ids.subarray(0, promptLength), completion: ids.subarray(promptLength), trained };
  };

  const score = async (
    groups: readonly PackedGroup[],
    adapter: Adapter | null,
    signal?: AbortSignal,
  ): Promise<Float32Array[]> => {
    const batches: PackedGroup[][] = [];
    let tokens = Number.POSITIVE_INFINITY;
    for (const g of groups) {
      const size = g.prompt.length + g.completions[0]!.length;
      if (tokens + size > cap) {
        batches.push([]);
        tokens = 0;
      }
      batches.at(-1)!.push(g);
      tokens += size;
    }
    const flat = adapter && flatAdapter(config, adapter);
    const results = await scoreBatches(
      model,
      flat,
      batches.map((b) => pack(b, false)),
      { clock, ...(signal ? { signal } : {}) },
    );
    // Plainly packed targets lie in the order of their sequences.
    return batches.flatMap((members, i) => {
      let at = 0;
      return members.map((g) => {
        const first = at;
        at += g.completions[0]!.length;
        return results[i]!.slice(first, at);
      });
    });
  };

  const train = async (
    planned: readonly PlannedStep[],
    prepare: (step: PlannedStep) => PreparedStep,
    trainConfig: TrainConfig,
    start: Adapter | null,
    onStep?: OnStep,
    signal?: AbortSignal,
  ): Promise<TrainResult> => {
    const steps = planned.map(prepare);
    const lora = start ? start.options : trainConfig.lora;
    const flat = start
      ? flatAdapter(config, start)
      : (() => {
          const layout = loraLayout(config, loraShape(lora));
          return { layout, parameters: initialParameters(layout, trainConfig.seed) };
        })();
    // Before the session takes what memory there is.
    const matmulRate = (await options.matmulRate?.()) ?? null;
    const session = await TrainingSession.create(
      model,
      flat.layout,
      flat.parameters,
      steps,
      trainConfig,
      options.memoryBudget,
    );
    try {
      const log: TrainResult['log'][number][] = [];
      session.compiled.then(
        () => onPreparation?.({ phase: 'first-step' }),
        () => {},
      );
      const warmup = resolveWarmup(trainConfig.warmupSteps, steps.length);
      await runSteps(
        session,
        steps,
        trainConfig,
        warmup,
        clock,
        (entry) => {
          log.push(entry);
          onStep?.(entry, steps.length);
        },
        signal,
        matmulRate,
      );
      // What is copied to the CPU needs room of its own, which the plan does not have.
      session.workspace.releaseAllBut('parameters');
      const tensors = await downloadTensors(gpu, flat.layout, session.workspace.buffer('parameters'));
      return {
        adapter: { options: lora, tensors },
        log,
        steps: steps.length,
        order: planned.map((p) => p.microBatches),
        plannedBytes: model.weights.plan.bytes + session.bytes,
        recomputedLayers: Math.max(0, (session.workspace.shape.recomputed ?? 0) - 1),
        matmulFlopsPerSecond: matmulRate,
      };
    } finally {
      session.release();
    }
  };

  return {
    async logprobs(rows, adapter, { eos = true, bare = false, signal } = {}) {
      const limit = config.maxPositionEmbeddings;
      const tokens = bare
        ? rows.map((row) => codec.encodeBare(bareText(row)))
        : await codec.encodeRows(rows, { eos, trainOn: 'last' });
      const encoded = tokens.map((row, i) => checkRow(row, i, limit));
      const scored = await score(
        encoded.map((r) => ({ prompt: r.prompt, completions: [r.completion] })),
        adapter,
        signal,
      );
      return encoded.map((r, i): TokenLogprobs => {
        const ids = new Uint32Array(r.prompt.length + r.completion.length);
        ids.set(r.prompt);
        ids.set(r.completion, r.prompt.length);
        return { ids, promptLength: r.prompt.length, logprobs: scored[i]! };
      });
    },

    generate: (prompts, adapter, options) => generateTexts(model, codec, prompts, adapter, options),

    async trainSft(rows, trainConfig, start, onStep, signal) {
      const limit = Math.min(trainConfig.maxLength, config.maxPositionEmbeddings);
      const tokens = await codec.encodeRows(rows, { eos: true, trainOn: trainConfig.trainOn });
      const encoded = tokens.map((row, i) => checkRow(row, i, limit));
      if (encoded.length === 0) throw new InputError('data', 'holds no rows.', 'Give at least one row.');
      const steps = planSteps(encoded.length, trainConfig, (epoch) =>
        randomPermutation(encoded.length, trainConfig.seed + epoch),
      );
      return train(steps, (planned) => sftStep(planned, encoded, cap), trainConfig, start, onStep, signal);
    },

    async trainDpo(groups, trainConfig, start, reference, onStep, signal) {
      const limit = Math.min(trainConfig.maxLength, config.maxPositionEmbeddings);
      if (groups.length === 0) throw new InputError('data', 'holds no pairs.', 'Give at least one pair.');
      const answers = groups.map((g) => answerRows(g));
      const tokens = await codec.encodeRows(answers.flat(), { eos: true, trainOn: 'last' });
      let next = 0;
      const rows = answers.map((group, i) => group.map(() => checkRow(tokens[next++]!, i, limit)));
      // A fresh adapter changes nothing, so that 'start' without one is the base model.
      const policy = reference === 'base' ? null : reference === 'start' ? start : reference;
      const scored = await score(
        rows.flat().map((r) => ({ prompt: r.prompt, completions: [r.completion] })),
        policy,
        signal,
      );
      const sums = scored.map((l) => l.reduce((a, b) => a + b, 0));
      let at = 0;
      const encoded = rows.map((answers): TokenPreference => {
        const [referenceChosen, ...referenceRejected] = sums.slice(at, at + answers.length);
        at += answers.length;
        const [chosen, ...rejected] = answers.map((a) => a.completion);
        return {
          prompt: answers[0]!.prompt,
          chosen: chosen!,
          rejected,
          referenceChosen: referenceChosen!,
          referenceRejected,
        };
      });
      const steps = planSteps(encoded.length, trainConfig, (epoch) =>
        randomPermutation(encoded.length, trainConfig.seed + epoch),
      );
      return train(
        steps,
        (planned) => dpoStep(planned, encoded, trainConfig, cap, tree),
        trainConfig,
        start,
        (log, total) => {
          if (log.step === 1 && policy === start) checkStartsAtReference(log);
          onStep?.(log, total);
        },
        signal,
      );
    },

    memory: () => ({ bytes: gpu.ledger.bytes, peakBytes: gpu.ledger.peakBytes }),
  };
}

/** Text that is scored on its own. */
function bareText(row: TrainingRow): string {
  return 'messages' in row ? row.messages.at(-1)!.content : row.completion;
}

/** A question with each of its answers, the better one first. */
function answerRows(group: PreferenceRow): TrainingRow[] {
  return [group.chosen, ...group.rejected].map((content) =>
    'messages' in group
      ? { messages: [...group.messages, { role: 'assistant', content }] }
      : { prompt: group.prompt, completion: content },
  );
}

/**
 * Before the first update the policy is its own reference: every margin is 0 and the loss ln 2 (label smoothing or
 * not). Anything else means that reference and policy do not see the same rows.
 */
function checkStartsAtReference(log: StepLog): void {
  const off = Math.abs(log.dpo_loss! - Math.LN2);
  if (!(off < 1e-5) || !(Math.abs(log['rewards/margins']!) < 1e-3))
    throw new Error(
      `DPO starts at ${log.dpo_loss} instead of ln 2, with a margin of ${log['rewards/margins']}: the reference is not the policy at its start.`,
    );
}
