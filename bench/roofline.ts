/**
 * @file `bench roofline`: what a training step should take on GPUs that are not here, by the roofline model (Williams et
 * al. 2009): each dispatch takes the longer of its operations at the peak rate and its bytes at the full bandwidth, and
 * what any dispatch costs. An expectation that leaves out caches, occupancy and the host: no measurement.
 */
import type { RecordedDispatch } from '../src/gpu/program.ts';
import type { ShaderLibrary } from '../src/gpu/shader_library.ts';
import { GPU_PROFILES, type GpuProfile } from './gpu_profiles.ts';
import { recordStep, type StepToRecord } from './recorded_step.ts';
import { type ShaderResources, shaderResources } from './shader_resources.ts';

/** All dispatches of a step of one shader with the same constants. */
export interface KernelExpectation {
  readonly kernel: string;
  readonly constants: RecordedDispatch['constants'];
  readonly count: number;
  readonly flops: number;
  readonly bytes: number;
  /** FLOPs per byte. */
  readonly intensity: number;
  /** Of the smallest dispatch: fewer than a GPU has cores leave some idle, which the model does not see. */
  readonly fewest_workgroups: number;
  readonly shared_bytes: number;
  readonly estimated_registers: number;
  readonly invocations: number;
  readonly expected_seconds: number;
  /** Of the step's expected time. */
  readonly share: number;
}

export interface Expectation {
  readonly profile: GpuProfile;
  readonly expected_seconds: number;
  readonly expected_tokens_per_second: number;
  /** FLOPs of the step over expected time and peak. */
  readonly share_of_peak: number;
  /** Shares of the expected time of dispatches that are bound by operations, bound by bytes, and of what any costs. */
  readonly bound_by: { readonly flops: number; readonly bytes: number; readonly dispatch: number };
  readonly costliest: readonly KernelExpectation[];
}

export interface RooflineFigures {
  readonly tokens: number;
  readonly dispatches: number;
  readonly recomputed_layers: number;
  readonly flops: number;
  readonly bytes_read: number;
  readonly bytes_written: number;
  readonly expectations: readonly Expectation[];
}

const COSTLIEST = 10;

const bytesOf = ({ traffic }: RecordedDispatch) => traffic.read + traffic.written;

/** Seconds of a dispatch by itself, without what any dispatch costs. */
function workSeconds(d: RecordedDispatch, profile: GpuProfile): number {
  return Math.max(d.flops / profile.flops, bytesOf(d) / profile.bandwidth);
}

function sum<T>(items: readonly T[], f: (item: T) => number): number {
  return items.reduce((total, item) => total + f(item), 0);
}

/** Expected times of a step on every profile. */
export function roofline(step: Omit<StepToRecord, 'adapterClass'>, shaders: ShaderLibrary): RooflineFigures {
  const { dispatches, recomputedLayers } = recordStep({ ...step, adapterClass: 'gpu' });
  const resources = (d: RecordedDispatch) => shaderResources(shaders, d.shader, d.constants);
  return {
    tokens: step.tokens,
    dispatches: dispatches.length,
    recomputed_layers: recomputedLayers,
    flops: sum(dispatches, (d) => d.flops),
    bytes_read: sum(dispatches, (d) => d.traffic.read),
    bytes_written: sum(dispatches, (d) => d.traffic.written),
    expectations: GPU_PROFILES.map((profile) => expectOn(profile, dispatches, step.tokens, resources)),
  };
}

/** Expected time of dispatches one after the other, which together work on `tokens` tokens. */
export function expectOn(
  profile: GpuProfile,
  dispatches: readonly RecordedDispatch[],
  tokens: number,
  resources: (dispatch: RecordedDispatch) => ShaderResources,
): Expectation {
  const seconds = sum(dispatches, (d) => workSeconds(d, profile) + profile.dispatch);
  const byFlops = dispatches.filter((d) => d.flops / profile.flops >= bytesOf(d) / profile.bandwidth);
  const flopsSeconds = sum(byFlops, (d) => workSeconds(d, profile));
  const dispatchSeconds = dispatches.length * profile.dispatch;
  const kernels = new Map<string, RecordedDispatch[]>();
  for (const d of dispatches) {
    const key = `${d.shader} ${JSON.stringify(d.constants)}`;
    kernels.set(key, [...(kernels.get(key) ?? []), d]);
  }
  const costliest = [...kernels.values()]
    .map((list) => kernelExpectation(list, resources(list[0]!), profile, seconds))
    .sort((a, b) => b.expected_seconds - a.expected_seconds)
    .slice(0, COSTLIEST);
  return {
    profile,
    expected_seconds: seconds,
    expected_tokens_per_second: tokens / seconds,
    share_of_peak: sum(dispatches, (d) => d.flops) / seconds / profile.flops,
    bound_by: {
      flops: flopsSeconds / seconds,
      bytes: (seconds - flopsSeconds - dispatchSeconds) / seconds,
      dispatch: dispatchSeconds / seconds,
    },
    costliest,
  };
}

function kernelExpectation(
  list: readonly RecordedDispatch[],
  resources: ShaderResources,
  profile: GpuProfile,
  stepSeconds: number,
): KernelExpectation {
  const flops = sum(list, (d) => d.flops);
  const bytes = sum(list, bytesOf);
  const seconds = sum(list, (d) => workSeconds(d, profile) + profile.dispatch);
  return {
    kernel: list[0]!.shader,
    constants: list[0]!.constants,
    count: list.length,
    flops,
    bytes,
    intensity: flops / bytes,
    fewest_workgroups: Math.min(...list.map((d) => d.workgroups.reduce((a, b) => a * b, 1))),
    shared_bytes: resources.sharedBytes,
    estimated_registers: resources.registers,
    invocations: resources.invocations,
    expected_seconds: seconds,
    share: seconds / stepSeconds,
  };
}
