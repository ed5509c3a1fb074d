/**
 * @file ggml's K-quants, read only: superblocks of 256 weights whose sub-blocks have quantised scales of their own.
 * Layouts: block_q4_K, block_q6_K of ggml-common.h; formulas: dequantize_row_q4_K, dequantize_row_q6_K.
 */
import { f16Value } from './half.ts';

/**
 * Q4_K, 144 bytes: f16 scale of scales, f16 scale of minima, eight 6-bit scales and minima in 12 bytes, 256 nibbles.
 * Sub-blocks of 32: weight = scale * nibble - minimum; 32 bytes hold two sub-blocks, low nibbles and high ones.
 */
export function dequantiseQ4K(bytes: Uint8Array, at: number, values: Float32Array, to: number): void {
  const scaleOfScales = f16Value(bytes, at);
  const scaleOfMinima = f16Value(bytes, at + 2);
  const packed = at + 4;
  for (let sub = 0; sub < 8; sub++) {
    const [scale, minimum] = scaleAndMinimum(bytes, packed, sub);
    const d = scaleOfScales * scale;
    const m = scaleOfMinima * minimum;
    const quants = at + 16 + 32 * (sub >> 1);
    const shift = sub % 2 === 0 ? 0 : 4;
    for (let i = 0; i < 32; i++) values[to + 32 * sub + i] = d * ((bytes[quants + i]! >> shift) & 15) - m;
  }
}

/** Six bits each: those of sub-blocks 0 to 3 are whole, those of 4 to 7 have their upper two bits in the former. */
function scaleAndMinimum(bytes: Uint8Array, packed: number, sub: number): [scale: number, minimum: number] {
  if (sub < 4) return [bytes[packed + sub]! & 63, bytes[packed + 4 + sub]! & 63];
  const low = bytes[packed + 4 + sub]!;
  return [
    (low & 15) | ((bytes[packed + sub - 4]! >> 6) << 4),
    (low >> 4) | ((bytes[packed + sub]! >> 6) << 4),
  ];
}

/**
 * Q6_K, 210 bytes: 128 bytes of lower nibbles, 64 of upper bit pairs, sixteen signed 8-bit scales, f16 scale of scales.
 * Sub-blocks of 16: weight = scale * (quant - 32). Each half of 128 weights takes 64 bytes of nibbles, 32 of pairs.
 */
export function dequantiseQ6K(bytes: Uint8Array, at: number, values: Float32Array, to: number): void {
  const scaleOfScales = f16Value(bytes, at + 208);
  for (let i = 0; i < 256; i++) {
    const half = i >> 7;
    const quarter = (i >> 5) & 3;
    const lane = i & 31;
    const nibbles = bytes[at + 64 * half + 32 * (quarter & 1) + lane]!;
    const low = quarter < 2 ? nibbles & 15 : nibbles >> 4;
    const high = (bytes[at + 128 + 32 * half + lane]! >> (2 * quarter)) & 3;
    const scale = (bytes[at + 192 + (i >> 4)]! << 24) >> 24;
    values[to + i] = scaleOfScales * scale * ((low | (high << 4)) - 32);
  }
}
