/**
 * @file What a shader takes of a GPU's shared memory and registers, read from its source. Shared memory is exact.
 * Registers are an estimate: the most 32-bit words of variables and named values that are in scope at once. Compilers
 * need some more for what has no name, and fewer where a value is used up before its scope ends.
 */
import type { ShaderConstants, ShaderLibrary } from '../src/gpu/shader_library.ts';
import { shaderSource } from '../src/gpu/shader_library.ts';
import { layout, readModule, type ShaderModule, splitTop, typeOf, words } from './wgsl_types.ts';

export interface ShaderResources {
  /** Bytes of shared memory per workgroup. */
  readonly sharedBytes: number;
  /** 32-bit registers per invocation, estimated. */
  readonly registers: number;
  /** Invocations per workgroup. */
  readonly invocations: number;
}

/** Resources of shader `name` with its constants set. */
export function shaderResources(
  library: ShaderLibrary,
  name: string,
  constants: ShaderConstants,
): ShaderResources {
  const source = shaderSource(library, name, constants).replace(/\/\/.*$/gm, '');
  const module = readModule(source);
  let sharedBytes = 0;
  for (const [, type] of source.matchAll(/\bvar<workgroup>\s*\w+\s*:\s*([^;]+);/g))
    sharedBytes += layout(type!.trim(), module).size;
  const size = /@workgroup_size\(([^)]*)\)/.exec(source)?.[1] ?? '1';
  const counts = splitTop(size).map((n) => module.constants.get(n) ?? Number.parseInt(n, 10));
  return {
    sharedBytes,
    registers: registersOf(source, module),
    invocations: counts.reduce((a, b) => a * b, 1),
  };
}

interface FunctionText {
  readonly parameters: ReadonlyMap<string, string>;
  readonly body: string;
}

function functions(source: string): Map<string, FunctionText> {
  const found = new Map<string, FunctionText>();
  for (const m of source.matchAll(/\bfn (\w+)\s*\(/g)) {
    const open = source.indexOf('{', m.index);
    let depth = 0;
    let end = open;
    do {
      if (source[end] === '{') depth++;
      if (source[end] === '}') depth--;
      end++;
    } while (depth > 0);
    const list = source.slice(m.index + m[0].length, source.lastIndexOf(')', open));
    const parameters = splitTop(list.replace(/@\w+(?:\([^)]*\))?/g, '')).map((p) => {
      const colon = p.indexOf(':');
      return [p.slice(0, colon).trim(), p.slice(colon + 1).trim()] as const;
    });
    found.set(m[1]!, { parameters: new Map(parameters), body: source.slice(open, end) });
  }
  return found;
}

function registersOf(source: string, module: ShaderModule): number {
  const all = functions(source);
  const own = new Map<string, number>();
  const most = (name: string): number => {
    const known = own.get(name);
    if (known !== undefined) return known;
    const { parameters, body } = all.get(name)!;
    const scopes: Map<string, string>[] = [new Map(parameters)];
    let live = [...parameters.values()].reduce((sum, type) => sum + words(type, module), 0);
    let peak = live;
    // Declarations, calls and the ends of scopes, in the order of the text.
    const events = /[{}]|\b(?:var|let)\s+(\w+)\s*(?::\s*([^=;]+))?(?:=\s*([^;]+))?;|\b(\w+)\(/g;
    for (let m = events.exec(body); m; m = events.exec(body)) {
      const [text, variable, type, value, called] = m;
      if (text === '{') scopes.push(new Map());
      else if (text === '}') {
        for (const ended of scopes.pop()!.values()) live -= words(ended, module);
      } else if (variable !== undefined) {
        const visible = new Map(scopes.flatMap((scope) => [...scope]));
        const declared = type?.trim() ?? typeOf(value!, visible, module);
        // Counters of loops one after the other have one name, and one place.
        const scope = scopes.at(-1)!;
        if (!scope.has(variable)) live += words(declared, module);
        scope.set(variable, declared);
        for (const [, inner] of (value ?? '').matchAll(/\b(\w+)\(/g))
          if (all.has(inner!)) peak = Math.max(peak, live + most(inner!));
      } else if (all.has(called!)) peak = Math.max(peak, live + most(called!));
      peak = Math.max(peak, live);
    }
    own.set(name, peak);
    return peak;
  };
  const held = [...source.matchAll(/\bvar<private>\s*\w+\s*:\s*([^;=]+)/g)];
  return most('main') + held.reduce((sum, m) => sum + words(m[1]!.trim(), module), 0);
}
