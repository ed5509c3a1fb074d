/** @file losses on the GPU against the f64 oracle: loss, metrics and dL/dlogprob. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PackedBatch } from '../../src/llama/packed_batch.ts';
import { losses, METRIC, METRIC_COUNT } from '../../src/ops/losses.ts';
import { relativeDifference } from '../oracle/compare.ts';
import { dpoSpec, type OracleLossSpec, losses as oracle, sftSpec } from '../oracle/losses.ts';
import { packTrees } from '../oracle/pack.ts';
import { Random } from '../oracle/random.ts';
import { randomTrees } from '../oracle/random_model.ts';
import { getTestGpu } from '../support/gpu.ts';
import { f32, runOp, unwritten } from './run_op.ts';

/** Sums of some hundred log-probabilities of about -3 err by 1e-5; margins are differences of such sums. */
const tolerance = 1e-5;
const runs = { numRuns: 8, seed: 1 };
const NONE = 0xffffffff;

/** Buffers as ops/losses.ts describes them, with `idle` targets that belong to no sequence at the end. */
function buffers(batch: PackedBatch, logprobs: Float64Array, spec: OracleLossSpec, idle: number) {
  const count = logprobs.length + idle;
  const targets = new Uint32Array(2 * count).fill(NONE);
  const weights = new Float32Array(targets.buffer);
  batch.targetSequence.forEach((sequence, m) => {
    targets[2 * m] = sequence;
    weights[2 * m + 1] = spec.sftWeight[m]!;
  });
  const lists: number[][] = Array.from({ length: batch.sequences }, () => []);
  batch.targetSequence.forEach((sequence, m) => {
    lists[sequence]!.push(m);
  });
  const starts = [0];
  for (const list of lists) starts.push(starts.at(-1)! + list.length);
  const pairs = new Uint32Array(Math.max(4, 4 * spec.pairs.length));
  const references = new Float32Array(pairs.buffer);
  spec.pairs.forEach((pair, k) => {
    pairs.set([pair.chosen, pair.rejected], 4 * k);
    references.set([pair.referenceChosen, pair.referenceRejected], 4 * k + 2);
  });
  const header = new Uint32Array(4);
  new Float32Array(header.buffer).set([spec.beta, spec.labelSmoothing, spec.pairWeight], 1);
  header[0] = spec.pairs.length;
  return {
    batch: header,
    logprob: f32([...logprobs, ...Array<number>(idle).fill(-1)]),
    targets,
    bySequence: Uint32Array.from([...starts, ...lists.flat()]),
    pairs,
    sequenceState: unwritten(2 * batch.sequences),
    coefficient: unwritten(count),
    metrics: new Float32Array(METRIC_COUNT).fill(0.5),
  };
}

async function check(batch: PackedBatch, spec: OracleLossSpec, idle = 3) {
  const logprobs = new Random(batch.tokens).normals(batch.targetRow.length, 1, -3);
  const shape = { targets: logprobs.length + idle, sequences: batch.sequences };
  const result = await runOp(
    await getTestGpu(),
    buffers(batch, logprobs, spec, idle),
    ['coefficient', 'metrics'],
    (program, b) => losses(program, shape, b),
  );
  const expected = oracle(logprobs, batch, spec);
  const live = result.coefficient.subarray(0, logprobs.length);
  expect(relativeDifference(live, expected.coefficient), 'coefficient').toBeLessThan(tolerance);
  expect([...result.coefficient.subarray(logprobs.length)]).toEqual(Array(idle).fill(0));
  // Metrics are added to what was there, 0.5 each.
  const metric = (name: keyof typeof METRIC) => result.metrics[METRIC[name]]! - 0.5;
  const close = (name: keyof typeof METRIC, value: number) =>
    expect(Math.abs(metric(name) - value), name).toBeLessThan(tolerance * Math.max(1, Math.abs(value)));
  close('sftLoss', expected.sftLoss);
  close('dpoLoss', expected.dpoLoss);
  for (const [name, value] of Object.entries(expected.metrics)) close(name as keyof typeof METRIC, value);
}

/** Every tree's first answer is better than each of its others; references a nat or so away. */
function preferences(batch: PackedBatch, answers: readonly number[]) {
  const length = new Float64Array(batch.sequences);
  for (const s of batch.targetSequence) length[s]!++;
  let first = 0;
  return answers.flatMap((count) => {
    const chosen = first;
    first += count;
    return Array.from({ length: count - 1 }, (_, k) => ({
      chosen,
      rejected: chosen + k + 1,
      referenceChosen: Math.fround(-3 * length[chosen]! - 0.5 * k),
      referenceRejected: Math.fround(-3 * length[chosen + k + 1]! + 0.25),
    }));
  });
}

describe('losses', () => {
  it('SFT: every target weighs the same', async () => {
    const batch = packTrees(
      randomTrees(
        9,
        1,
        [3, 70, 1, 20].map((n) => ({ prompt: 2, answers: [n] })),
      ),
    );
    await check(batch, sftSpec(batch, 200));
  });

  it.each([
    ['lf', 0],
    ['trl', 0],
    ['lf', 0.15],
  ] as const)(
    'DPO with SFT of the better answer, norm %s, label smoothing %f',
    async (norm, labelSmoothing) => {
      const batch = packTrees(
        randomTrees(9, 2, [
          { prompt: 3, answers: [4, 3, 1, 6] },
          { prompt: 1, answers: [12, 5] },
        ]),
      );
      const pairs = preferences(batch, [4, 2]);
      await check(
        batch,
        dpoSpec(batch, pairs, { beta: 0.1, gamma: 0.2, norm, labelSmoothing, pairsOfStep: 7 }),
      );
    },
  );

  it('over random trees, beyond one workgroup of sequences and of targets', async () => {
    const question = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(fc.array(question, { minLength: 1, maxLength: 40 }), async (questions) => {
        const trees = randomTrees(
          9,
          3,
          questions.map((answers) => ({ prompt: 1, answers })),
        );
        const batch = packTrees(trees);
        const pairs = preferences(
          batch,
          questions.map((q) => q.length),
        );
        const pairsOfStep = Math.max(1, pairs.length);
        await check(batch, dpoSpec(batch, pairs, { beta: 0.1, gamma: 0.2, norm: 'lf', pairsOfStep }));
      }),
      runs,
    );
  });

  it('starts at ln 2, with accuracy 0, and stays finite for margins of thousands', async () => {
    const batch = packTrees([{ prompt: [1], answers: [[2], [3]] }]);
    const at = async (chosen: number, rejected: number, beta: number) => {
      const pairs = [{ chosen: 0, rejected: 1, referenceChosen: -2, referenceRejected: -3 }];
      const spec = { ...dpoSpec(batch, pairs, { beta, gamma: 0, norm: 'lf', pairsOfStep: 1 }) };
      const { metrics, coefficient } = await runOp(
        await getTestGpu(),
        {
          ...buffers(batch, Float64Array.of(chosen, rejected), spec, 0),
          metrics: new Float32Array(METRIC_COUNT),
        },
        ['metrics', 'coefficient'],
        (program, b) => losses(program, { targets: 2, sequences: 2 }, b),
      );
      return {
        loss: metrics[METRIC.dpoLoss]!,
        accuracy: metrics[METRIC.accuracy],
        coefficient: [...coefficient],
      };
    };
    const start = await at(-2, -3, 0.1);
    expect(start.loss).toBeCloseTo(Math.LN2, 6);
    expect(start.accuracy).toBe(0);
    expect(start.coefficient[0]).toBeCloseTo(-0.05, 7);
    const lost = await at(-2002, -3, 1);
    expect(lost.loss).toBeCloseTo(2000, 2);
    expect(lost.coefficient).toEqual([expect.closeTo(-1, 6), expect.closeTo(1, 6)]);
    const won = await at(-2, -2003, 1);
    expect(won.loss).toBeCloseTo(0, 6);
    expect(won.coefficient).toEqual([expect.closeTo(0, 6), expect.closeTo(0, 6)]);
  });
});
