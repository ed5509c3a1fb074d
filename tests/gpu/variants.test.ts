/** @file Forced kernel variants: what can be asked for, and what then runs. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/formats/input_error.ts';
import type { AdapterClass } from '../../src/gpu/adapter.ts';
import { ProgramBuilder } from '../../src/gpu/program.ts';
import { parseVariants } from '../../src/gpu/variants.ts';
import { attentionVariant } from '../../src/ops/attention.ts';
import { KERNEL_VARIANTS } from '../../src/ops/kernel_variants.ts';
import { matmulNNVariant, matmulNTVariant } from '../../src/ops/matmul_variants.ts';

const parse = (text: string) =>
  parseVariants(text, { matmul: ['tiled', 'row'], attention: ['single'] }, '--kernels');

describe('asking for variants', () => {
  it('takes one for each operation', () => {
    expect(parse('matmul=row')).toEqual({ matmul: 'row' });
    expect(parse('attention=single,matmul=tiled')).toEqual({ attention: 'single', matmul: 'tiled' });
  });

  it.each([
    ['matmull=row', /names matmull, which has no variants. Choose matmul or attention/],
    ['toString=row', /names toString/],
    ['matmul=rows', /matmul=rows, which does not exist. Choose tiled or row/],
    ['matmul=row,matmul=tiled', /names matmul twice/],
    ['matmul', /has matmul. Give operation=variant/],
    ['matmul=row=tiled', /has matmul=row=tiled/],
    ['', /Give operation=variant/],
  ])('refuses %s', (text, message) => {
    expect(() => parse(text)).toThrow(InputError);
    expect(() => parse(text)).toThrow(message);
  });
});

describe('products', () => {
  const chosen = (adapterClass: AdapterClass, forced?: string) => {
    const program = new ProgramBuilder(
      adapterClass,
      Number.POSITIVE_INFINITY,
      forced === undefined ? {} : parseVariants(forced, KERNEL_VARIANTS, 'here'),
    );
    const nt = (rows: number, columns: number, inner: number) =>
      matmulNTVariant(program, { rows, columns, inner, bounds: [0, columns] });
    const nn = (columns: number, inner: number) =>
      matmulNNVariant(program, { rows: 512, columns, inner, bounds: [0] });
    return [
      nt(512, 512, 512),
      nt(512, 16, 512),
      nt(2, 512, 512),
      nt(512, 511, 511),
      nn(512, 512),
      nn(512, 511),
    ];
  };

  it('follow the table', () => {
    expect(chosen('gpu')).toEqual(['tiled', 'narrow', 'row', 'scalar', 'tiled', 'scalar']);
    expect(chosen('software')).toEqual([
      'register1',
      'register1',
      'thin',
      'scalar',
      'register1',
      'register1',
    ]);
    expect(chosen('software4')).toEqual([
      'register16',
      'register16',
      'thin',
      'scalar',
      'register16',
      'register',
    ]);
  });

  it('run in the forced variant wherever it takes the shape', () => {
    expect(chosen('software', 'matmul=tiled')).toEqual([
      'tiled',
      'tiled',
      'tiled',
      'scalar',
      'tiled',
      'register1',
    ]);
    expect(chosen('gpu', 'matmul=register')).toEqual([
      'register',
      'register',
      'register',
      'scalar',
      'register',
      'register',
    ]);
    expect(chosen('software', 'matmul=row')).toEqual([
      'register1',
      'register1',
      'row',
      'scalar',
      'register1',
      'register1',
    ]);
    expect(chosen('gpu', 'matmul=scalar')).toEqual(Array(6).fill('scalar'));
  });

  it('that walk along K one by one take f32 weights alone', () => {
    const program = new ProgramBuilder('software');
    const shape = { rows: 9, columns: 16, inner: 8, bounds: [0, 16] };
    expect(matmulNTVariant(program, { ...shape, f32: false })).toBe('register');
    expect(matmulNNVariant(program, { ...shape, f32: false })).toBe('register');
    expect(matmulNTVariant(new ProgramBuilder('software4'), { ...shape, f32: false })).toBe('register16');
  });

  it('are large where that leaves tiles enough, and few rows that do not exist', () => {
    const program = new ProgramBuilder('gpu');
    const nt = (rows: number, columns: number) =>
      matmulNTVariant(program, { rows, columns, inner: 8, bounds: [0, columns] });
    expect([
      nt(512, 1024),
      nt(512, 896),
      nt(128, 4096),
      nt(64, 65536),
      nt(129, 65536),
      nt(214, 65536),
    ]).toEqual(['large', 'tiled', 'large', 'tiled', 'tiled', 'large']);
    const back = { columns: 1024, inner: 8, bounds: [0] };
    expect(matmulNNVariant(program, { ...back, rows: 512 })).toBe('large');
    expect(matmulNNVariant(program, { ...back, rows: 384 })).toBe('tiled');
  });

  it('keep vec4s from bounds that are no multiples of four', () => {
    const program = new ProgramBuilder('software');
    const shape = { rows: 9, columns: 16, inner: 8 };
    expect(matmulNTVariant(program, { ...shape, bounds: [0, 6, 16] })).toBe('scalar');
    expect(
      matmulNNVariant(new ProgramBuilder('gpu'), { rows: 9, columns: 8, inner: 16, bounds: [0, 6] }),
    ).toBe('scalar');
  });
});

describe('attention', () => {
  it('runs in the forced variant wherever it takes the heads', () => {
    const chosen = (adapterClass: AdapterClass, headDim: number, forced: Record<string, string> = {}) =>
      attentionVariant(new ProgramBuilder(adapterClass, Number.POSITIVE_INFINITY, forced), headDim);
    expect([chosen('gpu', 64), chosen('software', 64), chosen('software', 6)]).toEqual([
      'tiled',
      'register',
      'tiled',
    ]);
    expect(chosen('software4', 64)).toBe('unrolled');
    expect(chosen('software4', 6)).toBe('tiled');
    expect(chosen('software', 64, { attention: 'tiled' })).toBe('tiled');
    expect(chosen('gpu', 64, { attention: 'register' })).toBe('register');
    expect(chosen('gpu', 6, { attention: 'register' })).toBe('tiled');
  });
});
