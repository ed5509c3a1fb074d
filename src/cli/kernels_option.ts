/** @file --kernels: variants that run instead of the fixed tables' choices; every command that uses a GPU takes it. */
import { type ForcedVariants, parseVariants } from '../gpu/variants.ts';
import { KERNEL_VARIANTS } from '../ops/kernel_variants.ts';
import type { OptionSpecs, Options } from './arguments.ts';

export const KERNELS_OPTION: OptionSpecs = {
  kernels: {
    help: `variants to run wherever they fit, as operation=variant, several with commas in between (${Object.entries(
      KERNEL_VARIANTS,
    )
      .map(([operation, variants]) => `${operation}: ${variants.join(', ')}`)
      .join('; ')}; default: by adapter class and shape)`,
  },
};

/** The variants of KERNELS_OPTION. @throws InputError for one that does not exist */
export function forcedVariants(options: Options): ForcedVariants {
  const given = options.maybe('kernels');
  return given === undefined ? {} : parseVariants(given, KERNEL_VARIANTS, '--kernels');
}
