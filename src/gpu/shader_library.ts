/** @file WGSL text by name, its constants set for a shape, and what its source declares: bindings and Params. */

/** Name ("matmul/nt_register") to WGSL text. The hosts fill it from shaders/: node:fs in the terminal, Vite in the page. */
export type ShaderLibrary = ReadonlyMap<string, string>;

/**
 * Values for module constants of a shader: `const NAME: T = default;` is rewritten to the given value. A text is WGSL and
 * takes the place of what `alias NAME = default;` or `const NAME = default;` say.
 */
export type ShaderConstants = Readonly<Record<string, number | boolean | string>>;

export interface BindingDeclaration {
  readonly binding: number;
  readonly name: string;
  readonly type: GPUBufferBindingType;
}

export type ParamType = 'u32' | 'f32' | 'vec4<u32>';

/** A field of a shader's `struct Params`, with its byte offset under WGSL's uniform layout. */
export interface ParamField {
  readonly name: string;
  readonly type: ParamType;
  readonly offset: number;
}

/** What the host needs to know of a shader; read from its source so that the two cannot drift apart. */
export interface ShaderInterface {
  readonly bindings: readonly BindingDeclaration[];
  readonly params: readonly ParamField[];
  readonly paramBytes: number;
}

/** A line that takes in another text: what kernels share (WGSL itself has no means for that). */
const INCLUDE = /^\/\/ include (parts\/\w+)$/gm;

/** The lines of a shader that say how frozen weights are stored. */
const WEIGHTS = /^\/\/ weights: f32\.[\s\S]*?^\/\/ end of weights$/m;

/** The text of a file, with the parts that it takes in. */
function shaderText(library: ShaderLibrary, name: string): string {
  const text = library.get(name);
  if (text === undefined)
    throw new Error(`There is no shader ${name}; known are ${[...library.keys()].join(', ')}.`);
  return text.replace(INCLUDE, (_, part: string) => shaderText(library, part));
}

/** Whether shader `name` has a module constant of this name. */
export function declaresConstant(library: ShaderLibrary, name: string, constant: string): boolean {
  return new RegExp(`const ${constant}\\s*:`).test(shaderText(library, name.split('@')[0]!));
}

/**
 * The text of shader `name` with its constants set. Every constant must exist in the source. `name@format` is the shader
 * with its f32 weights replaced by those of shaders/weights/<format>.wgsl.
 */
export function shaderSource(library: ShaderLibrary, name: string, constants: ShaderConstants): string {
  const [file, format] = name.split('@');
  let source = shaderText(library, file!);
  if (format !== undefined) {
    if (!WEIGHTS.test(source)) throw new Error(`Shader ${file} has no weights to be read as ${format}.`);
    const weights = shaderText(library, `weights/${format}`);
    source = source.replace(WEIGHTS, () => weights);
  }
  for (const [constant, value] of Object.entries(constants)) {
    if (typeof value === 'string') {
      const untyped = new RegExp(`((?:alias|const) ${constant}\\s*=)[^;]+;`);
      if (!untyped.test(source)) throw new Error(`Shader ${name} has no alias ${constant}.`);
      source = source.replace(untyped, (_, start: string) => `${start} ${value};`);
      continue;
    }
    const declaration = new RegExp(`const ${constant}\\s*:\\s*(u32|f32|bool)\\s*=\\s*[^;]+;`);
    const match = declaration.exec(source);
    if (!match) throw new Error(`Shader ${name} has no constant ${constant}.`);
    const literal = match[1] === 'u32' ? `${value}u` : match[1] === 'f32' ? `f32(${value})` : String(value);
    source = source.replace(declaration, `const ${constant}: ${match[1]} = ${literal};`);
  }
  return source;
}

/** Reads bindings and Params out of WGSL source. Only group 0, storage and uniform buffers are used in this project. */
export function shaderInterface(name: string, source: string): ShaderInterface {
  const bindings: BindingDeclaration[] = [];
  for (const m of source.matchAll(
    /@group\(0\)\s*@binding\((\d+)\)\s*var<(storage|uniform)(?:,\s*(read|read_write))?>\s*(\w+)\s*:/g,
  )) {
    const type = m[2] === 'uniform' ? 'uniform' : m[3] === 'read_write' ? 'storage' : 'read-only-storage';
    bindings.push({ binding: Number(m[1]), name: m[4]!, type });
  }
  const params: ParamField[] = [];
  let offset = 0;
  const struct = /struct Params\s*\{([^}]*)\}/.exec(source);
  for (const m of (struct?.[1] ?? '').replace(/\/\/.*$/gm, '').matchAll(/(\w+)\s*:\s*([\w<>]+)\s*,/g)) {
    const type = m[2] as ParamType;
    if (type !== 'u32' && type !== 'f32' && type !== 'vec4<u32>')
      throw new Error(
        `Shader ${name}: Params.${m[1]} has type ${m[2]}; only u32, f32 and vec4<u32> are laid out here.`,
      );
    const size = type === 'vec4<u32>' ? 16 : 4;
    offset = Math.ceil(offset / size) * size;
    params.push({ name: m[1]!, type, offset });
    offset += size;
  }
  return { bindings, params, paramBytes: Math.ceil(offset / 16) * 16 };
}

/** Values of Params by field name; a vec4 takes four numbers. */
export type ParamValues = Readonly<Record<string, number | readonly [number, number, number, number]>>;

/** Writes Params into `view` from byte `at`. Every field must be given, and nothing else. */
export function writeParams(
  name: string,
  shader: ShaderInterface,
  values: ParamValues,
  view: DataView,
  at: number,
): void {
  for (const key of Object.keys(values))
    if (!shader.params.some((p) => p.name === key))
      throw new Error(`Shader ${name} has no parameter ${key}.`);
  for (const field of shader.params) {
    const value = values[field.name];
    if (value === undefined) throw new Error(`Shader ${name}: parameter ${field.name} is not given.`);
    const numbers = typeof value === 'number' ? [value] : value;
    numbers.forEach((n, i) => {
      if (field.type === 'f32') view.setFloat32(at + field.offset + 4 * i, n, true);
      else view.setUint32(at + field.offset + 4 * i, n, true);
    });
  }
}
