/** @file Products and gathers with stored weights of every format, in one block of rows or several, against f64. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BufferSlice } from '../../src/gpu/ledger.ts';
import { repack } from '../../src/llama/repack.ts';
import { embedding } from '../../src/ops/embedding.ts';
import { matmulNN, matmulNT } from '../../src/ops/matmul.ts';
import { NN_VARIANTS, NT_VARIANTS, takesFormat } from '../../src/ops/matmul_variants.ts';
import { WEIGHT_FORMATS, type WeightFormat, type WeightMatrix } from '../../src/ops/weight_matrix.ts';
import { relativeDifference } from '../oracle/compare.ts';
import { linear, linearBackward } from '../oracle/linear.ts';
import { Random } from '../oracle/random.ts';
import { halfValue, randomStored, storedValues } from '../oracle/weight_blocks.ts';
import { getTestGpu } from '../support/gpu.ts';
import { f32, type Numbers, runOp, unwritten } from './run_op.ts';

/** Weights are exact in f32; products are summed in f32. */
const tolerance = 4e-6;

/** A random matrix in blocks of the given formats and numbers of rows: buffers for runOp, values, and how to bind it. */
function randomMatrix(columns: number, blocks: readonly (readonly [WeightFormat, number])[], seed: number) {
  const random = new Random(seed);
  const buffers: Record<string, Numbers> = {};
  const values: number[] = [];
  for (const [i, [format, rows]] of blocks.entries()) {
    const stored = randomStored(format, rows * columns, random);
    for (const value of storedValues(format, stored)) values.push(value);
    const { data, scales } = repack(format, stored);
    buffers[`w${i}`] = words(data);
    buffers[`s${i}`] = words(scales);
  }
  const rows = blocks.reduce((sum, [, count]) => sum + count, 0);
  const bind = (slices: Readonly<Record<string, BufferSlice>>): WeightMatrix => {
    let first = 0;
    return {
      rows,
      columns,
      blocks: blocks.map(([format, count], i) => {
        const block = { format, first, rows: count, data: slices[`w${i}`]! };
        first += count;
        return format === 'f32' || format === 'f16' ? block : { ...block, scales: slices[`s${i}`]! };
      }),
    };
  };
  return { rows, buffers, values: Float64Array.from(values), bind };
}

/** Bytes as the words of a buffer, the last one filled up with zeros. */
function words(bytes: Uint8Array): Uint32Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.max(4, Math.ceil(bytes.length / 4) * 4));
  padded.set(bytes);
  return new Uint32Array(padded.buffer);
}

const FORMATS = [...WEIGHT_FORMATS];

describe.each(FORMATS)('weights in %s', (format) => {
  it.each(NT_VARIANTS.filter((v) => takesFormat(v, format)))('Y = X W^T, %s', async (variant) => {
    for (const [rows, columns, inner] of [
      [1, 68, 32],
      [37, 128, 96],
      [3, 12, 544],
      [70, 60, 288],
    ] as const) {
      const matrix = randomMatrix(inner, [[format, columns]], rows);
      const x = new Random(2).normals(rows * inner);
      const { y } = await runOp(
        await getTestGpu(),
        { ...matrix.buffers, x: f32(x), y: unwritten(rows * columns) },
        ['y'],
        (program, b) =>
          matmulNT(program, { x: b.x!, w: matrix.bind(b), y: b.y!, rows, columns, inner, variant }),
      );
      expect(relativeDifference(y, linear(x, matrix.values, rows))).toBeLessThan(tolerance);
    }
  });

  it.each(NN_VARIANTS.filter((v) => takesFormat(v, format)))('dX = dY W, %s', async (variant) => {
    for (const [rows, columns, inner] of [
      [1, 32, 8],
      [37, 160, 132],
    ] as const) {
      const matrix = randomMatrix(columns, [[format, inner]], rows);
      const dy = new Random(3).normals(rows * inner);
      const { dx } = await runOp(
        await getTestGpu(),
        { ...matrix.buffers, dy: f32(dy), dx: unwritten(rows * columns) },
        ['dx'],
        (program, b) =>
          matmulNN(program, { dy: b.dy!, w: matrix.bind(b), dx: b.dx!, rows, columns, inner, variant }),
      );
      expect(relativeDifference(dx, linearBackward(matrix.values, dy, rows))).toBeLessThan(tolerance);
    }
  });

  it('is gathered exactly, from several blocks of rows', async () => {
    const hidden = 64;
    const matrix = randomMatrix(
      hidden,
      [
        [format, 40],
        [format, 8],
        [format, 19],
      ],
      5,
    );
    const ids = Uint32Array.of(0, 39, 40, 47, 48, 66, 3, 48);
    const { x } = await runOp(
      await getTestGpu(),
      { ...matrix.buffers, ids, x: unwritten(ids.length * hidden) },
      ['x'],
      (program, b) =>
        embedding(program, { ids: b.ids!, table: matrix.bind(b), x: b.x!, rows: ids.length, hidden }),
    );
    const expected = [...ids].flatMap((id) => [...matrix.values.subarray(id * hidden, (id + 1) * hidden)]);
    expect([...x]).toEqual(expected.map(Math.fround));
  });
});

describe('a matrix in blocks of different formats', () => {
  const formats = fc.constantFrom(...FORMATS);
  const block = fc.tuple(
    formats,
    fc.integer({ min: 1, max: 20 }).map((n) => 4 * n),
  );

  it.each(NT_VARIANTS.filter((v) => takesFormat(v, 'q4_0')))(
    'multiplies as one, whole or from a row on, %s',
    async (variant) => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(block, { minLength: 2, maxLength: 4 }),
          fc.integer({ min: 1, max: 70 }),
          fc.boolean(),
          async (blocks, rows, whole) => {
            const inner = 64;
            const matrix = randomMatrix(inner, blocks, rows);
            const first = whole ? 0 : Math.min(blocks[0]![1], matrix.rows - 4);
            const columns = matrix.rows - first;
            const used = matrix.values.subarray(first * inner);
            const random = new Random(rows);
            const [x, dy] = [random.normals(rows * inner), random.normals(rows * columns)];
            const { y, dx } = await runOp(
              await getTestGpu(),
              {
                ...matrix.buffers,
                x: f32(x),
                dy: f32(dy),
                y: unwritten(rows * columns),
                dx: unwritten(rows * inner),
              },
              ['y', 'dx'],
              (program, b) => {
                const w = { w: matrix.bind(b), wFirst: first };
                const back = NN_VARIANTS.find((v) => v === variant) ?? 'tiled';
                matmulNT(program, { x: b.x!, y: b.y!, rows, columns, inner, variant, ...w });
                const sizes = { rows, columns: inner, inner: columns };
                matmulNN(program, { dy: b.dy!, dx: b.dx!, ...sizes, variant: back, ...w });
              },
            );
            expect(relativeDifference(y, linear(x, used, rows))).toBeLessThan(tolerance);
            expect(relativeDifference(dx, linearBackward(used, dy, rows))).toBeLessThan(tolerance);
          },
        ),
        { numRuns: 6, seed: 1 },
      );
    },
  );

  it('shows one quant that is off by one', async () => {
    const matrix = randomMatrix(32, [['q8_0', 8]], 1);
    const off = matrix.values.slice();
    const view = new DataView((matrix.buffers.s0 as Uint32Array<ArrayBuffer>).buffer);
    off[3]! += halfValue(view.getUint16(0, true));
    const x = new Random(2).normals(32);
    const { y } = await runOp(
      await getTestGpu(),
      { ...matrix.buffers, x: f32(x), y: unwritten(8) },
      ['y'],
      (program, b) =>
        matmulNT(program, { x: b.x!, w: matrix.bind(b), y: b.y!, rows: 1, columns: 8, inner: 32 }),
    );
    expect(relativeDifference(y, linear(x, off, 1))).toBeGreaterThan(20 * tolerance);
  });
});
