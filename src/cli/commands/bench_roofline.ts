/** @file `bench roofline`: what a training step should take on published GPUs, without any. */
import { LLAMA_SHAPES, type LlamaShapeName } from '../../../bench/llama_shapes.ts';
import { type Expectation, type RooflineFigures, roofline } from '../../../bench/roofline.ts';
import { InputError } from '../../formats/input_error.ts';
import type { OptionSpecs, Options } from '../arguments.ts';
import { shadersFromDisk } from '../dawn.ts';
import { forcedVariants } from '../kernels_option.ts';
import { BUDGET_OPTION, memoryBudget, weightChoices } from '../open_model.ts';
import { DEFAULT_BINDING, targetModules } from './plan.ts';

/** Options besides those that other benches have too. */
export const ROOFLINE_OPTIONS: OptionSpecs = {
  shape: {
    default: 'step',
    choices: Object.keys(LLAMA_SHAPES),
    help: 'with roofline: the Llama, by its published shape',
  },
  ...BUDGET_OPTION,
};

export interface RooflineReport {
  readonly what: 'roofline';
  /** What the figures are: nothing of it was measured. */
  readonly note: string;
  readonly shape: string;
  readonly roofline: RooflineFigures;
}

/** Expectations for the step that the options describe. */
export function rooflineReport(options: Options): RooflineReport {
  const name = options.get('shape') as LlamaShapeName;
  const config = LLAMA_SHAPES[name];
  const tokens = options.integer('tokens', 2);
  if (tokens > config.maxPositionEmbeddings)
    throw new InputError(
      '--tokens',
      `is ${tokens}; the context of ${name} holds ${config.maxPositionEmbeddings}.`,
      'Give fewer.',
    );
  const budget = memoryBudget(options);
  const step = {
    config,
    tokens,
    lora: {
      rank: options.integer('rank', 1),
      scale: 1,
      targets: targetModules(options.get('target-modules')),
    },
    weights: weightChoices(options),
    bindingLimit: DEFAULT_BINDING,
    forced: forcedVariants(options),
    ...(budget === undefined ? {} : { memoryBudget: budget }),
  };
  return {
    what: 'roofline',
    note: 'Expectations by the roofline model, not measurements.',
    shape: name,
    roofline: roofline(step, shadersFromDisk()),
  };
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
const giga = (n: number) => (n / 1e9).toFixed(2);

/** A line for each GPU, and the costliest dispatches on the slowest and on the fastest of them. */
export function rooflineText({ note, shape, roofline: r }: RooflineReport): string {
  const bytes = r.bytes_read + r.bytes_written;
  const bySpeed = r.expectations.toSorted((a, b) => b.expected_seconds - a.expected_seconds);
  return [
    note,
    `One step, shape ${shape}, ${r.tokens} tokens: ${r.dispatches} dispatches, ${giga(r.flops)} GFLOP, ${giga(bytes)} GB of global memory (${giga(r.bytes_read)} read), ${(r.flops / bytes).toFixed(1)} FLOP a byte${r.recomputed_layers > 0 ? `, ${r.recomputed_layers} layers computed twice` : ''}`,
    '',
    'expected on                  ms a step   tokens/s   of peak   bound by FLOPs   bytes   dispatches',
    ...r.expectations.map(
      (e) =>
        `${e.profile.name.padEnd(27)} ${(1e3 * e.expected_seconds).toFixed(1).padStart(10)} ${e.expected_tokens_per_second.toFixed(0).padStart(10)} ${percent(e.share_of_peak).padStart(9)} ${percent(e.bound_by.flops).padStart(16)} ${percent(e.bound_by.bytes).padStart(7)} ${percent(e.bound_by.dispatch).padStart(12)}`,
    ),
    ...[bySpeed[0]!, bySpeed.at(-1)!].flatMap((e) => ['', ...costliest(e)]),
  ].join('\n');
}

function costliest({ profile, costliest: kernels }: Expectation): string[] {
  return [
    `Costliest on ${profile.name}, expected (registers are an estimate from the source):`,
    'kernel                       count     GFLOP        GB   FLOP/byte   share   registers   shared bytes',
    ...kernels.map(
      (k) =>
        `${k.kernel.padEnd(27)} ${String(k.count).padStart(6)} ${giga(k.flops).padStart(9)} ${giga(k.bytes).padStart(9)} ${k.intensity.toFixed(1).padStart(11)} ${percent(k.share).padStart(7)} ${String(k.estimated_registers).padStart(11)} ${String(k.shared_bytes).padStart(14)}`,
    ),
  ];
}
