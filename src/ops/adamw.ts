/** @file AdamW over flat buffers, after clipping by the global norm, in PyTorch's order of operations. */
import { type BufferSlice, part } from '../gpu/ledger.ts';
import { linearWorkgroups, type ProgramBuilder } from '../gpu/program.ts';
import { wordTraffic } from './traffic.ts';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Elements whose squares one workgroup sums, or on software adapters, whose barriers cost more, one invocation. */
const NORM_BLOCK = 4096;

/** Length of the scratch for partial sums, in f32s. */
export function normBlocks(count: number): number {
  return Math.ceil(count / NORM_BLOCK);
}

/** Bytes of a parameter's two moments: the widest of the flat buffers. */
const MOMENT_BYTES = 8;

/**
 * Ranges of the flat buffers that are bound at once, in elements: whole norm blocks, so that the partial sums, and with
 * them all bits, do not depend on where buffers are cut (and every range starts at a multiple of 256 bytes).
 * @throws Error where a binding does not hold the moments of one norm block
 */
export function adamwRanges(count: number, bindingLimit: number): { first: number; count: number }[] {
  const most = Math.floor(bindingLimit / MOMENT_BYTES / NORM_BLOCK) * NORM_BLOCK;
  if (most === 0)
    throw new Error(`AdamW needs bindings of ${NORM_BLOCK * MOMENT_BYTES} bytes, not of ${bindingLimit}.`);
  return Array.from({ length: Math.ceil(count / most) }, (_, i) => ({
    first: i * most,
    count: Math.min(most, count - i * most),
  }));
}

/** Size of the optimizer's state (see prepare.wgsl), in f32s. */
export const ADAMW_STATE_COUNT = 8;

/** What is uploaded per step, in f32s: learning rate, max_grad_norm (0: off), log beta1, log beta2. */
export function adamwStep(
  learningRate: number,
  maxGradNorm: number,
  options: AdamWOptions,
): Float32Array<ArrayBuffer> {
  return new Float32Array([learningRate, maxGradNorm, Math.log(options.beta1), Math.log(options.beta2)]);
}

/**
 * Records one optimizer step over `count` parameters, in as many dispatches as bindings allow. moments is [count, 2] (m, v); a gradient norm that is not finite
 * skips the step (metrics say so). metrics: see ops/losses.ts.
 * @param bindingLimit bytes that the adapter binds at once
 */
export function adamw(
  program: ProgramBuilder,
  count: number,
  options: AdamWOptions,
  b: {
    step: BufferSlice;
    gradient: BufferSlice;
    partialSums: BufferSlice;
    state: BufferSlice;
    metrics: BufferSlice;
    moments: BufferSlice;
    parameters: BufferSlice;
  },
  bindingLimit: number,
): void {
  const ranges = adamwRanges(count, bindingLimit);
  const lanes = program.adapterClass === 'gpu' ? 64 : 1;
  for (const range of ranges)
    program.dispatch({
      shader: 'adamw/norm',
      constants: { LANES: lanes },
      bind: { gradient: part(b.gradient, range.first, range.count), partial_sums: b.partialSums },
      params: { count: range.count, first_block: range.first / NORM_BLOCK, block: NORM_BLOCK },
      workgroups: linearWorkgroups(normBlocks(range.count), 64 / lanes),
      flops: 2 * range.count,
      traffic: wordTraffic(range.count, normBlocks(range.count)),
    });
  program.dispatch({
    shader: 'adamw/prepare',
    bind: { step: b.step, partial_sums: b.partialSums, state: b.state, metrics: b.metrics },
    params: { blocks: normBlocks(count) },
    workgroups: [1],
    traffic: wordTraffic(normBlocks(count), ADAMW_STATE_COUNT),
  });
  for (const range of ranges)
    program.dispatch({
      shader: 'adamw/update',
      bind: {
        step: b.step,
        state: b.state,
        gradient: part(b.gradient, range.first, range.count),
        moments: part(b.moments, 2 * range.first, 2 * range.count),
        parameters: part(b.parameters, range.first, range.count),
      },
      params: {
        count: range.count,
        beta1: options.beta1,
        beta2: options.beta2,
        epsilon: options.epsilon,
        weight_decay: options.weightDecay,
      },
      workgroups: linearWorkgroups(range.count, 64),
      flops: 12 * range.count,
      traffic: wordTraffic(4 * range.count, 3 * range.count),
    });
}
