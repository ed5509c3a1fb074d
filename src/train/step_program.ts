/** @file What a training step records: the gradients of one packed batch, and the optimizer's update. */
import type { ProgramBuilder } from '../gpu/program.ts';
import { backward } from '../llama/backward.ts';
import { type Bucket, forward } from '../llama/forward.ts';
import type { LlamaWeights } from '../llama/weights.ts';
import type { Workspace } from '../llama/workspace.ts';
import { type AdamWOptions, adamw } from '../ops/adamw.ts';
import { losses } from '../ops/losses.ts';

/**
 * Records forward, losses and backward of a bucket: gradients and metrics are added to what is there.
 * @param hasPairs whether its batches may have preference pairs
 */
export function recordGradients(
  program: ProgramBuilder,
  workspace: Workspace,
  weights: LlamaWeights,
  bucket: Bucket,
  hasPairs: boolean,
): void {
  const s = (label: string) => workspace.slice(label);
  forward(program, workspace, weights, bucket);
  losses(
    program,
    { ...bucket, hasPairs },
    {
      batch: s('batch'),
      logprob: s('logprob'),
      targets: s('targets'),
      bySequence: s('bySequence'),
      pairs: s('pairs'),
      sequenceState: s('sequenceState'),
      coefficient: s('coefficient'),
      metrics: s('metrics'),
    },
  );
  backward(program, workspace, weights, bucket);
}

/**
 * Records AdamW over all parameters of the workspace's adapter.
 * @param bindingLimit bytes that the adapter binds at once
 */
export function recordUpdate(
  program: ProgramBuilder,
  workspace: Workspace,
  options: AdamWOptions,
  bindingLimit: number,
): void {
  const s = (label: string) => workspace.slice(label);
  adamw(
    program,
    workspace.lora!.count,
    options,
    {
      step: s('step'),
      gradient: s('gradient'),
      partialSums: s('partialSums'),
      state: s('state'),
      metrics: s('metrics'),
      moments: s('moments'),
      parameters: s('parameters'),
    },
    bindingLimit,
  );
}
