/**
 * @file A frozen matrix on the GPU: its rows in blocks, each block in one format and one pair of buffers. Blocks exist
 * because an adapter binds only so many bytes at once, and because neighbouring tensors of a file may differ in format.
 */
import type { BufferSlice } from '../gpu/ledger.ts';

/** How resident weights are stored; the quantised ones are ggml's, in blocks of 32 weights of one row. */
export const WEIGHT_FORMATS = ['f32', 'f16', 'q8_0', 'q4_0', 'q4_1'] as const;
export type WeightFormat = (typeof WEIGHT_FORMATS)[number];

/** What the columns of a matrix must be a multiple of: a word, or a block of weights that share a scale. */
export function formatBlock(format: WeightFormat): number {
  return format === 'f32' ? 1 : format === 'f16' ? 2 : 32;
}

/** Bytes of `count` weights (whole blocks) in the buffer of values and in that of scales, unrounded. */
export function formatBytes(format: WeightFormat, count: number): { data: number; scales: number } {
  switch (format) {
    case 'f32':
      return { data: 4 * count, scales: 0 };
    case 'f16':
      return { data: 2 * count, scales: 0 };
    case 'q8_0':
      return { data: count, scales: count / 16 };
    case 'q4_0':
      return { data: count / 2, scales: count / 16 };
    case 'q4_1':
      return { data: count / 2, scales: count / 8 };
  }
}

export interface RowBlock {
  readonly format: WeightFormat;
  /** First row of the matrix that lies in this block. */
  readonly first: number;
  readonly rows: number;
  /** Values or quants, row-major, without gaps. */
  readonly data: BufferSlice;
  /** Scales of a quantised block: f16, two to a word; of q4_1 scale and minimum are one word. */
  readonly scales?: BufferSlice;
}

export interface WeightMatrix {
  readonly rows: number;
  readonly columns: number;
  /** Cover all rows in order. */
  readonly blocks: readonly RowBlock[];
}

/** A matrix of f32 in one slice, such as LoRA's A. */
export function f32Matrix(data: BufferSlice, rows: number, columns: number): WeightMatrix {
  return { rows, columns, blocks: [{ format: 'f32', first: 0, rows, data }] };
}

/** Whether all of a matrix is held as f32. */
export function isF32(w: WeightMatrix): boolean {
  return w.blocks.every(({ format }) => format === 'f32');
}

/** A part of a matrix's rows that lies in one block. */
export interface RowSpan {
  readonly block: RowBlock;
  /** First row, counted within the matrix. */
  readonly first: number;
  readonly rows: number;
}

/** Rows [first, first + rows) of a matrix, block by block. */
export function rowSpans(matrix: WeightMatrix, first: number, rows: number): RowSpan[] {
  return matrix.blocks.flatMap((block) => {
    const start = Math.max(first, block.first);
    const end = Math.min(first + rows, block.first + block.rows);
    return start < end ? [{ block, first: start, rows: end - start }] : [];
  });
}

/** Name of the variant of a shader for weights of this format. */
export function shaderFor(shader: string, format: WeightFormat): string {
  return format === 'f32' ? shader : `${shader}@${format}`;
}

/** Bindings of a block's weights. */
export function weightBindings(block: RowBlock): Record<string, BufferSlice> {
  return block.scales ? { w: block.data, w_scales: block.scales } : { w: block.data };
}
