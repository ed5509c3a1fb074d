/** @file `plan`: what a training session would take, in bytes and floating-point operations, without a GPU. */
import { InputError } from '../../formats/input_error.ts';
import { PROJECTIONS, type Projection } from '../../llama/config.ts';
import { flopsPerToken } from '../../llama/flops.ts';
import { loraLayout } from '../../llama/lora_layout.ts';
import { layersToRecompute, planSession, planTotals } from '../../llama/memory_plan.ts';
import { parameterCount, planWeights } from '../../llama/weight_plan.ts';
import { openModelFiles } from '../../train/model_files.ts';
import type { Command } from '../command.ts';
import { modelSource } from '../model_source.ts';
import { BUDGET_OPTION, MODEL_OPTIONS, memoryBudget, WEIGHT_OPTIONS, weightChoices } from '../open_model.ts';

/** WebGPU's default limit: what every adapter binds at least. */
const DEFAULT_BINDING = 128 * 2 ** 20;

interface PlanReport {
  readonly parameters: number;
  readonly trainable_parameters: number;
  /** Bytes by part. */
  readonly memory: Readonly<Record<string, number>>;
  readonly total_bytes: number;
  /** Layers whose activations are computed a second time to fit --memory-budget. */
  readonly recomputed_layers: number;
  readonly items: readonly { readonly part: string; readonly label: string; readonly bytes: number }[];
  readonly conversions: readonly { readonly from: string; readonly to: string; readonly tensors: number }[];
  readonly flop_per_token: Readonly<Record<'forward' | 'backward' | 'recompute' | 'total', number>>;
}

export const plan: Command = {
  summary: 'the memory plan in bytes, and floating-point operations per token, without a GPU',
  options: {
    model: MODEL_OPTIONS.model!,
    ...WEIGHT_OPTIONS,
    ...BUDGET_OPTION,
    rank: { default: '8', help: "LoRA's rank" },
    tokens: { default: '512', help: 'tokens of a packed batch, all of them targets' },
    'target-modules': { default: 'all-linear', help: `all-linear, or some of ${PROJECTIONS.join(',')}` },
    sequences: { default: '16', help: 'answers in a batch' },
    binding: { default: String(DEFAULT_BINDING), help: 'bytes that the adapter binds at once' },
  },
  async run(options, progress): Promise<PlanReport> {
    const source = await modelSource(options.get('model'), progress);
    const { config, tensors } = await openModelFiles(source);
    const tokens = options.integer('tokens', 1);
    const sequences = options.integer('sequences', 1);
    const lora = {
      rank: options.integer('rank', 1),
      scale: 1,
      targets: targetModules(options.get('target-modules')),
    };
    const layout = loraLayout(config, lora);
    const weights = planWeights(
      config,
      weightChoices(options),
      (tensor) => tensors.type(tensor) ?? 'F16',
      options.integer('binding', 2 ** 20),
    );
    const shape = {
      tokens,
      targets: tokens,
      sequences,
      pairs: sequences,
      positions: Math.min(tokens, config.maxPositionEmbeddings),
      training: true,
    };
    const budget = memoryBudget(options) ?? Number.POSITIVE_INFINITY;
    const recomputed = layersToRecompute(config, layout, shape, weights.bytes, budget);
    const session = planSession(config, layout, { ...shape, recomputed });
    const memory = { weights: weights.bytes, ...planTotals(session) };
    return {
      parameters: parameterCount(config),
      trainable_parameters: layout.parameters,
      memory,
      total_bytes: Object.values(memory).reduce((a, b) => a + b, 0),
      recomputed_layers: Math.max(0, recomputed - 1),
      items: [
        ...weights.matrices.flatMap(({ blocks }) =>
          blocks.map(({ label, dataBytes, scaleBytes }) => ({
            part: 'weights',
            label,
            bytes: dataBytes + scaleBytes,
          })),
        ),
        ...weights.vectors.map(({ label, bytes }) => ({ part: 'weights', label, bytes })),
        ...session,
      ],
      conversions: weights.conversions,
      flop_per_token: flopsPerToken(config, lora, tokens, Math.max(0, recomputed - 1)),
    };
  },
  text(r: PlanReport) {
    const mega = (bytes: number) => `${(bytes / 1e6).toFixed(1).padStart(10)} MB`;
    const giga = (flops: number) => `${(flops / 1e9).toFixed(3).padStart(10)} GFLOP`;
    return [
      `${r.parameters} parameters, ${r.trainable_parameters} of them trained`,
      ...Object.entries(r.memory).map(([part, bytes]) => `${part.padEnd(12)} ${mega(bytes)}`),
      `${'total'.padEnd(12)} ${mega(r.total_bytes)}${r.recomputed_layers > 0 ? `, ${r.recomputed_layers} layers computed twice` : ''}`,
      ...Object.entries(r.flop_per_token).map(
        ([part, flops]) => `${part.padEnd(12)} ${giga(flops)} per token`,
      ),
      ...r.conversions.map((c) => `${c.tensors} matrices are converted from ${c.from} to ${c.to}`),
    ].join('\n');
  },
};

function targetModules(text: string): readonly Projection[] {
  if (text === 'all-linear') return PROJECTIONS;
  const names = text.split(',');
  const unknown = names.find((name) => !PROJECTIONS.some((p) => p === name));
  if (unknown !== undefined)
    throw new InputError('--target-modules', `names ${unknown}.`, `Choose of ${PROJECTIONS.join(', ')}.`);
  return PROJECTIONS.filter((p) => names.includes(p));
}
