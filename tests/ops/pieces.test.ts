/** @file Products in pieces, because one dispatch would hold the GPU for too long: the same bits, whatever is cut where. */
import { describe, expect, it } from 'vitest';
import { ProgramBuilder } from '../../src/gpu/program.ts';
import { type MatmulNN, type MatmulNT, matmulNN, matmulNT } from '../../src/ops/matmul.ts';
import { matmulNNVariant, NN_VARIANTS, NT_VARIANTS, nnTile } from '../../src/ops/matmul_variants.ts';
import { pieces } from '../../src/ops/pieces.ts';
import { NO_LORA } from '../../src/ops/strided_product.ts';
import { f32Matrix } from '../../src/ops/weight_matrix.ts';
import { Random } from '../oracle/random.ts';
import { getTestGpu } from '../support/gpu.ts';
import { f32, runOp, unwritten } from './run_op.ts';

const [ROWS, COLUMNS, INNER, RANK] = [200, 332, 72, 4];
/** All in one piece, `unit` by `unit`, and two at a time, of rows or columns that make `flopsEach` operations each. */
const limits = (flopsEach: number, unit: number) => [Number.POSITIVE_INFINITY, 1, (2 * unit + 2) * flopsEach];

const bits = (values: Float32Array) => [...new Uint32Array(values.buffer, values.byteOffset, values.length)];

describe('pieces', () => {
  it('cover all in order, begin at tiles, and hold no more than they may', () => {
    for (const [tile, unit] of [
      [8, 64],
      [64, 64],
      [128, 128],
    ] as const)
      for (const total of [1, 63, 64, 65, 333, 4096])
        for (const tiles of [0.1, 1, 1.5, 3, 1000]) {
          const list = pieces(new ProgramBuilder('gpu', unit * tiles * 10), total, 10, tile);
          let next = 0;
          for (const { first, count } of list) {
            expect(first).toBe(next);
            expect(first % unit).toBe(0);
            expect(count).toBeLessThanOrEqual(unit * Math.max(1, Math.floor(tiles)));
            next += count;
          }
          expect(next).toBe(total);
        }
    expect(pieces(new ProgramBuilder('gpu'), 5000, 1e12, 64)).toEqual([{ first: 0, count: 5000 }]);
  });
});

describe.each([...NT_VARIANTS, undefined])('a product in pieces, %s (undefined: by the table)', (forced) => {
  const kernel = forced ? { variant: forced } : {};
  const back = NN_VARIANTS.find((v) => v === forced);
  /** Columns of Y that are not cut. */
  const unit = forced === 'tiled' || forced === 'large' ? 128 : 64;
  const random = new Random(17);
  const data = {
    x: f32(random.normals(ROWS * INNER)),
    w: f32(random.normals(COLUMNS * INNER)),
    residual: f32(random.normals(ROWS * COLUMNS)),
    u: f32(random.normals(ROWS * 2 * RANK)),
    b: f32(random.normals(COLUMNS * RANK)),
    dy: f32(random.normals(ROWS * COLUMNS)),
    a: f32(random.normals(2 * RANK * INNER)),
    y: unwritten(ROWS * COLUMNS),
    dx: unwritten(ROWS * INNER),
  };

  it('Y = X W^T with segments, adapters and a residual', async () => {
    const dispatches: number[] = [];
    const results: number[][] = [];
    for (const limit of limits(2 * ROWS * INNER, unit)) {
      const { y } = await runOp(
        await getTestGpu(),
        data,
        ['y'],
        (program, s) => {
          const product: MatmulNT = {
            x: s.x,
            w: f32Matrix(s.w, COLUMNS, INNER),
            y: s.y,
            residual: s.residual,
            rows: ROWS,
            columns: COLUMNS,
            inner: INNER,
            lora: {
              u: s.u,
              b: s.b,
              rank: RANK,
              uStride: 2 * RANK,
              scale: 0.5,
              segments: [
                { start: 0, end: 100, u: 0, bRow: 0 },
                { start: 100, end: 180, u: NO_LORA, bRow: 0 },
                { start: 180, end: COLUMNS, u: RANK, bRow: 100 },
              ],
            },
            ...kernel,
          };
          matmulNT(program, product);
          dispatches.push(program.dispatches.length);
        },
        limit,
      );
      results.push(bits(y));
    }
    expect(dispatches).toEqual([1, Math.ceil(COLUMNS / unit), Math.ceil(COLUMNS / (2 * unit))]);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });

  it.skipIf(forced !== undefined && !back)('dX = dY W with adapters', async () => {
    const dispatches: number[] = [];
    const results: number[][] = [];
    const gpu = await getTestGpu();
    const shape = { rows: ROWS, columns: INNER, inner: COLUMNS, bounds: [0] };
    // Rows of dX that are not cut.
    const backUnit = Math.max(64, nnTile(back ?? matmulNNVariant(ProgramBuilder.for(gpu), shape)).rows);
    for (const limit of limits(2 * COLUMNS * INNER, backUnit)) {
      const { dx } = await runOp(
        gpu,
        data,
        ['dx'],
        (program, s) => {
          const product: MatmulNN = {
            dy: s.dy,
            w: f32Matrix(s.w, COLUMNS, INNER),
            dx: s.dx,
            rows: ROWS,
            columns: INNER,
            inner: COLUMNS,
            lora: { du: s.u, a: s.a, rank: 2 * RANK },
            ...(back ? { variant: back } : {}),
          };
          matmulNN(program, product);
          dispatches.push(program.dispatches.length);
        },
        limit,
      );
      results.push(bits(dx));
    }
    expect(dispatches).toEqual([1, Math.ceil(ROWS / backUnit), Math.ceil(ROWS / (2 * backUnit))]);
    expect(results[1]).toEqual(results[0]);
    expect(results[2]).toEqual(results[0]);
  });
});
