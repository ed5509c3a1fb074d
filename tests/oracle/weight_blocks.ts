/** @file Stored weights in ggml's blocks, random ones, and what they mean: read plainly from the definition of each format. */
import type { WeightFormat } from '../../src/ops/weight_matrix.ts';
import type { Random } from './random.ts';

/** Value of an IEEE half. */
export function halfValue(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
}

/** Bytes of a block of 32 weights. */
export const BLOCK_BYTES = { q8_0: 34, q4_0: 18, q4_1: 20 } as const;

/** Bits of a half of 2^exponent to 2^(exponent + 1) in size. */
function randomHalf(random: Random, negative: boolean, exponent: number): number {
  return (negative ? 0x8000 : 0) | ((exponent + 15) << 10) | random.integer(0, 1023);
}

/** Scales that make weights about 0.1 in size, as those of a model are: quants are uniform over their bits. */
const EXPONENT = { q8_0: -10, q4_0: -6, q4_1: -6 } as const;

/** `count` stored weights (whole blocks). */
export function randomStored(format: WeightFormat, count: number, random: Random): Uint8Array<ArrayBuffer> {
  if (format === 'f32') return new Uint8Array(new Float32Array(random.normals(count, 0.1)).buffer);
  const sign = () => random.uniform() < 0.5;
  if (format === 'f16') {
    const halves = Uint16Array.from({ length: count }, () =>
      randomHalf(random, sign(), random.integer(-7, -3)),
    );
    return new Uint8Array(halves.buffer);
  }
  const bytes = new Uint8Array((count / 32) * BLOCK_BYTES[format]);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES[format]) {
    for (let i = 0; i < BLOCK_BYTES[format]; i++) bytes[at + i] = random.integer(0, 255);
    const negative = sign();
    view.setUint16(at, randomHalf(random, negative, EXPONENT[format]), true);
    // The minimum lies as far to the other side as the middle quant reaches.
    if (format === 'q4_1') view.setUint16(at + 2, randomHalf(random, !negative, EXPONENT[format] + 3), true);
  }
  return bytes;
}

/** The weights that stored bytes mean. */
export function storedValues(format: WeightFormat, bytes: Uint8Array<ArrayBuffer>): Float64Array {
  const view = new DataView(bytes.buffer);
  if (format === 'f32')
    return Float64Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  if (format === 'f16')
    return Float64Array.from({ length: bytes.length / 2 }, (_, i) => halfValue(view.getUint16(2 * i, true)));
  const values: number[] = [];
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES[format]) {
    const d = halfValue(view.getUint16(at, true));
    for (let j = 0; j < 32; j++) {
      if (format === 'q8_0') values.push(d * view.getInt8(at + 2 + j));
      else {
        const quants = at + (format === 'q4_0' ? 2 : 4);
        const nibble = j < 16 ? bytes[quants + j]! & 15 : bytes[quants + j - 16]! >> 4;
        values.push(
          format === 'q4_0' ? d * (nibble - 8) : d * nibble + halfValue(view.getUint16(at + 2, true)),
        );
      }
    }
  }
  return Float64Array.from(values);
}
