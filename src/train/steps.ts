/** @file SFT and DPO as two loss functions over one loop: each turns planned steps into packed batches and weights. */
import type { LossSpec, PackedBatch, PreferencePair } from '../llama/packed_batch.ts';
import { groupSize, type PackedGroup, pack, targetCount } from './packing.ts';
import type { PlannedStep } from './schedule.ts';
import type { TrainConfig } from './tuner.ts';

/** A training row in tokens. */
export interface TokenRow {
  readonly prompt: Uint32Array;
  readonly completion: Uint32Array;
  /** [completion.length] 1 where a token is trained; null where all are. */
  readonly trained: Uint8Array | null;
}

/** A preference group in tokens, with the reference's summed log-probabilities. */
export interface TokenPreference {
  readonly prompt: Uint32Array;
  readonly chosen: Uint32Array;
  readonly rejected: readonly Uint32Array[];
  readonly referenceChosen: number;
  readonly referenceRejected: readonly number[];
}

/** An optimizer step ready to run; the loss is normalised over all its batches, so how they are cut changes nothing. */
export interface PreparedStep {
  readonly epoch: number;
  readonly batches: readonly { readonly batch: PackedBatch; readonly loss: LossSpec }[];
  readonly tokens: number;
  readonly targetTokens: number;
}

/** One piece that must stay in one packed batch, and its loss weights per completion and pair. */
interface Unit {
  readonly group: PackedGroup;
  /** SFT weight of every token of completion c. */
  readonly weights: readonly number[];
  /** Pairs between completions of the unit. */
  readonly pairs: readonly PreferencePair[];
}

/** Fills batches with units in order, up to `cap` tokens each (a larger unit gets a batch of its own). */
function fill(units: readonly Unit[], cap: number, tree: boolean): Unit[][] {
  const batches: Unit[][] = [];
  let tokens = Number.POSITIVE_INFINITY;
  for (const unit of units) {
    const size = groupSize(unit.group, tree).tokens;
    if (tokens + size > cap) {
      batches.push([]);
      tokens = 0;
    }
    batches.at(-1)!.push(unit);
    tokens += size;
  }
  return batches;
}

function prepare(
  epoch: number,
  units: readonly Unit[],
  cap: number,
  tree: boolean,
  loss: Pick<LossSpec, 'beta' | 'labelSmoothing' | 'pairWeight'>,
): PreparedStep {
  const batches = fill(units, cap, tree).map((members) => {
    const batch = pack(
      members.map((u) => u.group),
      tree,
    );
    const weightOf: number[] = [];
    const pairs: PreferencePair[] = [];
    for (const unit of members) {
      const first = weightOf.length;
      weightOf.push(...unit.weights);
      pairs.push(
        ...unit.pairs.map((p) => ({ ...p, chosen: first + p.chosen, rejected: first + p.rejected })),
      );
    }
    const sftWeight = Float32Array.from(batch.targetSequence, (s) => weightOf[s]!);
    return { batch, loss: { ...loss, sftWeight, pairs } };
  });
  const sum = (f: (b: PackedBatch) => number) => batches.reduce((total, { batch }) => total + f(batch), 0);
  return { epoch, batches, tokens: sum((b) => b.liveTokens), targetTokens: sum((b) => b.targetRow.length) };
}

/** SFT: the sum of negative log-probabilities over all trained tokens of the step, divided by their count. */
export function sftStep(planned: PlannedStep, rows: readonly TokenRow[], cap: number): PreparedStep {
  const members = planned.microBatches.flat().map((i) => rows[i]!);
  const targets = members.reduce((n, r) => n + targetCount(r.completion, r.trained), 0);
  const units = members.map(
    (r): Unit => ({
      group: { prompt: r.prompt, completions: [r.completion], trained: [r.trained] },
      weights: [1 / targets],
      pairs: [],
    }),
  );
  return prepare(planned.epoch, units, cap, false, { beta: 0, labelSmoothing: 0, pairWeight: 0 });
}

/**
 * DPO + gamma SFT(better): the mean over the pairs of the step of -log sigmoid(beta delta), and gamma times the SFT
 * loss of the better answers as `prefFtxNorm` says. A question's pairs share its better answer: m pairs weigh it m
 * times. `tree` packs a question as one prefix with branches; without it, and where the tree is above `cap` tokens, each
 * pair is on its own, with a better answer of its own.
 */
export function dpoStep(
  planned: PlannedStep,
  groups: readonly TokenPreference[],
  config: Pick<TrainConfig, 'beta' | 'labelSmoothing' | 'prefFtx' | 'prefFtxNorm'>,
  cap: number,
  tree: boolean,
): PreparedStep {
  const pairsOf = (indices: readonly number[]) => indices.reduce((n, i) => n + groups[i]!.rejected.length, 0);
  const N = pairsOf(planned.microBatches.flat());
  const units: Unit[] = [];
  for (const micro of planned.microBatches) {
    const chosenTokens = micro.reduce((n, i) => n + groups[i]!.rejected.length * groups[i]!.chosen.length, 0);
    for (const i of micro) {
      const g = groups[i]!;
      // SFT weight of a chosen token per pair that it is part of.
      const perPair =
        config.prefFtxNorm === 'lf'
          ? config.prefFtx / (N * g.chosen.length)
          : config.prefFtx / (chosenTokens * planned.microBatches.length);
      const unit = (rejected: readonly number[]): Unit => ({
        group: { prompt: g.prompt, completions: [g.chosen, ...rejected.map((k) => g.rejected[k]!)] },
        weights: [rejected.length * perPair, ...rejected.map(() => 0)],
        pairs: rejected.map((k, at) => ({
          chosen: 0,
          rejected: 1 + at,
          referenceChosen: g.referenceChosen,
          referenceRejected: g.referenceRejected[k]!,
        })),
      });
      const whole = unit(g.rejected.map((_, k) => k));
      if (tree && groupSize(whole.group, tree).tokens <= cap) units.push(whole);
      else for (const k of g.rejected.keys()) units.push(unit([k]));
    }
  }
  return prepare(planned.epoch, units, cap, tree, {
    beta: config.beta,
    labelSmoothing: config.labelSmoothing,
    pairWeight: 1 / N,
  });
}
