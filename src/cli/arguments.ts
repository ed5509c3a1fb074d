/** @file Command-line arguments: each command declares its options; anything else is refused with the nearest name. */
import { parseArgs } from 'node:util';
import { InputError } from '../formats/input_error.ts';

export interface OptionSpec {
  readonly help: string;
  readonly required?: boolean;
  /** A switch without a value. */
  readonly flag?: boolean;
  readonly choices?: readonly string[];
  readonly default?: string;
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** Options every command takes. */
export const COMMON: OptionSpecs = {
  json: { flag: true, help: 'print one JSON document to stdout' },
  help: { flag: true, help: 'show the options of the command' },
};

export class Options {
  constructor(private readonly values: ReadonlyMap<string, string | true>) {}

  /** Value of an option that is required or has a default. */
  get(name: string): string {
    const value = this.values.get(name);
    if (typeof value !== 'string') throw new Error(`Option --${name} has no value.`);
    return value;
  }

  maybe(name: string): string | undefined {
    const value = this.values.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  flag(name: string): boolean {
    return this.values.get(name) === true;
  }

  /** A whole number of at least `least`. */
  integer(name: string, least: number): number {
    const value = Number(this.get(name));
    if (!Number.isInteger(value) || value < least)
      throw new InputError(`--${name}`, `is ${this.get(name)}.`, `Give a whole number of at least ${least}.`);
    return value;
  }

  /** A finite number. */
  number(name: string): number {
    const value = Number(this.get(name));
    if (!Number.isFinite(value)) throw new InputError(`--${name}`, `is ${this.get(name)}.`, 'Give a number.');
    return value;
  }
}

/** @throws InputError for an unknown option, a missing one, or a value that is not among its choices */
export function parseOptions(args: readonly string[], specs: OptionSpecs): Options {
  const all = { ...specs, ...COMMON };
  const { tokens } = parseArgs({
    args: [...args],
    options: Object.fromEntries(
      Object.entries(all).map(([name, s]) => [
        name,
        { type: s.flag ? ('boolean' as const) : ('string' as const) },
      ]),
    ),
    strict: false,
    tokens: true,
  });
  const values = new Map<string, string | true>();
  for (const token of tokens) {
    if (token.kind === 'positional')
      throw new InputError(
        'command line',
        `does not know what to do with "${token.value}".`,
        'Options start with --; see --help.',
      );
    if (token.kind !== 'option') continue;
    const spec = all[token.name];
    if (!spec)
      throw new InputError(
        `--${token.name}`,
        'is no option of this command.',
        `It takes ${Object.keys(all)
          .map((n) => `--${n}`)
          .join(', ')}.`,
      );
    if (spec.flag) values.set(token.name, true);
    else if (token.value === undefined || token.value === '')
      throw new InputError(`--${token.name}`, 'needs a value.', spec.help);
    else values.set(token.name, token.value);
  }
  if (values.has('help')) return new Options(values);
  for (const [name, spec] of Object.entries(all)) {
    if (!values.has(name) && spec.default !== undefined) values.set(name, spec.default);
    const value = values.get(name);
    if (spec.required && value === undefined)
      throw new InputError(`--${name}`, 'is missing.', `Give --${name}: ${spec.help}.`);
    if (typeof value === 'string' && spec.choices && !spec.choices.includes(value))
      throw new InputError(`--${name}`, `is ${value}.`, `Choose ${spec.choices.join(' or ')}.`);
  }
  return new Options(values);
}
