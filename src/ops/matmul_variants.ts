/**
 * @file Which variant of a product runs: a fixed table by adapter class and shape, never a timing, since bits must not
 * depend on one. Shared-memory tiles are for GPUs, register blocks for software adapters.
 */
import type { AdapterClass } from '../gpu/adapter.ts';
import type { ProgramBuilder } from '../gpu/program.ts';
import type { ShaderConstants } from '../gpu/shader_library.ts';
import type { WeightFormat } from './weight_matrix.ts';

/** Of Y = X W^T. */
export const NT_VARIANTS = [
  'large',
  'tiled',
  'narrow',
  'row',
  'register',
  'register1',
  'register16',
  'thin',
  'scalar',
] as const;
export type MatmulVariant = (typeof NT_VARIANTS)[number];

/** Of dX = dY W. */
export const NN_VARIANTS = ['large', 'tiled', 'register', 'register1', 'register16', 'scalar'] as const;
export type MatmulNNVariant = (typeof NN_VARIANTS)[number];

/** What decides the variant of Y = X W^T. */
export interface NTShape {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  /** First and last columns of all segments, and where blocks of W's rows begin. */
  readonly bounds: readonly number[];
  /** Whether all of W is held as f32; default true. */
  readonly f32?: boolean;
}

/** What decides the variant of dX = dY W. */
export interface NNShape {
  readonly rows: number;
  readonly columns: number;
  readonly inner: number;
  /** Columns of dY where blocks of W's rows begin. */
  readonly bounds: readonly number[];
  /** Whether all of W is held as f32; default true. */
  readonly f32?: boolean;
}

/** Rows that variants for a few of them make at once; with more, others read each weight less often. */
const FEW_ROWS = 4;

/** Columns up to which tiles as narrow as these are used. */
const FEW_COLUMNS = 64;

/** Whether a variant reads weights of a format: some walk along K in steps in which only f32 can be read. */
export function takesFormat(variant: string, format: WeightFormat): boolean {
  return format === 'f32' || variant !== 'register1';
}

/** Rows and columns of a large tile, and how many of them a product must make: with fewer, cores of a GPU would idle. */
const LARGE = 128;
const LARGE_TILES = 32;

/** Whether a product makes large tiles enough, of which rows that do not exist are a sixth at most. */
function isLarge(rows: number, columns: number): boolean {
  const down = Math.ceil(rows / LARGE);
  return 5 * down * LARGE <= 6 * rows && down * Math.ceil(columns / LARGE) >= LARGE_TILES;
}

const byFour = (n: number) => n % 4 === 0;

/** Whether a variant of Y = X W^T takes a shape: all but `scalar` and `register1` read X and W as vec4s along K; register blocks write vec4s. */
export function fitsNT(
  variant: string,
  { rows, columns, inner, bounds, f32 = true }: NTShape,
): variant is MatmulVariant {
  if (variant === 'scalar') return true;
  if (variant === 'register1') return f32 && byFour(columns) && bounds.every(byFour);
  if (!byFour(inner)) return false;
  if (variant === 'row' || variant === 'thin') return rows <= FEW_ROWS;
  if (variant === 'narrow') return columns <= FEW_COLUMNS;
  if (variant === 'large') return isLarge(rows, columns);
  if (variant === 'tiled') return true;
  return (variant === 'register' || variant === 'register16') && byFour(columns) && bounds.every(byFour);
}

/** Whether a variant of dX = dY W takes a shape: all but `scalar` write dX as vec4s; tiles read dY as vec4s as well. */
export function fitsNN(
  variant: string,
  { rows, columns, inner, bounds, f32 = true }: NNShape,
): variant is MatmulNNVariant {
  if (variant === 'scalar') return true;
  if (!byFour(columns)) return false;
  if (variant === 'register') return true;
  if (variant === 'register1') return f32;
  if (!byFour(inner) || !bounds.every(byFour)) return false;
  if (variant === 'large') return isLarge(rows, columns);
  return variant === 'tiled' || variant === 'register16';
}

const NT_TABLE: Readonly<Record<AdapterClass, readonly MatmulVariant[]>> = {
  gpu: ['row', 'narrow', 'large', 'tiled'],
  software: ['thin', 'register1', 'register'],
  software4: ['thin', 'register16', 'register'],
};

const NN_TABLE: Readonly<Record<AdapterClass, readonly MatmulNNVariant[]>> = {
  gpu: ['large', 'tiled'],
  software: ['register1', 'register'],
  software4: ['register16', 'register'],
};

type Choice = Pick<ProgramBuilder, 'adapterClass' | 'forced'>;

/** The variant of Y = X W^T: the forced one where it fits, else the first of the table's that does. */
export function matmulNTVariant(program: Choice, shape: NTShape): MatmulVariant {
  const table = NT_TABLE[program.adapterClass];
  return [program.forced('matmul') ?? '', ...table, 'scalar'].find((v) => fitsNT(v, shape))!;
}

/** The variant of dX = dY W, likewise. */
export function matmulNNVariant(program: Choice, shape: NNShape): MatmulNNVariant {
  const table = NN_TABLE[program.adapterClass];
  return [program.forced('matmul') ?? '', ...table, 'scalar'].find((v) => fitsNN(v, shape))!;
}

/** Outputs that a workgroup makes, and the constants that make its shader do so. */
export interface Tile {
  readonly shader: string;
  readonly rows: number;
  readonly columns: number;
  /** Whether no tile holds columns of two segments. */
  readonly bySegment: boolean;
  readonly constants: ShaderConstants;
}

/** Tile of a variant of Y = X W^T. */
export function ntTile(variant: MatmulVariant, rows: number, columns: number): Tile {
  const tile = { shader: `matmul/nt_${variant}`, bySegment: true, constants: {} };
  switch (variant) {
    case 'large':
      return { ...tile, rows: LARGE, columns: LARGE };
    case 'tiled':
      return { ...tile, rows: 64, columns: 128 };
    case 'narrow': {
      // As narrow as the product, if it can be, and deeper, so that fewer lanes wait for memory less often.
      const width = columns <= 16 ? 16 : columns <= 32 ? 32 : FEW_COLUMNS;
      const constants = { ROWS: 32, COLUMNS: width, DEPTH: 32 };
      return { ...tile, shader: 'matmul/nt_tiled', rows: 32, columns: width, constants };
    }
    case 'row':
      return { ...tile, rows: FEW_ROWS, columns: 8, bySegment: false, constants: { SINGLE: rows === 1 } };
    case 'thin':
      return { ...tile, rows: FEW_ROWS, columns: 32, bySegment: false, constants: { SINGLE: rows === 1 } };
    case 'register':
      return { ...tile, rows: 32, columns: 64 };
    case 'register16':
      return { ...tile, shader: 'matmul/register16', rows: 128, columns: 32 };
    case 'register1':
      return { ...tile, shader: 'matmul/register1', rows: 64, columns: 64 };
    case 'scalar':
      return { ...tile, rows: 64, columns: 64 };
  }
}

/** Tile of a variant of dX = dY W. */
export function nnTile(variant: MatmulNNVariant): Tile {
  const tile = { shader: `matmul/nn_${variant}`, bySegment: false, constants: {} };
  switch (variant) {
    case 'large':
      return { ...tile, rows: LARGE, columns: LARGE };
    case 'tiled':
      return { ...tile, rows: 64, columns: 128 };
    case 'register16':
      return { ...tile, shader: 'matmul/register16', rows: 128, columns: 32 };
    case 'register1':
      return { ...tile, shader: 'matmul/register1', rows: 64, columns: 64 };
    case 'register':
    case 'scalar':
      return { ...tile, rows: 64, columns: 64 };
  }
}
