/**
 * @file The bytes that dispatches say they ask for, against workgroups counted one by one: each loads every element that
 * its outputs need, once.
 */
import { describe, expect, it } from 'vitest';
import type { AdapterClass } from '../../src/gpu/adapter.ts';
import { sliceOnPaper } from '../../src/gpu/paper.ts';
import { ProgramBuilder } from '../../src/gpu/program.ts';
import { loraDownGradient, loraGradients } from '../../src/ops/lora.ts';
import { matmulNN, matmulNT } from '../../src/ops/matmul.ts';
import { rope } from '../../src/ops/rope.ts';
import { NO_LORA } from '../../src/ops/strided_product.ts';
import { formatBytes, type WeightFormat, type WeightMatrix } from '../../src/ops/weight_matrix.ts';

const slice = (name: string) => sliceOnPaper(name, 4);

/** Read and written bytes of what is recorded. */
function recorded(adapterClass: AdapterClass, record: (program: ProgramBuilder) => void) {
  const program = new ProgramBuilder(adapterClass);
  record(program);
  const { dispatches } = program;
  return {
    read: dispatches.reduce((sum, d) => sum + d.traffic.read, 0),
    written: dispatches.reduce((sum, d) => sum + d.traffic.written, 0),
  };
}

/** A matrix in blocks of rows, as where a binding holds no more. */
function matrix(format: WeightFormat, rows: number, columns: number, blockRows = rows): WeightMatrix {
  const blocks = Array.from({ length: Math.ceil(rows / blockRows) }, (_, i) => ({
    format,
    first: i * blockRows,
    rows: Math.min(blockRows, rows - i * blockRows),
    data: slice('w'),
    ...(formatBytes(format, 32).scales > 0 ? { scales: slice('scales') } : {}),
  }));
  return { rows, columns, blocks };
}

const BITS: Readonly<Record<WeightFormat, number>> = { f32: 32, f16: 16, q8_0: 8.5, q4_0: 4.5, q4_1: 5 };

/** Start and length of tiles of `size` over `total`. */
function tiles(total: number, size = 64): { first: number; count: number }[] {
  return Array.from({ length: Math.ceil(total / size) }, (_, i) => ({
    first: size * i,
    count: Math.min(size, total - size * i),
  }));
}

describe.each(['gpu', 'software'] as const)('products for the class %s', (adapterClass) => {
  /** Rows and columns of a tile of Y = X W^T, and columns of one of dX = dY W. */
  const [tileColumns, backColumns] = adapterClass === 'gpu' ? [128, 128] : [64, 64];
  const tileRowsOf = (format: WeightFormat) => (adapterClass === 'gpu' || format === 'f32' ? 64 : 32);

  it.each([
    ['f32', 130, 200, 96],
    ['q4_0', 130, 200, 96],
    ['q8_0', 64, 68, 32],
  ] as const)('Y = X W^T in %s, %i x %i x %i, with a residual', (format, rows, columns, inner) => {
    const w = matrix(format, columns, inner);
    const sizes = { rows, columns, inner };
    const got = recorded(adapterClass, (p) =>
      matmulNT(p, { x: slice('x'), w, y: slice('y'), residual: slice('r'), ...sizes }),
    );
    let read = 0;
    for (const r of tiles(rows, tileRowsOf(format)))
      for (const c of tiles(columns, tileColumns))
        read += 4 * r.count * inner + (c.count * inner * BITS[format]) / 8 + 4 * r.count * c.count;
    expect(got.read).toBeCloseTo(read, 3);
    expect(got.written).toBe(4 * rows * columns);
  });

  it('Y = X W^T + s U B^T: U and B in the tiles of adapted projections', () => {
    const [rows, inner, rank] = [130, 96, 8];
    const segments = [
      { start: 0, end: 192, u: 0, bRow: 0 },
      { start: 192, end: 256, u: NO_LORA, bRow: 0 },
      { start: 256, end: 320, u: rank, bRow: 192 },
    ];
    const lora = { u: slice('u'), b: slice('b'), rank, uStride: 2 * rank, scale: 1, segments };
    const got = recorded(adapterClass, (p) =>
      matmulNT(p, {
        x: slice('x'),
        w: matrix('f32', 320, inner),
        y: slice('y'),
        lora,
        rows,
        columns: 320,
        inner,
      }),
    );
    let read = 0;
    // A tile holds columns of one projection alone.
    for (const r of tiles(rows, tileRowsOf('f32')))
      for (const { start, end, u } of segments)
        for (const c of tiles(end - start, tileColumns))
          read += 4 * (inner + (u === NO_LORA ? 0 : rank)) * (r.count + c.count);
    expect(got.read).toBe(read);
  });

  it.each([
    [1, 200],
    [3, 200],
    [130, 24],
  ])('Y = X W^T of %i rows and %i columns: fewer than a tile has', (rows, columns) => {
    const inner = 96;
    const sizes = { rows, columns, inner };
    const got = recorded(adapterClass, (p) =>
      matmulNT(p, { x: slice('x'), w: matrix('q4_0', columns, inner), y: slice('y'), ...sizes }),
    );
    const [few, narrow] = adapterClass === 'gpu' ? [8, [32, 32]] : [32, [32, 64]];
    const [height, width] = rows <= 4 ? [4, few] : [narrow[0]!, narrow[1]!];
    let read = 0;
    for (const r of tiles(rows, height))
      for (const c of tiles(columns, width)) read += 4 * r.count * inner + (c.count * inner * BITS.q4_0) / 8;
    expect(got.read).toBeCloseTo(read, 3);
    expect(got.written).toBe(4 * rows * columns);
  });

  it('Y = X W^T and dX = dY W so large that tiles of 128 x 128 are enough for all cores', () => {
    const [rows, columns, inner] = [500, 1020, 32];
    const w = matrix('q8_0', columns, inner);
    const forward = recorded(adapterClass, (p) =>
      matmulNT(p, { x: slice('x'), w, y: slice('y'), rows, columns, inner }),
    );
    const back = recorded(adapterClass, (p) =>
      matmulNN(p, {
        dy: slice('dy'),
        w: matrix('q8_0', inner, columns),
        dx: slice('dx'),
        rows,
        columns,
        inner,
      }),
    );
    for (const [got, height, width] of [
      [forward, adapterClass === 'gpu' ? 128 : 32, adapterClass === 'gpu' ? 128 : 64],
      [back, adapterClass === 'gpu' ? 128 : 64, adapterClass === 'gpu' ? 128 : 64],
    ] as const) {
      let read = 0;
      for (const r of tiles(rows, height))
        for (const c of tiles(columns, width))
          read += 4 * r.count * inner + (c.count * inner * BITS.q8_0) / 8;
      expect(got.read).toBeCloseTo(read, 3);
    }
  });

  it('dX = dY W + dU A, of a weight in two blocks', () => {
    const [rows, columns, inner, rank] = [130, 200, 96, 24];
    const w = matrix('q4_0', inner, columns, 64);
    const lora = { du: slice('du'), a: slice('a'), rank };
    const got = recorded(adapterClass, (p) =>
      matmulNN(p, { dy: slice('dy'), w, dx: slice('dx'), lora, rows, columns, inner }),
    );
    let read = 0;
    for (const part of [64, 32])
      for (const r of tiles(rows))
        for (const c of tiles(columns, backColumns)) {
          read += 4 * r.count * part + (c.count * part * BITS.q4_0) / 8;
          // The adapter comes with the first block; the second adds to what is there.
          read += part === 64 ? 4 * rank * (r.count + c.count) : 4 * r.count * c.count;
        }
    expect(got.read).toBeCloseTo(read, 3);
    expect(got.written).toBe(2 * 4 * rows * columns);
  });
});

describe('the gradients of LoRA', () => {
  // q and v of three projections that share X; 24 rank columns of U are six fours, 12 of a projection three.
  const [rows, inner, rank] = [130, 200, 12];
  const segments = [
    { start: 0, end: 128, u: 0, bRow: 0 },
    { start: 128, end: 192, u: NO_LORA, bRow: 0 },
    { start: 192, end: 292, u: rank, bRow: 128 },
  ];
  const shape = { rows, inner, columns: 292, rank, totalRank: 2 * rank, scale: 1, segments };
  const adapted = segments.filter((s) => s.u !== NO_LORA).map((s) => s.end - s.start);

  it.each([
    // 32 tokens each.
    ['gpu', Math.ceil(rows / 32)],
    // 64 tokens each.
    ['software', Math.ceil(rows / 64)],
    // 16 blocks of four tokens and four rank columns each.
    ['software4', Math.ceil((Math.ceil(rows / 4) * 3) / 16)],
  ] as const)('dU for the class %s: dY once, B in each of %i workgroups', (adapterClass, groups) => {
    const got = recorded(adapterClass, (p) =>
      loraDownGradient(p, shape, { dy: slice('dy'), b: slice('b'), du: slice('du') }),
    );
    let read = 0;
    for (const width of adapted) read += 4 * (rows * width + groups * width * rank);
    expect(got.read).toBeCloseTo(read, 6);
    expect(got.written).toBe(4 * rows * 2 * rank);
  });

  it.each([
    // 64 columns, and 12 rank columns: as few as make two workgroups of 24.
    ['gpu', 64, 12],
    ['software', 64, 64],
    ['software4', 128, 8],
  ] as const)('dA and dB for the class %s: dY and X for each tile of ranks', (adapterClass, wide, thin) => {
    const names = ['dy', 'u', 'x', 'du', 'gradB', 'gradA'] as const;
    const bind = Object.fromEntries(names.map((name) => [name, slice(name)])) as Record<
      (typeof names)[number],
      ReturnType<typeof slice>
    >;
    const got = recorded(adapterClass, (p) => loraGradients(p, shape, bind));
    let read = 0;
    let written = 0;
    for (const [width, ranks] of [[inner, 2 * rank], ...adapted.map((w) => [w, rank] as const)] as const) {
      for (const c of tiles(width, wide))
        for (const r of tiles(ranks, thin)) read += 4 * rows * (c.count + r.count);
      read += 4 * width * ranks;
      written += 4 * width * ranks;
    }
    expect(got.read).toBe(read);
    expect(got.written).toBe(written);
  });
});

describe('rope', () => {
  it.each([
    // 192 pairs a row: 48 in fours, in one workgroup, which reads its row's 16 angles once.
    [32, 12, 1],
    // 60 pairs of heads of 6, one at a time: one workgroup.
    [6, 20, 1],
    // 480 pairs: 120 in fours, in two workgroups.
    [32, 30, 2],
  ])(
    'reads angles once for the heads that a workgroup rotates, head_dim %i, %i heads',
    (headDim, heads, groups) => {
      const rows = 7;
      const shape = { rows, stride: (heads + 6) * headDim, heads, headDim, direction: 1 as const };
      const got = recorded('gpu', (p) =>
        rope(p, { x: slice('x'), positions: slice('positions'), angles: slice('angles'), ...shape }),
      );
      let read = 0;
      for (let row = 0; row < rows; row++) {
        read += heads * headDim * 4;
        for (let group = 0; group < groups; group++) read += headDim * 4;
      }
      expect(got.read).toBe(read);
      expect(got.written).toBe(rows * heads * headDim * 4);
    },
  );
});
