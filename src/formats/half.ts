/**
 * @file 16-bit floats to f32, exactly (every f16 and bf16 is an f32), and f32 to f16. Hosts are little-endian, as all
 * that run WebGPU are.
 */

let f16Table: Uint32Array | null = null;

/** f32 bits of the f16 with these bits: subnormals become normal, infinities and NaN payloads are kept. */
export function f16ToF32Bits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (fraction << 13)) >>> 0;
  if (exponent !== 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0;
  if (fraction === 0) return sign >>> 0;
  // Subnormal: fraction * 2^-24 with its leading one at bit `top` has the f32 exponent top - 24.
  const top = 31 - Math.clz32(fraction);
  return (sign | ((top + 103) << 23) | ((fraction << (23 - top)) & 0x7fffff)) >>> 0;
}

/** All f16 as f32 bits: bits, since a value that passes through a number may lose its NaN payload. */
function table(): Uint32Array {
  f16Table ??= Uint32Array.from({ length: 65536 }, (_, half) => f16ToF32Bits(half));
  return f16Table;
}

/** f32 values of f16 bits. */
export function f16ToF32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const f32Bits = table();
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = f32Bits[halves[i]!]!;
  return new Float32Array(bits.buffer);
}

let f16Values: Float32Array | null = null;

/** The little-endian f16 at a byte offset. */
export function f16Value(bytes: Uint8Array, at: number): number {
  f16Values ??= new Float32Array(table().buffer);
  return f16Values[bytes[at]! | (bytes[at + 1]! << 8)]!;
}

/** f16 bits of f32 values, rounded to nearest, halves to even; beyond 65504 infinite, NaN quiet with its upper payload. */
export function f32ToF16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) halves[i] = f32ToF16Bits(bits[i]!);
  return halves;
}

function f32ToF16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >> 13) & 0x3ff);
  // 65520 lies amid the largest f16 and the next power of two, and rounds up.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  if (magnitude >= 0x38800000) {
    // Rebiased by 112; a carry out of the fraction raises the exponent, as it should.
    const rebiased = magnitude - 0x38000000;
    return sign | ((rebiased + 0xfff + ((rebiased >> 13) & 1)) >> 13);
  }
  // Subnormal in f16: units of 2^-24. Below 2^-25 inclusive everything rounds to 0.
  if (magnitude <= 0x33000000) return sign;
  const shift = 126 - (magnitude >> 23);
  const fraction = (magnitude & 0x7fffff) | 0x800000;
  const down = fraction >> shift;
  const rest = fraction & ((1 << shift) - 1);
  const tie = 1 << (shift - 1);
  return sign | (down + (rest > tie || (rest === tie && (down & 1) === 1) ? 1 : 0));
}

/** f32 values of bf16 bits: bf16 is the upper half of an f32. */
export function bf16ToF32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}
