/** @file Tensors of a checkpoint, whatever its file format: under Hugging Face's names and shapes, read a few rows at a time. */

/** How a tensor's numbers are stored, under ggml's names. */
export type StoredType = 'F32' | 'F16' | 'BF16' | 'Q8_0' | 'Q4_0' | 'Q4_1' | 'Q4_K' | 'Q6_K';

export interface TensorSource {
  /** Shown in messages. */
  readonly name: string;
  /** Shape as PyTorch has it, [out, in] for a projection; undefined where there is no such tensor. */
  shape(name: string): readonly number[] | undefined;
  /** Undefined where there is no such tensor, or its type is none of these. */
  type(name: string): StoredType | undefined;
  /** Rows [rowStart, rowStart + rowCount) (all by default) as f32, row-major, in memory that the caller may release. */
  readF32(name: string, rowStart?: number, rowCount?: number): Promise<Float32Array<ArrayBuffer>>;
  /** The same rows as they are stored: little-endian values, or ggml's blocks. */
  readStored(name: string, rowStart?: number, rowCount?: number): Promise<Uint8Array<ArrayBuffer>>;
}
