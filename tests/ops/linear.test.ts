/** @file matmul and lora on the GPU against the f64 oracle: all variants on every host, whichever the table picks. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LORA_VARIANTS, type LoraVariant, loraDownGradient, loraGradients } from '../../src/ops/lora.ts';
import { matmulNN, matmulNT } from '../../src/ops/matmul.ts';
import { type MatmulVariant, NN_VARIANTS, NT_VARIANTS } from '../../src/ops/matmul_variants.ts';
import { NO_LORA, type Segment } from '../../src/ops/strided_product.ts';
import { f32Matrix } from '../../src/ops/weight_matrix.ts';
import { relativeDifference } from '../oracle/compare.ts';
import { linear, linearBackward } from '../oracle/linear.ts';
import { logSumExp } from '../oracle/logprob.ts';
import { loraLinear, loraLinearBackward } from '../oracle/lora.ts';
import { Random } from '../oracle/random.ts';
import { getTestGpu } from '../support/gpu.ts';
import { f32, runOp, unwritten } from './run_op.ts';

/** Sums of up to 4,099 products in f32: each rounds by 6e-8, and errors add up like a random walk. */
const tolerance = 4e-6;
const runs = { numRuns: 8, seed: 1 };
const size = (max: number) => fc.oneof(fc.constantFrom(1, 3, 63, 64, 65), fc.integer({ min: 1, max }));

const byFour = (n: number) => Math.ceil(n / 4) * 4;

/** The backward product's variant of the same name, if it has one. */
const backVariant = (variant: MatmulVariant | undefined) => NN_VARIANTS.find((v) => v === variant);

describe.each([...NT_VARIANTS, undefined])('matmul, %s (undefined: by the table)', (forced) => {
  const kernel = forced ? { variant: forced } : {};
  const back = backVariant(forced);
  const none = forced !== undefined && !back;
  /** Register blocks read and write vec4s, others read them along K: the table gives them no other sizes. */
  const fitting = (n: number) => (forced?.startsWith('register') ? byFour(n) : n);
  const fittingInner = (n: number) =>
    forced && forced !== 'scalar' && forced !== 'register1' ? byFour(n) : n;
  /** Backward, register blocks write vec4s; tiles, and the largest blocks, read along the inner dimension as well. */
  const fittingBack = (n: number) => (back && back !== 'scalar' ? byFour(n) : n);
  const fittingBackInner = (n: number) =>
    back === 'tiled' || back === 'large' || back === 'register16' ? byFour(n) : n;

  async function nt(rows: number, columnsAny: number, innerAny: number, withResidual: boolean) {
    const [columns, inner] = [fitting(columnsAny), fittingInner(innerAny)];
    const random = new Random(rows * 7 + columns * 11 + inner);
    const [x, w] = [random.normals(rows * inner), random.normals(columns * inner)];
    const residual = random.normals(rows * columns);
    const { y } = await runOp(
      await getTestGpu(),
      { x: f32(x), w: f32(w), residual: f32(residual), y: unwritten(rows * columns) },
      ['y'],
      (program, { x, w, y, residual }) =>
        matmulNT(program, {
          x,
          w: f32Matrix(w, columns, inner),
          y,
          rows,
          columns,
          inner,
          ...kernel,
          ...(withResidual ? { residual } : {}),
        }),
    );
    const expected = linear(x, w, rows).map((value, i) => value + (withResidual ? residual[i]! : 0));
    expect(relativeDifference(y, expected)).toBeLessThan(tolerance);
  }

  async function nn(rows: number, columnsAny: number, innerAny: number, accumulate: boolean) {
    const [columns, inner] = [fittingBack(columnsAny), fittingBackInner(innerAny)];
    const random = new Random(rows * 7 + columns * 11 + inner);
    const [dy, w] = [random.normals(rows * inner), random.normals(inner * columns)];
    const before = random.normals(rows * columns);
    const { dx } = await runOp(
      await getTestGpu(),
      { dy: f32(dy), w: f32(w), dx: accumulate ? f32(before) : unwritten(rows * columns) },
      ['dx'],
      (program, b) =>
        matmulNN(program, {
          ...b,
          w: f32Matrix(b.w, inner, columns),
          rows,
          columns,
          inner,
          accumulate,
          ...(back ? { variant: back } : {}),
        }),
    );
    const expected = linearBackward(w, dy, rows).map((value, i) => value + (accumulate ? before[i]! : 0));
    expect(relativeDifference(dx, expected)).toBeLessThan(tolerance);
  }

  /** A chunk of logits in the middle of a vocabulary, stored as c (onehot - softmax). */
  async function gradient(rows: number, columnsAny: number, innerAny: number) {
    const [columns, inner] = [fitting(columnsAny), fittingInner(innerAny)];
    const [first, vocabulary] = [8, columns + 12];
    const random = new Random(rows * 7 + columns * 11 + inner);
    const [x, w] = [random.normals(rows * inner), random.normals(vocabulary * inner, 2 / Math.sqrt(inner))];
    // Of each row the target's id: the chunk's ends, what lies next to them, and others.
    const ends = [first, first - 1, first + columns - 1, first + columns];
    const tokens = Array.from(random.ids(rows, vocabulary), (token, row) => ends[row] ?? token);
    const coefficient = random.normals(rows);
    const logits = linear(x, w, rows);
    const lse = tokens.map((_, row) => logSumExp(logits.slice(row * vocabulary, (row + 1) * vocabulary)));
    const { y } = await runOp(
      await getTestGpu(),
      {
        x: f32(x),
        w: f32(w),
        targets: f32(tokens.flatMap((token, row) => [lse[row]!, token, Number.NaN, Number.NaN])),
        coefficient: f32(coefficient),
        y: unwritten(rows * columns),
      },
      ['y'],
      (program, { x, w, y, targets, coefficient }) =>
        matmulNT(program, {
          x,
          w: f32Matrix(w, vocabulary, inner),
          wFirst: first,
          y,
          rows,
          columns,
          inner,
          ...kernel,
          gradient: { targets, coefficient, firstToken: first },
        }),
    );
    const expected = Float64Array.from({ length: rows * columns }, (_, i) => {
      const [row, token] = [Math.floor(i / columns), first + (i % columns)];
      const softmax = Math.exp(logits[row * vocabulary + token]! - lse[row]!);
      return coefficient[row]! * (Number(token === tokens[row]) - softmax);
    });
    expect(relativeDifference(y, expected)).toBeLessThan(tolerance);
  }

  it("c (onehot - softmax) of X W^T, over shapes, with targets at the chunk's ends and next to them", async () => {
    await fc.assert(fc.asyncProperty(size(150), size(150), size(150), gradient), runs);
    await gradient(4, 8, 12);
  });

  it('Y = X W^T (+ residual), over shapes', async () => {
    await fc.assert(fc.asyncProperty(size(150), size(150), size(150), fc.boolean(), nt), runs);
  });

  it.skipIf(none)('dX = dY W (+ dX), over shapes', async () => {
    await fc.assert(fc.asyncProperty(size(150), size(150), size(150), fc.boolean(), nn), runs);
  });

  it('takes one token, 333 tokens, 4,099 columns and 4,099 products to a sum', async () => {
    await nt(1, 4099, 24, false);
    await nt(333, 130, 96, true);
    await nt(2, 5, 4099, false);
    if (none) return;
    await nn(1, 24, 4099, true);
    await nn(333, 96, 130, false);
  });
});

/** Some projections that share X, with LoRA on those that `adapted` names. */
interface Group {
  readonly rows: number;
  readonly inner: number;
  readonly outs: readonly number[];
  readonly adapted: readonly boolean[];
  readonly rank: number;
  readonly variant?: MatmulVariant;
  readonly loraVariant?: LoraVariant;
}

async function checkGroup({ rows, inner, outs, adapted, rank, variant, loraVariant }: Group) {
  const random = new Random(rows * 31 + inner * 7 + rank);
  const scale = 1.75;
  const columns = outs.reduce((a, b) => a + b, 0);
  const segments: Segment[] = [];
  let start = 0;
  let bRow = 0;
  let u = 0;
  outs.forEach((out, i) => {
    segments.push({ start, end: start + out, u: adapted[i] ? u : NO_LORA, bRow: adapted[i] ? bRow : 0 });
    start += out;
    if (adapted[i]) {
      bRow += out;
      u += rank;
    }
  });
  const totalRank = u;
  const bRows = bRow;
  const x = random.normals(rows * inner);
  const dy = random.normals(rows * columns);
  const weights = outs.map((out) => random.normals(out * inner));
  const as = outs.map(() => random.normals(rank * inner));
  const bs = outs.map((out) => random.normals(out * rank));
  const stacked = (parts: readonly Float64Array[], only: (i: number) => boolean) =>
    f32(parts.flatMap((part, i) => (only(i) ? [...part] : [])));
  const isAdapted = (i: number) => adapted[i]!;
  const gradABefore = random.normals(totalRank * inner);
  const gradBBefore = random.normals(bRows * rank);

  const result = await runOp(
    await getTestGpu(),
    {
      x: f32(x),
      dy: f32(dy),
      w: stacked(weights, () => true),
      a: stacked(as, isAdapted),
      b: stacked(bs, isAdapted),
      u: unwritten(rows * totalRank),
      du: unwritten(rows * totalRank),
      y: unwritten(rows * columns),
      dx: unwritten(rows * inner),
      gradA: f32(gradABefore),
      gradB: f32(gradBBefore),
    },
    ['y', 'dx', 'gradA', 'gradB'],
    (program, b) => {
      const backward = loraVariant ? { variant: loraVariant } : {};
      const shape = { rows, inner, columns, rank, totalRank, scale, segments, ...backward };
      const kernel = variant ? { variant } : {};
      const back = backVariant(variant);
      const backKernel = back ? { variant: back } : {};
      const a = f32Matrix(b.a, totalRank, inner);
      const w = f32Matrix(b.w, columns, inner);
      // U's columns are as many as ranks: register blocks may not take them.
      const ranks = variant?.startsWith('register') && totalRank % 4 !== 0 ? {} : kernel;
      matmulNT(program, { x: b.x, w: a, y: b.u, rows, columns: totalRank, inner, ...ranks });
      const lora = { u: b.u, b: b.b, rank, uStride: totalRank, scale, segments };
      matmulNT(program, { x: b.x, w, y: b.y, rows, columns, inner, lora, ...kernel });
      loraDownGradient(program, shape, { dy: b.dy, b: b.b, du: b.du });
      loraGradients(program, shape, b);
      const down = { du: b.du, a: b.a, rank: totalRank };
      matmulNN(program, {
        dy: b.dy,
        w,
        dx: b.dx,
        rows,
        columns: inner,
        inner: columns,
        lora: down,
        ...backKernel,
      });
    },
  );

  const y = new Float64Array(rows * columns);
  const dx = new Float64Array(rows * inner);
  const gradA: number[] = [];
  const gradB: number[] = [];
  segments.forEach(({ start, end }, i) => {
    const lora = adapted[i] ? { a: as[i]!, b: bs[i]!, rank, scale } : null;
    const width = end - start;
    const columnsOf = (m: Float64Array) =>
      Float64Array.from(
        { length: rows * width },
        (_, k) => m[Math.floor(k / width) * columns + start + (k % width)]!,
      );
    loraLinear(x, weights[i]!, lora, rows).forEach((value, k) => {
      y[Math.floor(k / width) * columns + start + (k % width)] = value;
    });
    const back = loraLinearBackward(x, weights[i]!, lora, columnsOf(dy), rows);
    back.dx.forEach((value, k) => {
      dx[k]! += value;
    });
    if (back.da && back.db) {
      gradA.push(...back.da);
      gradB.push(...back.db);
    }
  });
  expect(relativeDifference(result.y, y), 'y').toBeLessThan(tolerance);
  expect(relativeDifference(result.dx, dx), 'dx').toBeLessThan(tolerance);
  const plus = (before: Float64Array, gradient: readonly number[]) => before.map((v, i) => v + gradient[i]!);
  expect(relativeDifference(result.gradA, plus(gradABefore, gradA)), 'gradA').toBeLessThan(tolerance);
  expect(relativeDifference(result.gradB, plus(gradBBefore, gradB)), 'gradB').toBeLessThan(tolerance);
}

describe('linear with LoRA', () => {
  const qkv = { inner: 40, outs: [3 * 48, 48, 48] } as const;

  it.each(NT_VARIANTS)('with the %s kernels at 333 tokens', (variant) =>
    checkGroup({ ...qkv, rows: 333, rank: 8, adapted: [true, true, true], variant }),
  );

  it.each(NT_VARIANTS.flatMap((variant) => [1, 3, 4, 7].map((rows) => [variant, rows] as const)))(
    'with the %s kernel at %i tokens, of rank 3',
    (variant, rows) => checkGroup({ ...qkv, rows, rank: 3, adapted: [true, false, true], variant }),
  );

  it.each(NT_VARIANTS)('of a rank beyond a step of the tiles, with the %s kernels', (variant) =>
    checkGroup({ rows: 37, inner: 20, outs: [140, 12], adapted: [true, true], rank: 37, variant }),
  );

  describe.each(LORA_VARIANTS)('and gradients by the %s kernels', (loraVariant) => {
    it.each([
      ['q', [true, false, false]],
      ['k', [false, true, false]],
      ['v', [false, false, true]],
      ['q and v', [true, false, true]],
      ['q, k and v', [true, true, true]],
    ] as const)('on %s of three projections that share X', (_, adapted) =>
      checkGroup({ ...qkv, rows: 67, rank: 3, adapted, loraVariant }),
    );

    it.each([1, 3, 4, 8, 17, 24])('of rank %i', (rank) =>
      checkGroup({ rows: 65, inner: 20, outs: [28, 28], adapted: [true, true], rank, loraVariant }),
    );

    it('of one token and of 333, widths that are no multiples of four, and wide ones', async () => {
      await checkGroup({ ...qkv, rows: 1, rank: 8, adapted: [true, true, true], loraVariant });
      await checkGroup({ rows: 333, inner: 41, outs: [30, 7], adapted: [true, true], rank: 4, loraVariant });
      await checkGroup({ rows: 5, inner: 200, outs: [300], adapted: [true], rank: 8, loraVariant });
      await checkGroup({ rows: 3, inner: 12, outs: [4099], adapted: [true], rank: 1, loraVariant });
    });

    it('over shapes', async () => {
      const outs = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(
          size(130),
          size(90),
          outs,
          fc.integer({ min: 1, max: 9 }),
          (rows, inner, outs, rank) =>
            checkGroup({
              rows,
              inner,
              outs,
              rank,
              adapted: outs.map((_, i) => i !== 1 || outs.length === 2),
              loraVariant,
            }),
        ),
        runs,
      );
    });
  });
});
