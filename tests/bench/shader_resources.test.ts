/** @file What is read out of WGSL for the model of GPUs: shared memory to the byte, registers as counted by hand. */
import { describe, expect, it } from 'vitest';
import { shaderResources } from '../../bench/shader_resources.ts';
import { evaluate } from '../../bench/wgsl_expression.ts';
import { shadersFromDisk } from '../../src/cli/dawn.ts';
import { ntTile } from '../../src/ops/matmul_variants.ts';

/** Resources of a shader of its own. */
const resources = (source: string, constants = {}) =>
  shaderResources(new Map([['test', source]]), 'test', constants);

describe('shared memory', () => {
  it('follows the alignment of types and the values of constants', () => {
    const source = `
      const ROWS: u32 = 4u;
      const WIDTH: u32 = 2u * (ROWS + 1u); // 10, or 2 (ROWS + 1)
      alias Tile = array<vec4<f32>, WIDTH>;
      struct Pair { a: vec3<f32>, b: f32, c: f32, }
      var<workgroup> tiles: array<Tile, ROWS>;
      var<workgroup> pairs: array<Pair, 3>;
      var<workgroup> narrow: array<vec3<f32>, 2u>;
      var<workgroup> halves: array<vec2<f16>, 8>;
      var<private> kept: vec4f;
      @compute @workgroup_size(8, ROWS)
      fn main() { }`;
    // A Pair is 16 + 4 bytes, rounded up to 32; a vec3 takes 16 in an array.
    const rest = 3 * 32 + 2 * 16 + 8 * 4;
    expect(resources(source)).toEqual({ sharedBytes: 4 * 160 + rest, registers: 4, invocations: 32 });
    expect(resources(source, { ROWS: 1 })).toEqual({ sharedBytes: 64 + rest, registers: 4, invocations: 8 });
  });

  it('is that of tiles with their padding in the tiled products, which WebGPU grants everywhere', () => {
    const shared = (shader: string, constants = {}) => shaderResources(shadersFromDisk(), shader, constants);
    // In lines of 64, 128 or 32 f32 and a padding of two vec4s, or of one.
    const nt = shared('matmul/nt_tiled');
    expect([nt.sharedBytes, nt.invocations]).toEqual([4 * 16 * (64 + 8 + 128 + 8), 256]);
    const nn = shared('matmul/nn_tiled@q4_0');
    expect([nn.sharedBytes, nn.invocations]).toEqual([4 * 16 * (64 + 8 + 128), 256]);
    const narrow = shared('matmul/nt_tiled', ntTile('narrow', 512, 32).constants);
    expect([narrow.sharedBytes, narrow.invocations]).toEqual([4 * 32 * (32 + 4 + 32 + 4), 32]);
    const large = [shared('matmul/nt_large'), shared('matmul/nn_large')];
    // Without a padding: all that there is.
    for (const { sharedBytes, invocations } of large)
      expect([sharedBytes, invocations]).toEqual([4 * 16 * (128 + 128), 256]);
    for (const { sharedBytes } of [nt, nn, narrow, ...large]) expect(sharedBytes).toBeLessThanOrEqual(16384);
  });
});

describe('registers', () => {
  it('are those of values in scope at once, with what a called function needs', () => {
    const source = `
      const N: u32 = 3u;
      struct Place { at: vec2<u32>, column: u32, }
      @group(0) @binding(0) var<storage, read> x: array<vec4<f32>>;
      fn pair(a: vec4<f32>, b: vec4<f32>) -> vec2<f32> {
        let c = a * b; // 4 + 4 + 4
        return c.xy;
      }
      fn place_of(i: u32) -> Place { return Place(vec2<u32>(i, i), i); }
      @compute @workgroup_size(64)
      fn main(@builtin(workgroup_id) wid: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
        var sums: array<vec4<f32>, N>; // 4 + 12
        let place = place_of(lane); // + 3 = 19
        {
          let row = x[place.column]; // + 4
          let part = row.yz; // + 2
          let one = dot(row, row); // + 1 = 26
          sums[0] = row * one;
        }
        for (var i = 0u; i < N; i++) { // + 1 = 20
          let both = pair(x[i], sums[i]); // + 2, and 12 while it is called
        }
      }`;
    expect(resources(source).registers).toBe(19 + 1 + 2 + 12);
  });

  it('grow with the dimensions of a head that a kernel keeps', () => {
    const of = (dim: number) =>
      shaderResources(shadersFromDisk(), 'decode/attention', {
        HEAD_DIM: dim,
        CHUNKS: dim / 4,
        UNROLL: true,
      });
    // Query and sum.
    expect(of(128).registers - of(64).registers).toBe(2 * 64);
  });
});

describe('every shader', () => {
  const library = shadersFromDisk();
  const shaders = [...library.keys()].filter((name) => !/^(weights|parts)\//.test(name));
  it.each(shaders)('%s stays within what WebGPU grants everywhere', (name) => {
    const { sharedBytes, invocations, registers } = shaderResources(library, name, {});
    expect(sharedBytes).toBeLessThanOrEqual(16384);
    expect(invocations).toBeGreaterThan(1);
    expect(invocations).toBeLessThanOrEqual(256);
    expect(registers).toBeGreaterThan(0);
  });
});

describe('expressions', () => {
  it.each([
    ['2u * (A + 1u) - 3', 9],
    ['7u / 2u % 2u', 1],
    ['0x10u', 16],
    ['10 - 2 - 3', 5],
    ['u32(A) / 4u', 1],
  ])('%s is %i', (text, value) => {
    expect(evaluate(text, new Map([['A', 5]]))).toBe(value);
  });

  it.each(['B', '2 *', '(1', '1 1', '1.5', ''])('"%s" is refused', (text) => {
    expect(() => evaluate(text, new Map())).toThrow(/is no expression/);
  });
});
