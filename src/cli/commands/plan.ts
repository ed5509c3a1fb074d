/** @file `plan`: what a training session would take, in bytes and floating-point operations, without a GPU. */
import { InputError } from '../../formats/input_error.ts';
import { PROJECTIONS, type Projection } from '../../llama/config.ts';
import type { FlopsPerToken } from '../../llama/flops.ts';
import { planTotals } from '../../llama/memory_plan.ts';
import { boundBytes, excessError, planExcess } from '../../llama/plan_limits.ts';
import { planTraining } from '../../llama/training_plan.ts';
import { parameterCount, type WeightPlan } from '../../llama/weight_plan.ts';
import { openModelShape } from '../../train/model_files.ts';
import type { Command } from '../command.ts';
import { modelSource } from '../model_source.ts';
import { BUDGET_OPTION, MODEL_OPTIONS, memoryBudget, WEIGHT_OPTIONS, weightChoices } from '../open_model.ts';

/** WebGPU's default limits: what every adapter takes at least. */
export const DEFAULT_BINDING = 128 * 2 ** 20;
const DEFAULT_BUFFER = 256 * 2 ** 20;

interface Item {
  readonly part: string;
  readonly label: string;
  readonly bytes: number;
}

interface PlanReport {
  readonly parameters: number;
  readonly trainable_parameters: number;
  /** Bytes by part. */
  readonly memory: Readonly<Record<string, number>>;
  readonly total_bytes: number;
  /** Layers whose activations are computed a second time to fit --memory-budget. */
  readonly recomputed_layers: number;
  /** Operations that this adds, as a share of those without. */
  readonly extra_work: number;
  /** Bytes of --memory-budget, and whether the plan stays within them; null without one. */
  readonly memory_budget: { readonly bytes: number; readonly holds: boolean } | null;
  /** What recomputing every layer would take: no budget can reach less. */
  readonly least: {
    readonly total_bytes: number;
    readonly recomputed_layers: number;
    readonly extra_work: number;
  };
  /** The most that a kernel is given of a buffer, and whether the adapter of --binding and --buffer takes all buffers. */
  readonly largest_binding: Item & {
    readonly limit: number;
    readonly holds: boolean;
    /** Where it does not hold: what is too large, and what helps. */
    readonly problem: string | null;
  };
  readonly items: readonly Item[];
  readonly conversions: readonly { readonly from: string; readonly to: string; readonly tensors: number }[];
  readonly flop_per_token: FlopsPerToken;
}

export const plan: Command = {
  summary: 'the memory plan in bytes, and floating-point operations per token, without a GPU',
  options: {
    model: {
      ...MODEL_OPTIONS.model!,
      help: `${MODEL_OPTIONS.model!.help}; a directory with nothing but config.json will do`,
    },
    ...WEIGHT_OPTIONS,
    ...BUDGET_OPTION,
    rank: { default: '8', help: "LoRA's rank" },
    tokens: { default: '512', help: 'tokens of a packed batch, all of them targets' },
    'target-modules': { default: 'all-linear', help: `all-linear, or some of ${PROJECTIONS.join(',')}` },
    sequences: { default: '16', help: 'answers in a batch' },
    binding: { default: String(DEFAULT_BINDING), help: 'bytes that the adapter binds at once' },
    buffer: { default: String(DEFAULT_BUFFER), help: 'bytes of a buffer that the adapter takes' },
  },
  async run(options, progress): Promise<PlanReport> {
    const source = await modelSource(options.get('model'), progress);
    const { config, stored } = await openModelShape(source);
    const tokens = options.integer('tokens', 1);
    const bindingLimit = options.integer('binding', 2 ** 20);
    const limits = { bindingLimit, bufferLimit: options.integer('buffer', 2 ** 20) };
    const { weights, trained, within } = planTraining(config, {
      weights: weightChoices(options),
      stored,
      lora: {
        rank: options.integer('rank', 1),
        scale: 1,
        targets: targetModules(options.get('target-modules')),
      },
      tokens,
      sequences: options.integer('sequences', 1),
      bindingLimit: Math.min(bindingLimit, limits.bufferLimit),
    });
    const budget = memoryBudget(options);
    const { session, layers, bytes, flops, extraWork } = within(budget ?? Number.POSITIVE_INFINITY);
    const least = within(0);
    const items = [...weightItems(weights), ...session];
    const bound = items
      .map((item) => ({ ...item, bytes: boundBytes(item, bindingLimit) }))
      .reduce((most, item) => (item.bytes > most.bytes ? item : most));
    const excess = planExcess(session, limits);
    return {
      parameters: parameterCount(config),
      trainable_parameters: trained,
      memory: { weights: weights.bytes, ...planTotals(session) },
      total_bytes: bytes,
      recomputed_layers: layers,
      extra_work: extraWork,
      memory_budget: budget === undefined ? null : { bytes: budget, holds: bytes <= budget },
      least: { total_bytes: least.bytes, recomputed_layers: least.layers, extra_work: least.extraWork },
      largest_binding: {
        ...bound,
        limit: bindingLimit,
        holds: excess === null,
        problem: excess && excessError(excess, tokens).message,
      },
      items,
      conversions: weights.conversions,
      flop_per_token: flops,
    };
  },
  text(r: PlanReport) {
    const mega = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
    const column = (bytes: number) => mega(bytes).padStart(13);
    const giga = (flops: number) => `${(flops / 1e9).toFixed(3).padStart(10)} GFLOP`;
    const twice = (layers: number, extraWork: number) =>
      `${layers} ${layers === 1 ? 'layer' : 'layers'} computed twice (${(100 * extraWork).toFixed(0)} % more work)`;
    const { least, largest_binding: largest, memory_budget: budget } = r;
    return [
      `${r.parameters} parameters, ${r.trainable_parameters} of them trained`,
      ...Object.entries(r.memory).map(([part, bytes]) => `${part.padEnd(12)}${column(bytes)}`),
      `${'total'.padEnd(12)}${column(r.total_bytes)}${r.recomputed_layers > 0 ? `, ${twice(r.recomputed_layers, r.extra_work)}` : ''}`,
      budget && !budget.holds
        ? `beyond the budget of ${mega(budget.bytes)}: fewer tokens, a lower rank or smaller weights would help`
        : null,
      least.recomputed_layers > r.recomputed_layers
        ? `${'at least'.padEnd(12)}${column(least.total_bytes)}, ${twice(least.recomputed_layers, least.extra_work)}: see --memory-budget`
        : null,
      `largest binding: ${largest.label}, ${mega(largest.bytes)} of ${mega(largest.limit)}`,
      largest.problem,
      ...(['forward', 'backward', 'recompute', 'total'] as const).map(
        (part) => `${part.padEnd(12)} ${giga(r.flop_per_token[part])} per token`,
      ),
      ...r.conversions.map((c) => `${c.tensors} matrices are converted from ${c.from} to ${c.to}`),
    ]
      .filter((line) => line !== null)
      .join('\n');
  },
};

function weightItems({ matrices, vectors }: WeightPlan): Item[] {
  const item = (label: string, bytes: number) => ({ part: 'weights', label, bytes });
  return [
    ...matrices.flatMap(({ blocks }) =>
      blocks.flatMap(({ label, dataBytes, scaleBytes }) => [
        item(label, dataBytes),
        ...(scaleBytes > 0 ? [item(`${label}.scales`, scaleBytes)] : []),
      ]),
    ),
    ...vectors.map(({ label, bytes }) => item(label, bytes)),
  ];
}

/** Projections by their names, or all-linear. @throws InputError for an unknown name */
export function targetModules(text: string): readonly Projection[] {
  if (text === 'all-linear') return PROJECTIONS;
  const names = text.split(',');
  const unknown = names.find((name) => !PROJECTIONS.some((p) => p === name));
  if (unknown !== undefined)
    throw new InputError('--target-modules', `names ${unknown}.`, `Choose of ${PROJECTIONS.join(', ')}.`);
  return PROJECTIONS.filter((p) => names.includes(p));
}
