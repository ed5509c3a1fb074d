/** @file The two losses over a micro-batch's log-probabilities: weighted SFT and DPO (Rafailov et al. 2023, eq. 7). */
import type { PackedBatch, PreferencePair } from '../../src/llama/packed_batch.ts';
import { sigmoid } from './swiglu.ts';

/** LossSpec of src/llama/packed_batch.ts with weights in f64. */
export interface OracleLossSpec {
  /** [targets] */
  readonly sftWeight: ArrayLike<number>;
  readonly pairs: readonly PreferencePair[];
  readonly beta: number;
  readonly labelSmoothing: number;
  readonly pairWeight: number;
}

export interface OracleLosses {
  /** -sum_m w_m log p_m */
  readonly sftLoss: number;
  /** pairWeight times the sum over the pairs. */
  readonly dpoLoss: number;
  /** [targets] d(sftLoss + dpoLoss) / dlogprob */
  readonly coefficient: Float64Array;
  /** [sequences] summed log-probabilities. */
  readonly sequenceLogprob: Float64Array;
  /** Sums over the pairs, times pairWeight: over a whole optimizer step they add up to means. */
  readonly metrics: PreferenceMetrics;
}

/** TRL's names: rewards/chosen ... logps/rejected. */
export interface PreferenceMetrics {
  readonly rewardChosen: number;
  readonly rewardRejected: number;
  readonly accuracy: number;
  readonly logpsChosen: number;
  readonly logpsRejected: number;
}

/**
 * With D = beta ((log pi - log pi_ref)(chosen) - (log pi - log pi_ref)(rejected)), a pair's loss is
 * -(1 - eps) log sigma(D) - eps log sigma(-D), eps = 0 but for conservative DPO (Mitchell 2023).
 */
export function losses(
  logprobs: ArrayLike<number>,
  batch: Pick<PackedBatch, 'targetSequence' | 'sequences'>,
  spec: OracleLossSpec,
): OracleLosses {
  const { beta, labelSmoothing: eps, pairWeight } = spec;
  const sequenceLogprob = new Float64Array(batch.sequences);
  let sftLoss = 0;
  for (let m = 0; m < logprobs.length; m++) {
    sequenceLogprob[batch.targetSequence[m]!]! += logprobs[m]!;
    sftLoss -= spec.sftWeight[m]! * logprobs[m]!;
  }
  const sequenceCoefficient = new Float64Array(batch.sequences);
  const metrics = { rewardChosen: 0, rewardRejected: 0, accuracy: 0, logpsChosen: 0, logpsRejected: 0 };
  let dpoLoss = 0;
  for (const pair of spec.pairs) {
    const rewardChosen = beta * (sequenceLogprob[pair.chosen]! - pair.referenceChosen);
    const rewardRejected = beta * (sequenceLogprob[pair.rejected]! - pair.referenceRejected);
    const margin = rewardChosen - rewardRejected;
    dpoLoss += pairWeight * ((1 - eps) * softplus(-margin) + eps * softplus(margin));
    const dmargin = pairWeight * (-(1 - eps) * sigmoid(-margin) + eps * sigmoid(margin));
    sequenceCoefficient[pair.chosen]! += beta * dmargin;
    sequenceCoefficient[pair.rejected]! -= beta * dmargin;
    metrics.rewardChosen += pairWeight * rewardChosen;
    metrics.rewardRejected += pairWeight * rewardRejected;
    metrics.accuracy += pairWeight * (margin > 0 ? 1 : 0);
    metrics.logpsChosen += pairWeight * sequenceLogprob[pair.chosen]!;
    metrics.logpsRejected += pairWeight * sequenceLogprob[pair.rejected]!;
  }
  const coefficient = Float64Array.from(
    { length: logprobs.length },
    (_, m) => sequenceCoefficient[batch.targetSequence[m]!]! - spec.sftWeight[m]!,
  );
  return { sftLoss, dpoLoss, coefficient, sequenceLogprob, metrics };
}

/** -log sigma(-x) = log(1 + exp(x)), without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** SFT: every target of the optimizer step weighs 1 / count, whichever micro-batch it is in. */
export function sftSpec(batch: Pick<PackedBatch, 'targetSequence'>, targetsOfStep: number): OracleLossSpec {
  return {
    sftWeight: new Float64Array(batch.targetSequence.length).fill(1 / targetsOfStep),
    pairs: [],
    beta: 0,
    labelSmoothing: 0,
    pairWeight: 0,
  };
}

/**
 * Stage II: DPO + gamma SFT(better). 'lf' (LLaMA-Factory's pref_ftx): the mean over the step's pairs of the mean over
 * the better answer's tokens. 'trl' (TRL's loss_type "sft"): the mean over all better tokens of the micro-batch, a
 * better answer counted once for each of its pairs, times the micro-batch's share of the step.
 */
export function dpoSpec(
  batch: Pick<PackedBatch, 'targetSequence' | 'sequences'>,
  pairs: readonly PreferencePair[],
  options: {
    readonly beta: number;
    readonly labelSmoothing?: number;
    readonly gamma: number;
    readonly norm: 'lf' | 'trl';
    readonly pairsOfStep: number;
    /** 'trl' only; by default this micro-batch's share of the step's pairs. */
    readonly microBatchWeight?: number;
  },
): OracleLossSpec {
  const { gamma, norm, pairsOfStep } = options;
  const length = new Float64Array(batch.sequences);
  for (const s of batch.targetSequence) length[s]!++;
  const betterTokens = pairs.reduce((sum, pair) => sum + length[pair.chosen]!, 0);
  const share = options.microBatchWeight ?? pairs.length / pairsOfStep;
  const sequenceWeight = new Float64Array(batch.sequences);
  for (const { chosen } of pairs)
    sequenceWeight[chosen]! +=
      norm === 'lf' ? gamma / (pairsOfStep * length[chosen]!) : (gamma * share) / betterTokens;
  return {
    sftWeight: Float64Array.from(batch.targetSequence, (s) => sequenceWeight[s]!),
    pairs,
    beta: options.beta,
    labelSmoothing: options.labelSmoothing ?? 0,
    pairWeight: 1 / pairsOfStep,
  };
}
