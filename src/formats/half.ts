/** @file 16-bit floats to f32, exactly: every f16 and bf16 is an f32. Hosts are little-endian, as all that run WebGPU are. */

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

/** f32 values of f16 bits. */
export function f16ToF32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  f16Table ??= Uint32Array.from({ length: 65536 }, (_, half) => f16ToF32Bits(half));
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = f16Table[halves[i]!]!;
  return new Float32Array(bits.buffer);
}

/** f32 values of bf16 bits: bf16 is the upper half of an f32. */
export function bf16ToF32(halves: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i]! << 16;
  return new Float32Array(bits.buffer);
}
