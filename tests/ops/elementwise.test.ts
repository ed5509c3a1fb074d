/** @file embedding, swiglu, rope and rms_norm on the GPU against the f64 oracle. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { embedding } from '../../src/ops/embedding.ts';
import { rmsNorm, rmsNormBackward, rmsNormBackwardFromTargets } from '../../src/ops/rms_norm.ts';
import { rope } from '../../src/ops/rope.ts';
import { swiglu, swigluBackward } from '../../src/ops/swiglu.ts';
import { f32Matrix } from '../../src/ops/weight_matrix.ts';
import { relativeDifference } from '../oracle/compare.ts';
import { embedding as embeddingOracle } from '../oracle/embedding.ts';
import { Random } from '../oracle/random.ts';
import { tinyConfig } from '../oracle/random_model.ts';
import { rmsNormBackward as rmsNormBackwardOracle, rmsNorm as rmsNormOracle } from '../oracle/rms_norm.ts';
import { rope as ropeOracle, ropeTables } from '../oracle/rope.ts';
import { swigluBackward as swigluBackwardOracle, swiglu as swigluOracle } from '../oracle/swiglu.ts';
import { getTestGpu } from '../support/gpu.ts';
import { f32, runOp, unwritten } from './run_op.ts';

/** f32 rounds to 6e-8; a dozen operations or a sum of some thousand terms stay well within this, a wrong index not. */
const tolerance = 2e-6;
/** A few shapes per run (software adapters are slow), the same ones every time. */
const runs = { numRuns: 6, seed: 1 };
/** 1, primes, and sizes around multiples of 64. */
const size = (max: number) => fc.oneof(fc.constantFrom(1, 63, 64, 65, 127), fc.integer({ min: 1, max }));

describe('embedding', () => {
  async function check(rows: number, hidden: number, vocabulary: number) {
    const random = new Random(rows * 1000 + hidden);
    const ids = random.ids(rows, vocabulary);
    ids[0] = vocabulary - 1;
    const table = random.normals(vocabulary * hidden);
    const { x } = await runOp(
      await getTestGpu(),
      { ids, table: f32(table), x: unwritten(rows * hidden) },
      ['x'],
      (program, b) =>
        embedding(program, { ...b, table: f32Matrix(b.table, table.length / hidden, hidden), rows, hidden }),
    );
    expect(relativeDifference(x, embeddingOracle(ids, table, hidden))).toBe(0);
  }

  it('gathers rows exactly, over shapes', async () => {
    await fc.assert(fc.asyncProperty(size(333), size(100), size(200), check), runs);
  });

  it('gathers from a vocabulary of 4,099, with more than 65,535 workgroups', () => check(65_600, 65, 4099));
});

describe.each(['software', 'gpu'] as const)('for the class %s', (adapterClass) => {
  describe('swiglu', () => {
    /** [gate | up] as two matrices. */
    function split(gateUp: ArrayLike<number>, width: number): [Float64Array, Float64Array] {
      const [gate, up] = [new Float64Array(gateUp.length / 2), new Float64Array(gateUp.length / 2)];
      for (let i = 0; i < gate.length; i++) {
        const at = 2 * width * Math.floor(i / width) + (i % width);
        gate[i] = gateUp[at]!;
        up[i] = gateUp[at + width]!;
      }
      return [gate, up];
    }

    async function check(rows: number, width: number) {
      const random = new Random(rows * 1000 + width);
      const gateUp = random.cycle(rows * 2 * width, 3);
      const dact = random.cycle(rows * width);
      const [gate, up] = split(gateUp, width);
      const { act, dgateUp } = await runOp(
        await getTestGpu(adapterClass),
        {
          gateUp: f32(gateUp),
          dact: f32(dact),
          act: unwritten(rows * width),
          dgateUp: unwritten(rows * 2 * width),
        },
        ['act', 'dgateUp'],
        (program, b) => {
          swiglu(program, { rows, width, gateUp: b.gateUp, act: b.act });
          swigluBackward(program, { rows, width, gateUp: b.gateUp, dact: b.dact, dgateUp: b.dgateUp });
        },
      );
      expect(relativeDifference(act, swigluOracle(gate, up))).toBeLessThan(tolerance);
      const { dgate, dup } = swigluBackwardOracle(gate, up, dact);
      const [actualGate, actualUp] = split(dgateUp, width);
      expect(relativeDifference(actualGate, dgate)).toBeLessThan(tolerance);
      expect(relativeDifference(actualUp, dup)).toBeLessThan(tolerance);
    }

    it('is that of the oracle, forward and backward, over shapes', async () => {
      await fc.assert(fc.asyncProperty(size(333), size(100), check), runs);
    });

    it('takes one row, 333 rows and widths of 4,096 and 4,099', async () => {
      await check(1, 4099);
      await check(1, 4096);
      await check(333, 48);
    });

    it('takes more rows than workgroups in one dimension', async () => {
      await check(65_600, 5);
      await check(65_600, 8);
    });

    it('stays finite where exp overflows', async () => {
      const { act, dgateUp } = await runOp(
        await getTestGpu(adapterClass),
        { gateUp: f32([-200, 200, 2, 3]), dact: f32([1, 1]), act: unwritten(2), dgateUp: unwritten(4) },
        ['act', 'dgateUp'],
        (program, b) => {
          swiglu(program, { rows: 1, width: 2, gateUp: b.gateUp, act: b.act });
          swigluBackward(program, { rows: 1, width: 2, gateUp: b.gateUp, dact: b.dact, dgateUp: b.dgateUp });
        },
      );
      expect(act[0]).toBeCloseTo(0, 12);
      expect(act[1]).toBe(600);
      expect(dgateUp[0]).toBeCloseTo(0, 12);
      expect([...dgateUp.subarray(1)]).toEqual([3, expect.closeTo(0, 12), 200]);
    });
  });

  describe('rope', () => {
    async function check(rows: number, heads: number, extra: number, headDim: number) {
      const random = new Random(rows * 1000 + heads);
      const stride = (heads + extra) * headDim;
      const positions = random.ids(rows, 512);
      positions[0] = 511;
      const tables = ropeTables(tinyConfig({ headDim }), 512);
      const half = headDim / 2;
      const angles = new Float32Array(512 * headDim);
      for (let p = 0; p < 512; p++) {
        angles.set(tables.cos.subarray(p * half, (p + 1) * half), p * headDim);
        angles.set(tables.sin.subarray(p * half, (p + 1) * half), p * headDim + half);
      }
      const x = random.cycle(rows * stride);
      for (const direction of [1, -1] as const) {
        const { x: rotated } = await runOp(
          await getTestGpu(adapterClass),
          { x: f32(x), positions, angles },
          ['x'],
          (program, b) => rope(program, { ...b, rows, stride, heads, headDim, direction }),
        );
        const expected = x.slice();
        for (let row = 0; row < rows; row++) {
          const start = row * stride;
          const turned = x.subarray(start, start + heads * headDim);
          expected.set(ropeOracle(turned, [positions[row]!], tables, headDim, direction), start);
        }
        expect(relativeDifference(rotated, expected)).toBeLessThan(tolerance);
      }
    }

    it('rotates queries and keys and leaves values alone, over shapes', async () => {
      const headDim = fc.constantFrom(2, 6, 32, 48, 64);
      await fc.assert(
        fc.asyncProperty(size(333), fc.integer({ min: 1, max: 5 }), fc.constantFrom(0, 1, 2), headDim, check),
        runs,
      );
    });

    it('takes head_dim 48 at 333 tokens, three query heads to a key head', () => check(333, 4, 1, 48));

    it('takes one token and 333 of head_dim 6', async () => {
      await check(1, 3, 1, 64);
      await check(333, 3, 1, 6);
    });

    it('takes more rows than workgroups in one dimension', () => check(65_600, 1, 1, 8));
  });

  describe('rms_norm', () => {
    const eps = 1e-5;

    async function forward(rows: number, hidden: number, gathered: number | null) {
      const random = new Random(rows * 1000 + hidden);
      const x = random.cycle(rows * hidden);
      const gain = random.normals(hidden, 0.2, 1);
      const index = gathered === null ? null : random.ids(gathered, rows);
      const count = gathered ?? rows;
      const { y } = await runOp(
        await getTestGpu(adapterClass),
        { x: f32(x), gain: f32(gain), index: index ?? new Uint32Array(1), y: unwritten(count * hidden) },
        ['y'],
        (program, b) =>
          rmsNorm(program, {
            rows: count,
            hidden,
            eps,
            x: b.x,
            gain: b.gain,
            y: b.y,
            ...(index ? { index: b.index } : {}),
          }),
      );
      const all = rmsNormOracle(x, null, gain, eps).y;
      expect(relativeDifference(y, index ? embeddingOracle(index, all, hidden) : all)).toBeLessThan(
        tolerance,
      );
    }

    async function backward(rows: number, hidden: number) {
      const random = new Random(rows * 1000 + hidden);
      const [x, dy, before] = [0, 1, 2].map(() => random.cycle(rows * hidden)) as [
        Float64Array,
        Float64Array,
        Float64Array,
      ];
      const gain = random.normals(hidden, 0.2, 1);
      const { dx } = await runOp(
        await getTestGpu(adapterClass),
        { x: f32(x), gain: f32(gain), dy: f32(dy), dx: f32(before) },
        ['dx'],
        (program, b) => rmsNormBackward(program, { ...b, rows, hidden, eps }),
      );
      const gradient = rmsNormBackwardOracle(x, gain, eps, dy);
      expect(
        relativeDifference(
          dx,
          gradient.map((g, i) => g + before[i]!),
        ),
      ).toBeLessThan(tolerance);
    }

    async function backwardFromTargets(rows: number, hidden: number) {
      const random = new Random(rows * 1000 + hidden);
      const perRow = Array.from({ length: rows }, () => random.integer(0, 3));
      const targetStart = Uint32Array.from([0, ...perRow]);
      for (let row = 0; row < rows; row++) targetStart[row + 1]! += targetStart[row]!;
      const x = random.cycle(rows * hidden);
      const dy = random.normals(Math.max(1, targetStart[rows]!) * hidden);
      const gain = random.normals(hidden, 0.2, 1);
      const { dx } = await runOp(
        await getTestGpu(adapterClass),
        { x: f32(x), gain: f32(gain), dy: f32(dy), targetStart, dx: unwritten(rows * hidden) },
        ['dx'],
        (program, b) => rmsNormBackwardFromTargets(program, { ...b, rows, hidden, eps }),
      );
      const summed = new Float64Array(rows * hidden);
      for (let row = 0; row < rows; row++)
        for (let m = targetStart[row]!; m < targetStart[row + 1]!; m++)
          for (let i = 0; i < hidden; i++) summed[row * hidden + i]! += dy[m * hidden + i]!;
      expect(relativeDifference(dx, rmsNormBackwardOracle(x, gain, eps, summed))).toBeLessThan(tolerance);
    }

    it('is that of the oracle, over shapes, with and without gathering rows', async () => {
      const gathered = fc.option(size(100), { nil: null });
      await fc.assert(fc.asyncProperty(size(100), size(333), gathered, forward), runs);
    });

    it('adds its gradient, over shapes', async () => {
      await fc.assert(fc.asyncProperty(size(100), size(333), backward), runs);
    });

    it('sums the targets of a row in its gradient, rows without targets included', async () => {
      await fc.assert(fc.asyncProperty(size(100), size(333), backwardFromTargets), runs);
    });

    it('takes one row of 4,096 and of 4,099', async () => {
      for (const hidden of [4096, 4099]) {
        await forward(1, hidden, null);
        await backward(1, hidden);
        await backwardFromTargets(1, hidden);
      }
    });

    it('takes more than 65,535 workgroups', async () => {
      await forward(65_601, 5, null);
      // Rows are counted alike in all, and workgroups that share a row take software adapters long.
      if (adapterClass === 'gpu') return;
      await forward(3, 8, 65_601);
      await backward(65_601, 5);
      await backwardFromTargets(65_601, 8);
    });
  });
});
