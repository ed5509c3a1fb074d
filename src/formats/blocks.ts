/**
 * @file Stored weights to f32 and back: plain floats, and ggml's blocks of 32 weights that share a scale.
 * Layouts are those of ggml-common.h (block_q8_0, block_q4_0, block_q4_1), rounding is that of ggml-quants.c
 * (quantize_row_*_ref), each operation in f32. Dequantised values are products that f64 holds exactly, rounded once.
 */
import { bf16ToF32, f16ToF32, f16Value, f32ToF16 } from './half.ts';
import { dequantiseQ4K, dequantiseQ6K } from './k_blocks.ts';
import type { StoredType } from './tensor_source.ts';

/** Types that weights can be converted to. */
export type QuantisedType = 'F16' | 'Q8_0' | 'Q4_0' | 'Q4_1';

/** Weights in a block (1 for floats), and bytes of a block. */
const BLOCKS: Readonly<Record<StoredType, readonly [length: number, bytes: number]>> = {
  F32: [1, 4],
  F16: [1, 2],
  BF16: [1, 2],
  Q8_0: [32, 34],
  Q4_0: [32, 18],
  Q4_1: [32, 20],
  Q4_K: [256, 144],
  Q6_K: [256, 210],
};

/** Weights that one block holds. */
export const blockLength = (type: StoredType): number => BLOCKS[type][0];

/** Bytes that one block takes. */
export const blockBytes = (type: StoredType): number => BLOCKS[type][1];

/** Bytes of `count` weights. @throws RangeError where they are no whole blocks */
export function storedBytes(type: StoredType, count: number): number {
  const [length, bytes] = BLOCKS[type];
  if (count % length !== 0) throw new RangeError(`${count} weights are no whole blocks of ${type}`);
  return (count / length) * bytes;
}

/**
 * f32 values of stored bytes.
 * @throws RangeError where the bytes are no whole blocks
 */
export function dequantise(type: StoredType, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const [length, size] = BLOCKS[type];
  if (bytes.length % size !== 0) throw new RangeError(`${bytes.length} bytes are no whole blocks of ${type}`);
  // Typed arrays want aligned memory, and `bytes` may be a view of anything: copy once.
  if (type === 'F32') return new Float32Array(new Uint8Array(bytes).buffer);
  if (type === 'F16') return f16ToF32(new Uint16Array(new Uint8Array(bytes).buffer));
  if (type === 'BF16') return bf16ToF32(new Uint16Array(new Uint8Array(bytes).buffer));
  const values = new Float32Array((bytes.length / size) * length);
  const unpack = UNPACK[type];
  for (let at = 0, to = 0; at < bytes.length; at += size, to += length) unpack(bytes, at, values, to);
  return values;
}

type Unpack = (bytes: Uint8Array, at: number, values: Float32Array, to: number) => void;

const UNPACK: Readonly<Record<Exclude<StoredType, 'F32' | 'F16' | 'BF16'>, Unpack>> = {
  /** f16 scale, 32 signed bytes. */
  Q8_0(bytes, at, values, to) {
    const scale = f16Value(bytes, at);
    for (let i = 0; i < 32; i++) values[to + i] = scale * ((bytes[at + 2 + i]! << 24) >> 24);
  },
  /** f16 scale, 16 bytes: weight i in the low nibble of byte i, weight i + 16 in the high one; 8 stands for 0. */
  Q4_0(bytes, at, values, to) {
    const scale = f16Value(bytes, at);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[at + 2 + i]!;
      values[to + i] = scale * ((pair & 15) - 8);
      values[to + i + 16] = scale * ((pair >> 4) - 8);
    }
  },
  /** f16 scale, f16 minimum, nibbles as in Q4_0. */
  Q4_1(bytes, at, values, to) {
    const scale = f16Value(bytes, at);
    const minimum = f16Value(bytes, at + 2);
    for (let i = 0; i < 16; i++) {
      const pair = bytes[at + 4 + i]!;
      values[to + i] = scale * (pair & 15) + minimum;
      values[to + i + 16] = scale * (pair >> 4) + minimum;
    }
  },
  Q4_K: dequantiseQ4K,
  Q6_K: dequantiseQ6K,
};

/**
 * Finite f32 values in a stored type, to the bit what ggml's reference makes of them.
 * @throws RangeError where they are no whole blocks
 */
export function quantise(type: QuantisedType, values: Float32Array): Uint8Array<ArrayBuffer> {
  if (type === 'F16') return new Uint8Array(f32ToF16(values).buffer);
  const bytes = new Uint8Array(storedBytes(type, values.length));
  const headers = new DataView(bytes.buffer);
  const pack = PACK[type];
  for (let at = 0, from = 0; from < values.length; at += blockBytes(type), from += 32)
    pack(values.subarray(from, from + 32), headers, bytes, at);
  return bytes;
}

type Pack = (block: Float32Array, headers: DataView, bytes: Uint8Array, at: number) => void;

/** f16 bits of one value. */
const half = (value: number): number => f32ToF16(Float32Array.of(value))[0]!;

/** 1 / scale in f32; 0 where that is infinite, as for 0: as f16 such a scale is 0 too. */
function inverse(scale: number): number {
  const inverted = Math.fround(1 / scale);
  return Number.isFinite(inverted) ? inverted : 0;
}

const PACK: Readonly<Record<Exclude<QuantisedType, 'F16'>, Pack>> = {
  Q8_0(block, headers, bytes, at) {
    let largest = 0;
    for (const x of block) largest = Math.max(largest, Math.abs(x));
    const scale = Math.fround(largest / 127);
    const inverted = inverse(scale);
    headers.setUint16(at, half(scale), true);
    for (let i = 0; i < 32; i++) {
      // roundf: halves away from zero.
      const q = Math.fround(block[i]! * inverted);
      bytes[at + 2 + i] = Math.sign(q) * Math.floor(Math.abs(q) + 0.5);
    }
  },
  Q4_0(block, headers, bytes, at) {
    // The value of the largest magnitude, the first of equals, becomes -8.
    let extreme = 0;
    for (const x of block) if (Math.abs(x) > Math.abs(extreme)) extreme = x;
    const scale = Math.fround(extreme / -8);
    const inverted = inverse(scale);
    headers.setUint16(at, half(scale), true);
    const nibble = (x: number) => Math.min(15, Math.trunc(Math.fround(Math.fround(x * inverted) + 8.5)));
    for (let i = 0; i < 16; i++) bytes[at + 2 + i] = nibble(block[i]!) | (nibble(block[i + 16]!) << 4);
  },
  Q4_1(block, headers, bytes, at) {
    let [least, most] = [block[0]!, block[0]!];
    for (const x of block) {
      if (x < least) least = x;
      if (x > most) most = x;
    }
    const scale = Math.fround(Math.fround(most - least) / 15);
    const inverted = inverse(scale);
    headers.setUint16(at, half(scale), true);
    headers.setUint16(at + 2, half(least), true);
    const nibble = (x: number) => {
      const steps = Math.fround(Math.fround(x - least) * inverted);
      return Math.min(15, Math.trunc(Math.fround(steps + 0.5)));
    };
    for (let i = 0; i < 16; i++) bytes[at + 4 + i] = nibble(block[i]!) | (nibble(block[i + 16]!) << 4);
  },
};
