/** @file Shaders as they are compiled: parts taken in, weights in another format, constants set. */
import { describe, expect, it } from 'vitest';
import { shadersFromDisk } from '../../src/cli/dawn.ts';
import { declaresConstant, shaderInterface, shaderSource } from '../../src/gpu/shader_library.ts';

const library = new Map([
  ['op/kernel', '// include parts/shared\n\nconst TWICE: u32 = 2u * SIZE;\n'],
  ['parts/shared', '// include parts/deeper\nconst SIZE: u32 = 4u;\n'],
  ['parts/deeper', 'struct Params {\n  rows: u32,\n}\n'],
  ['op/broken', '// include parts/missing\n'],
  ['op/prose', '// what lines like "// include parts/shared" do\n'],
]);

describe('a part', () => {
  it('is taken in by the line that names it, and so is what it takes in', () => {
    expect(shaderSource(library, 'op/kernel', {})).toBe(
      'struct Params {\n  rows: u32,\n}\n\nconst SIZE: u32 = 4u;\n\n\nconst TWICE: u32 = 2u * SIZE;\n',
    );
  });

  it('has constants that are set, and parameters that are read, like those of the shader itself', () => {
    const source = shaderSource(library, 'op/kernel', { SIZE: 8 });
    expect(source).toContain('const SIZE: u32 = 8u;');
    expect(declaresConstant(library, 'op/kernel', 'SIZE')).toBe(true);
    expect(declaresConstant(library, 'op/kernel', 'UNROLL')).toBe(false);
    expect(shaderInterface('op/kernel', source).params.map(({ name }) => name)).toEqual(['rows']);
  });

  it('that does not exist is an error that names it', () => {
    expect(() => shaderSource(library, 'op/broken', {})).toThrow(/parts\/missing/);
  });

  it('is not taken in by prose', () => {
    expect(shaderSource(library, 'op/prose', {})).toBe(library.get('op/prose'));
  });

  it('is taken in somewhere', () => {
    const shaders = shadersFromDisk();
    const texts = [...shaders.values()];
    const parts = [...shaders.keys()].filter((name) => name.startsWith('parts/'));
    expect(parts.length).toBeGreaterThan(0);
    for (const part of parts)
      expect(
        texts.some((text) => new RegExp(`^// include ${part}$`, 'm').test(text)),
        part,
      ).toBe(true);
  });
});

describe('weights', () => {
  it('are read in another format where a shader has any', () => {
    const shaders = shadersFromDisk();
    expect(shaderSource(shaders, 'matmul/nt_register@q8_0', {})).toContain(shaders.get('weights/q8_0'));
    expect(() => shaderSource(shaders, 'swiglu/swiglu@q8_0', {})).toThrow(/no weights/);
  });
});
