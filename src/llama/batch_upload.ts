/** @file Writes a packed batch and what the loss says about it into a session's buffers, filled up to its bucket. */
import type { Bucket } from './forward.ts';
import type { LossSpec, PackedBatch } from './packed_batch.ts';
import { visibility } from './visibility.ts';
import type { Workspace } from './workspace.ts';

/** No sequence: a target that only fills up the bucket. */
const NONE = 0xffffffff;

function padded(values: Uint32Array, length: number): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(length);
  out.set(values);
  return out;
}

/** Uploads tokens, mask and targets. The batch must fit the bucket. */
export function uploadBatch(workspace: Workspace, batch: PackedBatch, bucket: Bucket, loss?: LossSpec): void {
  const M = batch.targetRow.length;
  if (batch.tokens > bucket.tokens || M > bucket.targets || batch.sequences > bucket.sequences)
    throw new Error(
      `A batch of ${batch.tokens} tokens, ${M} targets, ${batch.sequences} sequences does not fit the bucket of ` +
        `${bucket.tokens}, ${bucket.targets}, ${bucket.sequences}.`,
    );
  const { queue } = workspace.gpu.device;
  const write = (label: string, data: Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>) =>
    queue.writeBuffer(workspace.buffer(label), 0, data);
  const { visible, queryEnd, spans } = visibility(batch, bucket.tokens);
  write('ids', padded(batch.ids, bucket.tokens));
  write('positions', padded(batch.positions, bucket.tokens));
  write('visible', visible);
  write('queryEnd', queryEnd);
  write('spans', spans);
  write('targetRow', padded(batch.targetRow, bucket.targets));
  write('targetToken', padded(batch.targetToken, bucket.targets));
  if (!loss) return;

  const targetStart = new Uint32Array(bucket.tokens + 1);
  for (const row of batch.targetRow) targetStart[row + 1]!++;
  for (let t = 0; t < bucket.tokens; t++) targetStart[t + 1]! += targetStart[t]!;
  write('targetStart', targetStart);

  const weightBits = new Uint32Array(loss.sftWeight.buffer, loss.sftWeight.byteOffset, M);
  const targets = new Uint32Array(2 * bucket.targets);
  for (let m = 0; m < bucket.targets; m++) {
    targets[2 * m] = m < M ? batch.targetSequence[m]! : NONE;
    targets[2 * m + 1] = m < M ? weightBits[m]! : 0;
  }
  write('targets', targets);

  const starts = new Uint32Array(bucket.sequences + 1);
  for (const s of batch.targetSequence) starts[s + 1]!++;
  for (let s = 0; s < bucket.sequences; s++) starts[s + 1]! += starts[s]!;
  const bySequence = padded(starts, bucket.sequences + 1 + bucket.targets);
  const next = starts.slice();
  for (let m = 0; m < M; m++) bySequence[bucket.sequences + 1 + next[batch.targetSequence[m]!]!++] = m;
  write('bySequence', bySequence);

  const pairs = new DataView(new ArrayBuffer(Math.max(16, loss.pairs.length * 16)));
  loss.pairs.forEach((p, i) => {
    pairs.setUint32(16 * i, p.chosen, true);
    pairs.setUint32(16 * i + 4, p.rejected, true);
    pairs.setFloat32(16 * i + 8, p.referenceChosen, true);
    pairs.setFloat32(16 * i + 12, p.referenceRejected, true);
  });
  queue.writeBuffer(workspace.buffer('pairs'), 0, pairs.buffer);
  const header = new DataView(new ArrayBuffer(16));
  header.setUint32(0, loss.pairs.length, true);
  header.setFloat32(4, loss.beta, true);
  header.setFloat32(8, loss.labelSmoothing, true);
  header.setFloat32(12, loss.pairWeight, true);
  queue.writeBuffer(workspace.buffer('batch'), 0, header.buffer);
}
