/** @file Log-probabilities of targets over packed batches, forward only: perplexities, references, evaluation. */
import type { Clock } from '../gpu/pace.ts';
import { type Program, ProgramBuilder } from '../gpu/program.ts';
import { uploadBatch } from './batch_upload.ts';
import { type Bucket, forward } from './forward.ts';
import type { LoraLayout } from './lora_layout.ts';
import type { LlamaModel } from './model.ts';
import type { PackedBatch } from './packed_batch.ts';
import { Workspace } from './workspace.ts';

/** Rounds up so that batches of like size share a recorded program. */
export function bucketSize(n: number): number {
  const step = Math.max(64, 2 ** Math.max(0, Math.ceil(Math.log2(n)) - 4));
  return Math.max(step, Math.ceil(n / step) * step);
}

/**
 * Log-probabilities of all targets of each batch, in the batch's order, under an adapter (its flat parameters) or
 * under the base model. With a clock, what each batch took tells the device's pace.
 */
export async function scoreBatches(
  model: LlamaModel,
  adapter: { readonly layout: LoraLayout; readonly parameters: Float32Array<ArrayBuffer> } | null,
  batches: readonly PackedBatch[],
  { clock, signal }: { readonly clock?: Clock; readonly signal?: AbortSignal } = {},
): Promise<Float32Array[]> {
  if (batches.length === 0) return [];
  const { gpu, config, weights } = model;
  const owner = 'scoring';
  const buckets = batches.map(
    (b): Bucket => ({
      tokens: bucketSize(b.tokens),
      targets: bucketSize(b.targetRow.length),
      sequences: b.sequences,
    }),
  );
  const most = (f: (b: Bucket) => number) => Math.max(...buckets.map(f));
  const positions = 1 + Math.max(...batches.map((b) => b.positions.reduce((a, p) => Math.max(a, p), 0)));
  const shape = {
    tokens: most((b) => b.tokens),
    targets: most((b) => b.targets),
    sequences: most((b) => b.sequences),
    pairs: 1,
    positions,
    training: false,
  };
  const workspace = await Workspace.create(gpu, config, adapter?.layout ?? null, shape, owner);
  try {
    if (adapter) gpu.device.queue.writeBuffer(workspace.buffer('parameters'), 0, adapter.parameters);
    const programs = new Map<string, Program>();
    const results: Float32Array[] = [];
    for (const [i, batch] of batches.entries()) {
      signal?.throwIfAborted();
      const bucket = buckets[i]!;
      const key = `${bucket.tokens} ${bucket.targets}`;
      let program = programs.get(key);
      if (!program) {
        const builder = ProgramBuilder.for(gpu);
        forward(builder, workspace, weights, bucket);
        program = await builder.finish(gpu, owner);
        programs.set(key, program);
      }
      uploadBatch(workspace, batch, bucket);
      const started = clock?.();
      program.submit();
      const logprobs = await gpu.readback(workspace.buffer('logprob'), 0, batch.targetRow.length * 4);
      if (clock && started !== undefined) gpu.pace.measured(program.cost, clock() - started);
      results.push(new Float32Array(logprobs));
    }
    return results;
  } finally {
    workspace.release();
  }
}
