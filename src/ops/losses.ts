/** @file SFT and DPO losses on the GPU: from log-probabilities to dL/dlogprob and the step's metrics. */
import type { BufferSlice } from '../gpu/ledger.ts';
import type { ProgramBuilder } from '../gpu/program.ts';
import { wordTraffic } from './traffic.ts';

/** Where `losses` and `adamw` leave their figures in the metrics buffer, in f32s. */
export const METRIC = {
  sftLoss: 0,
  dpoLoss: 1,
  rewardChosen: 2,
  rewardRejected: 3,
  accuracy: 4,
  logpsChosen: 5,
  logpsRejected: 6,
  gradNorm: 8,
  skipped: 9,
} as const;

/** Size of the metrics buffer in f32s: 64 bytes, all that a training step reads back. */
export const METRIC_COUNT = 16;

/**
 * Records coefficient [targets] = dL/dlogprob and adds to metrics [16]. One workgroup, fixed order of summation.
 * @param b batch: (pairs, beta, label_smoothing, pair_weight); targets: [M] of (sequence or 0xffffffff, bits of the
 * SFT weight); bySequence: [sequences + 1] starts, then target indices; pairs: [P] of (chosen, rejected, reference
 * log-probability of chosen, of rejected); sequenceState: [sequences, 2] scratch
 */
export function losses(
  program: ProgramBuilder,
  shape: {
    readonly targets: number;
    readonly sequences: number;
    /** Whether there may be pairs; default true. */
    readonly hasPairs?: boolean;
  },
  b: {
    batch: BufferSlice;
    logprob: BufferSlice;
    targets: BufferSlice;
    bySequence: BufferSlice;
    pairs: BufferSlice;
    sequenceState: BufferSlice;
    coefficient: BufferSlice;
    metrics: BufferSlice;
  },
): void {
  program.dispatch({
    shader: 'losses/losses',
    constants: { PAIRS: shape.hasPairs ?? true },
    bind: {
      batch: b.batch,
      logprob: b.logprob,
      targets: b.targets,
      by_sequence: b.bySequence,
      pairs: b.pairs,
      sequence_state: b.sequenceState,
      coefficient: b.coefficient,
      metrics: b.metrics,
    },
    params: { targets: shape.targets, sequences: shape.sequences, lanes: 64 },
    workgroups: [1],
    traffic: wordTraffic(6 * shape.targets + shape.sequences, shape.targets + 2 * shape.sequences),
  });
}
