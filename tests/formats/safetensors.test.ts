/** @file Safetensors against files that Python wrote, and against files no one should have written. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/formats/input_error.ts';
import { openSafetensors, writeSafetensors } from '../../src/formats/safetensors.ts';
import { MemorySource, utf8 } from './memory_source.ts';

const fixture = (name: string) => new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
const mixed = fixture('mixed.safetensors');
const bits = (data: Float32Array) => [...new Int32Array(data.buffer)];

/** A file with this header and this many bytes of data. */
function file(header: unknown, dataBytes: number): Uint8Array {
  const json = utf8(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}
const open = (bytes: Uint8Array) => openSafetensors(new MemorySource({ 'model.safetensors': bytes }));
const f32 = (shape: number[], begin: number, end: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [begin, end],
});

describe('reading what Python wrote', () => {
  it('converts F16, BF16 and F32 to the bit, subnormals and infinities too', async () => {
    const expected = JSON.parse(new TextDecoder().decode(fixture('mixed_bits.json'))) as Record<
      string,
      number[]
    >;
    const index = await open(mixed);
    expect(index.names()).toEqual(['brain', 'empty', 'half', 'ids', 'scalar', 'single']);
    for (const [name, want] of Object.entries(expected))
      expect(bits(await index.readF32(name)), name).toEqual(want);
    expect((await index.readF32('empty')).length).toBe(0);
    expect(index.info('single').shape).toEqual([3, 5]);
    await expect(index.readF32('ids')).rejects.toThrow(/ids is I64/);
    await expect(index.readF32('nothing')).rejects.toThrow(InputError);
  });

  it('reads rows, and no more bytes than they have', async () => {
    const source = new MemorySource({ 'model.safetensors': mixed });
    const index = await openSafetensors(source);
    const all = await index.readF32('single');
    source.bytesRead = 0;
    expect([...(await index.readF32('single', 1, 2))]).toEqual([...all.subarray(5, 15)]);
    expect(source.bytesRead).toBe(40);
    await expect(index.readF32('single', 2, 2)).rejects.toThrow(RangeError);
  });

  it('writes the bytes that Python writes', async () => {
    const bytes = fixture('plain.safetensors');
    const index = await open(bytes);
    const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
    for (const name of index.names().reverse())
      tensors.set(name, { shape: index.info(name).shape, data: await index.readF32(name) });
    expect(Buffer.from(writeSafetensors(tensors)).equals(Buffer.from(bytes))).toBe(true);
  });
});

describe('shards', () => {
  const one = (name: string) =>
    writeSafetensors(new Map([[name, { shape: [2], data: new Float32Array([1, 2]) }]]));
  const shards = (map: Record<string, unknown>) =>
    openSafetensors(
      new MemorySource({
        'a.safetensors': one('x'),
        'b.safetensors': one('y'),
        'model.safetensors.index.json': utf8(JSON.stringify({ metadata: {}, weight_map: map })),
      }),
    );
  it('finds every tensor in its file', async () => {
    const index = await shards({ x: 'a.safetensors', y: 'b.safetensors' });
    expect([...(await index.readF32('y'))]).toEqual([1, 2]);
    expect(index.info('y').file).toBe('b.safetensors');
  });
  it.each([
    [{ x: 'b.safetensors' }, /does not hold it/],
    [{ x: 'c.safetensors' }, /c\.safetensors, which is missing/],
    [{ x: '../a.safetensors' }, /no safetensors file name/],
    [{ x: 3 }, /no safetensors file name/],
  ])('refuses %j', async (map, message) => {
    await expect(shards(map)).rejects.toThrow(message);
  });
});

describe('broken headers', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['too short', new Uint8Array(7), /7 bytes/],
    ['header beyond the file', new Uint8Array(8).fill(255), /claims a header/],
    ['not JSON', file('{"a":', 0), /not valid JSON/],
    ['not an object', file([], 0), /not an object/],
    [
      'not UTF-8',
      (() => {
        const b = file('{"a":1}', 0);
        b[10] = 0xff;
        return b;
      })(),
      /UTF-8/,
    ],
    [
      'unknown type',
      file({ a: { dtype: 'X8', shape: [], data_offsets: [0, 0] } }, 0),
      /"a" has the unknown type/,
    ],
    ['negative size', file({ a: f32([-1], 0, 4) }, 4), /no valid shape/],
    ['product overflows', file({ a: f32([2 ** 40, 2 ** 40], 0, 4) }, 4), /takes 4\.8\d+e\+24 bytes/],
    ['span is not the shape', file({ a: f32([2], 0, 4) }, 4), /takes 8 bytes, but its data_offsets span 4/],
    ['ends before it begins', file({ a: f32([1], 4, 0) }, 4), /ends before it begins/],
    ['beyond the file', file({ a: f32([2], 0, 8) }, 4), /but the file has/],
    ['overlap', file({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12), /"b" overlaps/],
    ['hole', file({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12), /hole of 4 bytes before tensor "b"/],
    ['trailing bytes', file({ a: f32([1], 0, 4) }, 6), /2 bytes after/],
    [
      'duplicate',
      file(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"\\u0061":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
        4,
      ),
      /"a" twice/,
    ],
  ])('%s', async (_, bytes, message) => {
    const error = await open(bytes).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(message);
    expect((error as InputError).place).toContain('model.safetensors');
  });

  it('any mutation of a file is read or refused, and never read beyond its size', async () => {
    const accepted = { count: 0 };
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(mixed.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat(mixed.length), { nil: undefined }),
        async (edits, cut) => {
          const bytes = mixed.slice(0, cut);
          for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
          const source = new MemorySource({ 'model.safetensors': bytes });
          try {
            const index = await openSafetensors(source);
            for (const name of index.names())
              if (['F32', 'F16', 'BF16'].includes(index.info(name).dtype)) await index.readF32(name);
            accepted.count++;
          } catch (error) {
            if (!(error instanceof InputError)) throw error;
          }
          expect(source.bytesRead).toBeLessThanOrEqual(bytes.length);
        },
      ),
      { numRuns: 3000 },
    );
    expect(accepted.count).toBeGreaterThan(0);
  });

  it('any JSON as a header is read or refused', async () => {
    const entry = fc.record({
      dtype: fc.constantFrom('F32', 'F16', 'I8', 'x'),
      shape: fc.array(fc.integer({ min: -1, max: 9 }), { maxLength: 3 }),
      data_offsets: fc.array(fc.integer({ min: -1, max: 40 }), { maxLength: 3 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.string(), fc.oneof(entry, fc.jsonValue())),
        fc.nat(40),
        async (header, data) => {
          const result = await open(file(header, data)).catch((error: unknown) => error);
          if (result instanceof Error) expect(result).toBeInstanceOf(InputError);
        },
      ),
      { numRuns: 2000 },
    );
  });
});

it('what is written is read, with any names, in any order of insertion', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(
        fc.tuple(
          fc.string().filter((name) => name !== '__metadata__'),
          fc.array(fc.float({ noNaN: true }), { maxLength: 5 }),
        ),
        { selector: ([name]) => name, maxLength: 6 },
      ),
      async (entries) => {
        const make = (list: typeof entries) =>
          writeSafetensors(
            new Map(list.map(([name, d]) => [name, { shape: [d.length], data: Float32Array.from(d) }])),
          );
        const bytes = make(entries);
        expect(make([...entries].reverse())).toEqual(bytes);
        expect(Number(new DataView(bytes.buffer).getBigUint64(0, true)) % 8).toBe(0);
        const index = await open(bytes);
        for (const [name, data] of entries)
          expect(await index.readF32(name)).toEqual(Float32Array.from(data));
      },
    ),
    { numRuns: 300 },
  );
});
