/** @file Every operation's backward pass in the oracle against central differences of its forward pass. */
import { describe, expect, it } from 'vitest';
import { attention, attentionBackward } from './attention.ts';
import { centralDifference } from './central_difference.ts';
import { relativeDifference } from './compare.ts';
import { logprob, logprobBackward } from './logprob.ts';
import { loraLinear, loraLinearBackward } from './lora.ts';
import { dpoSpec, losses } from './losses.ts';
import { packTrees } from './pack.ts';
import { Random } from './random.ts';
import { randomTrees } from './random_model.ts';
import { rmsNorm, rmsNormBackward } from './rms_norm.ts';
import { swiglu, swigluBackward } from './swiglu.ts';

/** Central differences with h = 1e-5 err by h^2 f''' and by 1e-16 / h: about 1e-10 of the gradient. */
const tolerance = 1e-8;

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

describe('gradients by central differences', () => {
  it('rms_norm, for x and for the residual', () => {
    const random = new Random(1);
    const [x, residual, dy] = [random.normals(21), random.normals(21), random.normals(21)];
    const gain = random.normals(7, 0.2, 1);
    const f = () => dot(rmsNorm(x, residual, gain, 1e-5).y, dy);
    const gradient = rmsNormBackward(rmsNorm(x, residual, gain, 1e-5).sum, gain, 1e-5, dy);
    expect(relativeDifference(gradient, centralDifference(f, x))).toBeLessThan(tolerance);
    expect(relativeDifference(gradient, centralDifference(f, residual))).toBeLessThan(tolerance);
  });

  it('linear with LoRA, for x, A and B', () => {
    const random = new Random(2);
    const [rows, inner, out, rank] = [5, 7, 6, 3];
    const [x, weight, dy] = [
      random.normals(rows * inner),
      random.normals(out * inner),
      random.normals(rows * out),
    ];
    const lora = { a: random.normals(rank * inner), b: random.normals(out * rank), rank, scale: 1.7 };
    const f = () => dot(loraLinear(x, weight, lora, rows), dy);
    const { dx, da, db } = loraLinearBackward(x, weight, lora, dy, rows);
    expect(relativeDifference(dx, centralDifference(f, x))).toBeLessThan(tolerance);
    expect(relativeDifference(da!, centralDifference(f, lora.a))).toBeLessThan(tolerance);
    expect(relativeDifference(db!, centralDifference(f, lora.b))).toBeLessThan(tolerance);
  });

  it('attention under a tree mask with grouped queries, for q, k and v', () => {
    const random = new Random(3);
    const batch = packTrees(
      randomTrees(9, 1, [
        { prompt: 3, answers: [2, 1, 3] },
        { prompt: 1, answers: [2] },
      ]),
      1,
    );
    const shape = { heads: 4, kvHeads: 2, headDim: 6 };
    const rows = batch.tokens;
    const [q, k, v] = [random.normals(rows * 24), random.normals(rows * 12), random.normals(rows * 12)];
    const dout = random.normals(rows * 24);
    const f = () => dot(attention(q, k, v, batch, shape).out, dout);
    const { probabilities } = attention(q, k, v, batch, shape);
    const { dq, dk, dv } = attentionBackward(q, k, v, probabilities, dout, shape);
    expect(relativeDifference(dq, centralDifference(f, q))).toBeLessThan(tolerance);
    expect(relativeDifference(dk, centralDifference(f, k))).toBeLessThan(tolerance);
    expect(relativeDifference(dv, centralDifference(f, v))).toBeLessThan(tolerance);
  });

  it('swiglu, for gate and up', () => {
    const random = new Random(4);
    const [gate, up, dact] = [random.normals(20, 2), random.normals(20), random.normals(20)];
    const f = () => dot(swiglu(gate, up), dact);
    const { dgate, dup } = swigluBackward(gate, up, dact);
    expect(relativeDifference(dgate, centralDifference(f, gate))).toBeLessThan(tolerance);
    expect(relativeDifference(dup, centralDifference(f, up))).toBeLessThan(tolerance);
  });

  it('logprob, with several targets on one row and a row without any', () => {
    const random = new Random(5);
    const [states, head] = [random.normals(4 * 6), random.normals(11 * 6)];
    const targets = { row: [0, 0, 0, 2, 3], token: [4, 4, 10, 0, 7] };
    const coefficient = random.normals(5);
    const f = () => dot(logprob(states, head, 6, targets), coefficient);
    const gradient = logprobBackward(states, head, 6, targets, coefficient);
    expect(relativeDifference(gradient, centralDifference(f, states))).toBeLessThan(tolerance);
    expect(gradient.subarray(6, 12).every((value) => value === 0)).toBe(true);
  });

  it.each([0, 0.15])(
    'losses: SFT and DPO with label smoothing %f, for log-probabilities',
    (labelSmoothing) => {
      const batch = packTrees(
        randomTrees(9, 1, [
          { prompt: 2, answers: [2, 3, 1] },
          { prompt: 1, answers: [1, 4] },
        ]),
      );
      const logprobs = new Random(6).normals(batch.targetRow.length, 1, -2);
      const reference = (chosen: number, rejected: number) => ({
        chosen,
        rejected,
        referenceChosen: -4 - chosen,
        referenceRejected: -5 + rejected,
      });
      const spec = dpoSpec(batch, [reference(0, 1), reference(0, 2), reference(3, 4)], {
        beta: 0.7,
        gamma: 0.2,
        norm: 'lf',
        labelSmoothing,
        pairsOfStep: 5,
      });
      const f = () => {
        const { sftLoss, dpoLoss } = losses(logprobs, batch, spec);
        return sftLoss + dpoLoss;
      };
      const { coefficient } = losses(logprobs, batch, spec);
      expect(relativeDifference(coefficient, centralDifference(f, logprobs))).toBeLessThan(tolerance);
    },
  );
});
