/** @file `doctor`: which adapter, what it can do, whether its numbers are right, and which kernels it gets. */
import { Gpu } from '../../gpu/gpu.ts';
import type { LlamaModel } from '../../llama/model.ts';
import { kernelVariants } from '../../ops/kernel_variants.ts';
import { selfCheck } from '../../ops/self_check.ts';
import type { WeightFormat } from '../../ops/weight_matrix.ts';
import type { Command } from '../command.ts';
import { dawnDevice, shadersFromDisk } from '../dawn.ts';
import { forcedVariants, KERNELS_OPTION } from '../kernels_option.ts';

const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
] as const;

/** Adapter, limits, self-checks and the chosen variants, as `doctor` and a run's manifest hold them. */
export async function diagnose(gpu: Gpu) {
  return {
    adapter: gpu.adapter,
    limits: Object.fromEntries(LIMITS.map((name) => [name, gpu.device.limits[name]])),
    self_check: await selfCheck(gpu),
    kernels: kernelVariants(gpu),
  };
}

/** How a model's weights are held: bytes by format, and what was converted. */
export function weightsReport({ weights: { plan } }: LlamaModel) {
  const formats: Partial<Record<WeightFormat, number>> = {};
  for (const { format, dataBytes, scaleBytes } of plan.matrices.flatMap((matrix) => matrix.blocks))
    formats[format] = (formats[format] ?? 0) + dataBytes + scaleBytes;
  return { bytes: plan.bytes, bytes_by_format: formats, conversions: plan.conversions };
}

export const doctor: Command = {
  summary: 'show the adapter, its limits, self-checks and chosen kernels',
  options: KERNELS_OPTION,
  async run(options) {
    const gpu = await Gpu.create(dawnDevice, shadersFromDisk(), { forced: forcedVariants(options) });
    try {
      return {
        node: process.version,
        platform: `${process.platform} ${process.arch}`,
        ...(await diagnose(gpu)),
      };
    } finally {
      gpu.destroy();
    }
  },
  text(result: Awaited<ReturnType<typeof diagnose>>) {
    const { adapter, limits, self_check, kernels } = result;
    return [
      `Adapter   ${adapter.description || adapter.device} (${adapter.vendor} ${adapter.architecture})${adapter.software ? ', computing on the CPU: right numbers, but slow' : ''}`,
      `Features  ${adapter.features.join(', ')}`,
      ...Object.entries(limits).map(([name, value]) => `Limit     ${name} ${value}`),
      ...self_check.map(
        (c) =>
          `Check     ${c.kernel} ${c.variant}: ${c.passed ? 'right' : 'WRONG'} (relative error ${c.relativeError.toExponential(1)})`,
      ),
      ...Object.entries(kernels).map(([name, value]) => `Kernel    ${name} ${value}`),
    ].join('\n');
  },
};
