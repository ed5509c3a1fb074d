/** @file AdamW over flat buffers, after clipping by the global norm, in PyTorch's order of operations. */
import type { BufferSlice } from '../gpu/ledger.ts';
import { linearWorkgroups, type ProgramBuilder } from '../gpu/program.ts';
import { wordTraffic } from './traffic.ts';

export interface AdamWOptions {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

/** Elements whose squares one workgroup sums. */
const NORM_BLOCK = 4096;

/** Length of the scratch for partial sums, in f32s. */
export function normBlocks(count: number): number {
  return Math.ceil(count / NORM_BLOCK);
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
 * Records one optimizer step over `count` parameters. moments is [count, 2] (m, v); a gradient norm that is not finite
 * skips the step (metrics say so). metrics: see ops/losses.ts.
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
): void {
  const blocks = normBlocks(count);
  program.dispatch({
    shader: 'adamw/norm',
    bind: { gradient: b.gradient, partial_sums: b.partialSums },
    params: { count },
    workgroups: linearWorkgroups(blocks, 1),
    flops: 2 * count,
    traffic: wordTraffic(count, blocks),
  });
  program.dispatch({
    shader: 'adamw/prepare',
    bind: { step: b.step, partial_sums: b.partialSums, state: b.state, metrics: b.metrics },
    params: { blocks },
    workgroups: [1],
    traffic: wordTraffic(blocks, ADAMW_STATE_COUNT),
  });
  program.dispatch({
    shader: 'adamw/update',
    bind: {
      step: b.step,
      state: b.state,
      gradient: b.gradient,
      moments: b.moments,
      parameters: b.parameters,
    },
    params: {
      count,
      beta1: options.beta1,
      beta2: options.beta2,
      epsilon: options.epsilon,
      weight_decay: options.weightDecay,
    },
    workgroups: linearWorkgroups(count, 64),
    flops: 12 * count,
    traffic: wordTraffic(4 * count, 3 * count),
  });
}
