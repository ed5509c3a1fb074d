/** @file `bench`: figures of this adapter, all of one run: kernels, whole training steps, or both beside other engines. */
import { benchDecode, type DecodeFigures, decodeText } from '../../../bench/decode.ts';
import { fmaPeak } from '../../../bench/fma_peak.ts';
import { benchKernels, type KernelFigure } from '../../../bench/kernels.ts';
import { benchLogprob, type LogprobFigure, logprobText } from '../../../bench/logprob.ts';
import { benchRivals, type RivalsReport } from '../../../bench/rivals/rivals.ts';
import { rivalsText } from '../../../bench/rivals/text.ts';
import { benchScaling, type ScalingFigures, scalingText } from '../../../bench/scaling.ts';
import { benchStep, type StepFigures } from '../../../bench/step.ts';
import { benchTree, type TreeFigures, treeText } from '../../../bench/tree.ts';
import { InputError } from '../../formats/input_error.ts';
import { Gpu } from '../../gpu/gpu.ts';
import { kernelVariants } from '../../ops/kernel_variants.ts';
import type { Command } from '../command.ts';
import { dawnDevice, shadersFromDisk } from '../dawn.ts';
import { forcedVariants, KERNELS_OPTION } from '../kernels_option.ts';
import { openModel, WEIGHT_OPTIONS, weightChoices } from '../open_model.ts';
import { bundled, readWorld } from '../world_files.ts';
import { ROOFLINE_OPTIONS, type RooflineReport, rooflineReport, rooflineText } from './bench_roofline.ts';

interface BenchReport {
  readonly what: string;
  readonly adapter: string;
  /** Figures of software adapters are compared as ratios in one run, never as such. */
  readonly software: boolean;
  readonly runs: number;
  readonly chosen: Readonly<Record<string, string>>;
  readonly kernels?: readonly KernelFigure[];
  /** With kernels: what the adapter reaches where nothing but multiplications with additions is asked of it. */
  readonly fma_peak_gflops?: number;
  readonly logprob?: readonly LogprobFigure[];
  readonly step?: StepFigures;
  readonly rivals?: RivalsReport;
  readonly tree?: TreeFigures;
  readonly scaling?: ScalingFigures;
  readonly decode?: DecodeFigures;
}

export const bench: Command = {
  summary:
    'figures of this adapter: kernels (all variants of the products), logprob (log-probabilities by the width of chunks), step (of a small Llama), rivals (other engines beside this one), tree (Stage II with tree batching and without), or scaling (a step by its tokens, and decoding); roofline: what other GPUs should reach',
  subject: 'what',
  options: {
    what: {
      default: 'kernels',
      choices: ['kernels', 'logprob', 'step', 'rivals', 'tree', 'scaling', 'roofline'],
      help: 'what is timed, or expected',
    },
    model: {
      default: bundled.model,
      help: 'with tree: the model that is trained; with scaling: that decodes',
    },
    ...WEIGHT_OPTIONS,
    weights: { ...WEIGHT_OPTIONS.weights!, default: 'f32' },
    ...KERNELS_OPTION,
    runs: { default: '5', help: 'runs, of which the median counts' },
    tokens: { default: '128', help: 'with step, rivals and roofline: tokens of the one sequence' },
    rank: { default: '8', help: "with step and roofline: LoRA's rank" },
    ...ROOFLINE_OPTIONS,
    'target-modules': {
      default: 'q_proj,v_proj',
      help: 'with step and roofline: adapted projections, or all-linear',
    },
    steps: { default: '6', help: 'with step and rivals: steps of a run' },
  },
  async run(options, progress): Promise<BenchReport | RooflineReport> {
    const what = options.get('what');
    if (what === 'roofline') return rooflineReport(options);
    if (what === 'rivals' && options.maybe('kernels') !== undefined)
      throw new InputError('--kernels', 'is not for rivals, who meet the fixed table.', 'Leave it out.');
    const runs = options.integer('runs', 1);
    const forced = forcedVariants(options);
    const gpu = await Gpu.create(dawnDevice, shadersFromDisk(), { forced });
    const head = {
      what,
      adapter: gpu.adapter.description,
      software: gpu.adapter.software,
      runs,
      chosen: kernelVariants(gpu),
    };
    try {
      if (what === 'kernels')
        return {
          ...head,
          fma_peak_gflops: (await fmaPeak(gpu, runs)).gflops.median,
          kernels: await benchKernels(gpu, runs, progress),
        };
      if (what === 'logprob') return { ...head, logprob: await benchLogprob(gpu, runs, progress) };
    } finally {
      gpu.destroy();
    }
    if (what === 'rivals') {
      const sizes = {
        rounds: runs,
        tokens: options.integer('tokens', 2),
        steps: options.integer('steps', 2),
      };
      return { ...head, rivals: await benchRivals(head.adapter, sizes, progress) };
    }
    if (what === 'tree') {
      const opened = await openModel(options);
      try {
        return { ...head, tree: await benchTree(opened, await readWorld(bundled.world), runs, progress) };
      } finally {
        opened.gpu.destroy();
      }
    }
    if (what === 'scaling') {
      const opened = await openModel(options);
      try {
        return {
          ...head,
          decode: await benchDecode(opened.gpu, opened.model, runs, progress),
          scaling: await benchScaling(opened.gpu, weightChoices(options).weights, runs, progress),
        };
      } finally {
        opened.gpu.destroy();
      }
    }
    const targets = options.get('target-modules');
    const step = await benchStep(
      dawnDevice,
      shadersFromDisk(),
      {
        tokens: options.integer('tokens', 2),
        rank: options.integer('rank', 1),
        targets: targets === 'all-linear' ? targets : (targets.split(',') as never),
        weights: weightChoices(options).weights,
        steps: options.integer('steps', 2),
        runs,
        forced,
      },
      progress,
    );
    return { ...head, step };
  },
  text(report: BenchReport | RooflineReport) {
    if ('roofline' in report) return rooflineText(report);
    const head = `${report.adapter}${report.software ? ' (software: compare ratios of one run only)' : ''}, medians of ${report.runs}`;
    if (report.logprob) return `${head}\n${logprobText(report.logprob)}`;
    if (report.rivals) return `${head}\n${rivalsText(report.rivals)}`;
    if (report.tree) return `${head}\n${treeText(report.tree)}`;
    if (report.scaling) return `${head}\n${decodeText(report.decode!)}\n${scalingText(report.scaling)}`;
    if (report.step) {
      const s = report.step;
      return [
        head,
        `${s.tokens_per_second.median.toFixed(1)} tokens/s (${s.tokens_per_second.least.toFixed(1)} to ${s.tokens_per_second.most.toFixed(1)}), first step after ${s.seconds_to_first_step.toFixed(2)} s`,
        `${s.gflops.median.toFixed(2)} GFLOP/s that the mathematics needs: ${(100 * s.mfu).toFixed(0)} % of the best product (${s.best_matmul_gflops.toFixed(2)}), ${(100 * s.share_of_fma_peak).toFixed(0)} % of the FMA peak (${s.fma_peak_gflops.toFixed(2)})`,
        `${(s.peak_gpu_bytes / 1e6).toFixed(1)} MB at most, ${(s.planned_gpu_bytes / 1e6).toFixed(1)} MB planned`,
      ].join('\n');
    }
    const peak = report.fma_peak_gflops ?? Number.NaN;
    return [
      `${head}; FMA peak ${peak.toFixed(2)} GFLOP/s`,
      ...(report.kernels ?? []).map(
        (k) =>
          `${k.kernel} ${k.variant.padEnd(8)} ${k.format.padEnd(4)} ${k.shape.join('x').padEnd(12)} ${k.gflops.median.toFixed(2).padStart(8)} GFLOP/s ${((100 * k.gflops.median) / peak).toFixed(0).padStart(4)} %`,
      ),
    ].join('\n');
  },
};
