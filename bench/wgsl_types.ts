/** @file Sizes of WGSL types, and the types of expressions, as far as an estimate of registers needs them. */
import { evaluate } from './wgsl_expression.ts';

/** What a shader's module scope declares, read from its source with comments stripped. */
export interface ShaderModule {
  readonly constants: ReadonlyMap<string, number>;
  readonly structs: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Type that a name stands for, of `alias`. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Types of module-scope variables. */
  readonly variables: ReadonlyMap<string, string>;
  /** Return types of functions that return something. */
  readonly returns: ReadonlyMap<string, string>;
}

export function readModule(source: string): ShaderModule {
  const constants = new Map<string, number>();
  for (const [, name, value] of source.matchAll(/\bconst (\w+)(?:\s*:\s*\w+)?\s*=\s*([^;]+);/g)) {
    try {
      constants.set(name!, evaluate(value!, constants));
    } catch {
      // A switch or a fraction: no size of an array.
    }
  }
  const structs = new Map<string, ReadonlyMap<string, string>>();
  for (const [, name, body] of source.matchAll(/\bstruct (\w+)\s*\{([^}]*)\}/g)) {
    const fields = splitTop(body!)
      .map((field) => /(\w+)\s*:\s*([\s\S]+)/.exec(field))
      .filter((m) => m !== null);
    structs.set(name!, new Map(fields.map((m) => [m[1]!, m[2]!.trim()])));
  }
  const pairs = (pattern: RegExp) =>
    new Map([...source.matchAll(pattern)].map((m) => [m[1]!, m[2]!.trim()] as const));
  return {
    constants,
    structs,
    aliases: pairs(/\balias (\w+)\s*=\s*([^;]+);/g),
    variables: pairs(/\bvar<(?:storage|uniform|workgroup|private)[^>]*>\s*(\w+)\s*:\s*([^;=]+)/g),
    returns: pairs(/\bfn (\w+)\s*\([^)]*\)\s*->\s*([^{]+)\{/g),
  };
}

/** Parts of a list, split at commas that no bracket encloses. */
export function splitTop(list: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let i = 0; i < list.length; i++) {
    if ('<([{'.includes(list[i]!)) depth++;
    else if ('>)]}'.includes(list[i]!)) depth--;
    else if (list[i] === ',' && depth === 0) {
      parts.push(list.slice(from, i));
      from = i + 1;
    }
  }
  return [...parts, list.slice(from)].map((p) => p.trim()).filter((p) => p !== '');
}

/** Name and arguments of a type: vec4f and vec4<f32> are both ['vec4', ['f32']]. */
function parts(type: string, module: ShaderModule): [string, string[]] {
  const text = module.aliases.get(type.trim()) ?? type.trim();
  const short = /^(vec[234])([fuih])$/.exec(text);
  if (short)
    return [short[1]!, [{ f: 'f32', u: 'u32', i: 'i32', h: 'f16' }[short[2] as 'f' | 'u' | 'i' | 'h']]];
  const generic = /^(\w+)\s*<([\s\S]*)>$/.exec(text);
  return generic ? [generic[1]!, splitTop(generic[2]!)] : [text, []];
}

/** Bytes and alignment of a type in memory (WGSL, "Memory Layout"). @throws Error for a type without a size */
export function layout(type: string, module: ShaderModule): { size: number; align: number } {
  const [name, args] = parts(type, module);
  if (name === 'f32' || name === 'u32' || name === 'i32' || name === 'bool') return { size: 4, align: 4 };
  if (name === 'f16') return { size: 2, align: 2 };
  if (name === 'atomic') return layout(args[0]!, module);
  const vector = /^vec([234])$/.exec(name);
  if (vector) {
    const n = Number(vector[1]);
    const { size } = layout(args[0]!, module);
    return { size: n * size, align: (n === 3 ? 4 : n) * size };
  }
  if (name === 'array' && args[1] !== undefined) {
    const { size, align } = layout(args[0]!, module);
    return { size: Math.ceil(size / align) * align * evaluate(args[1], module.constants), align };
  }
  const struct = module.structs.get(name);
  if (!struct) throw new Error(`${type} has no size.`);
  let size = 0;
  let most = 4;
  for (const field of struct.values()) {
    const { size: bytes, align } = layout(field, module);
    size = Math.ceil(size / align) * align + bytes;
    most = Math.max(most, align);
  }
  return { size: Math.ceil(size / most) * most, align: most };
}

/** Registers of 32 bits that a value takes: its scalars, two f16 to one. */
export function words(type: string, module: ShaderModule): number {
  const [name, args] = parts(type, module);
  const vector = /^vec([234])$/.exec(name);
  if (vector) return Math.ceil((Number(vector[1]) * (args[0] === 'f16' ? 2 : 4)) / 4);
  if (name === 'array' && args[1] !== undefined)
    return words(args[0]!, module) * evaluate(args[1], module.constants);
  const struct = module.structs.get(name);
  return struct ? [...struct.values()].reduce((sum, field) => sum + words(field, module), 0) : 1;
}

const REDUCTIONS = new Set([
  'dot',
  'length',
  'any',
  'all',
  'arrayLength',
  'u32',
  'i32',
  'f32',
  'bool',
  'f16',
]);
const UNPACKED: Readonly<Record<string, string>> = {
  unpack2x16float: 'vec2<f32>',
  unpack4x8snorm: 'vec4<f32>',
};

/** Index just behind the bracket that closes the one at `open`. */
function closing(text: string, open: number): number {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if ('([<'.includes(text[i]!)) depth++;
    else if (')]>'.includes(text[i]!) && --depth === 0) return i + 1;
  }
  return text.length;
}

/** The widest type among the operands of an expression; f32 where none is known. */
export function typeOf(text: string, scope: ReadonlyMap<string, string>, module: ShaderModule): string {
  let widest = 'f32';
  let at = 0;
  while (at < text.length) {
    const name = /^[A-Za-z_]\w*/.exec(text.slice(at))?.[0];
    if (name === undefined) {
      at += /^[\d.]\w*/.exec(text.slice(at))?.[0].length ?? 1;
      continue;
    }
    at += name.length;
    let type: string | undefined = scope.get(name) ?? module.variables.get(name);
    if (/^(?:vec[234]|array|bitcast)$/.test(name) && text[at] === '<') {
      const end = closing(text, at);
      type = name === 'bitcast' ? text.slice(at + 1, end - 1) : name + text.slice(at, end);
      at = text[end] === '(' ? closing(text, end) : end;
    } else if (text[at] === '(') {
      const known =
        module.returns.get(name) ??
        UNPACKED[name] ??
        (REDUCTIONS.has(name) ? 'f32' : undefined) ??
        (module.structs.has(name) || module.aliases.has(name) || /^vec[234][fuih]$/.test(name)
          ? name
          : undefined);
      // Any other function works component by component: its arguments are looked at like operands.
      if (known === undefined) continue;
      type = known;
      at = closing(text, at);
    }
    for (;;) {
      if (text[at] === '[') {
        at = closing(text, at);
        const [outer, args] = type === undefined ? ['', []] : parts(type, module);
        type = outer === 'array' || outer.startsWith('vec') ? args[0] : undefined;
      } else if (text[at] === '.') {
        const member = /^\w+/.exec(text.slice(at + 1))?.[0] ?? '';
        at += 1 + member.length;
        const struct = type === undefined ? undefined : module.structs.get(parts(type, module)[0]);
        type = struct ? struct.get(member) : member.length === 1 ? 'f32' : `vec${member.length}<f32>`;
      } else break;
    }
    if (type !== undefined && words(type, module) > words(widest, module)) widest = type;
  }
  return widest;
}
