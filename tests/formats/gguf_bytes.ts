/** @file GGUF files made by hand, right or wrong in one place. Format: ggml's docs/gguf.md. */

/** A value with its type, as metadata has them. */
export type TypedValue = readonly [
  'u8' | 'u32' | 'u64' | 'f32' | 'bool' | 'string' | 'strings' | 'floats',
  unknown,
];

export interface GgufParts {
  readonly magic?: string;
  readonly version?: number;
  readonly keys: readonly (readonly [string, TypedValue])[];
  readonly tensors: readonly {
    readonly name: string;
    /** Fastest dimension first. */
    readonly shape: readonly (number | bigint)[];
    readonly type: number;
    readonly offset: number | bigint;
  }[];
  readonly dataBytes: number;
}

class Writer {
  readonly bytes: number[] = [];
  u8 = (value: number) => this.bytes.push(value & 255);
  u32 = (value: number) => this.#view(4, (view) => view.setUint32(0, value, true));
  u64 = (value: number | bigint) => this.#view(8, (view) => view.setBigUint64(0, BigInt(value), true));
  f32 = (value: number) => this.#view(4, (view) => view.setFloat32(0, value, true));
  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.u64(bytes.length);
    this.bytes.push(...bytes);
  }
  #view(length: number, set: (view: DataView) => void): void {
    const view = new DataView(new ArrayBuffer(length));
    set(view);
    this.bytes.push(...new Uint8Array(view.buffer));
  }
}

const TYPES = { u8: 0, u32: 4, f32: 6, bool: 7, string: 8, strings: 9, floats: 9, u64: 10 } as const;

export function ggufFile({ magic = 'GGUF', version = 3, keys, tensors, dataBytes }: GgufParts): Uint8Array {
  const out = new Writer();
  out.bytes.push(...new TextEncoder().encode(magic));
  out.u32(version);
  out.u64(tensors.length);
  out.u64(keys.length);
  for (const [key, [type, value]] of keys) {
    out.string(key);
    out.u32(TYPES[type]);
    if (type === 'strings' || type === 'floats') {
      const list = value as readonly (string & number)[];
      out.u32(type === 'strings' ? TYPES.string : TYPES.f32);
      out.u64(list.length);
      for (const item of list) type === 'strings' ? out.string(item) : out.f32(item);
    } else if (type === 'string') out.string(value as string);
    else if (type === 'u64') out.u64(value as bigint);
    else if (type === 'f32') out.f32(value as number);
    else if (type === 'u32') out.u32(value as number);
    else out.u8(Number(value));
  }
  for (const { name, shape, type, offset } of tensors) {
    out.string(name);
    out.u32(shape.length);
    for (const size of shape) out.u64(size);
    out.u32(type);
    out.u64(offset);
  }
  const alignment = keys.find(([key]) => key === 'general.alignment')?.[1][1];
  const multiple = typeof alignment === 'number' && alignment > 0 ? alignment : 32;
  while (out.bytes.length % multiple !== 0) out.u8(0);
  return Uint8Array.from([...out.bytes, ...new Uint8Array(dataBytes)]);
}
