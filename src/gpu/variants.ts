/** @file Kernel variants by operation: which exist, and which a user forces instead of the fixed tables' choices. */
import { InputError } from '../formats/input_error.ts';

/** Names of the variants of each operation that has several. */
export type VariantNames = Readonly<Record<string, readonly string[]>>;

/** Operation to the variant that runs wherever it can take the shape; others follow the fixed tables. */
export type ForcedVariants = Readonly<Record<string, string>>;

/**
 * Reads "matmul=tiled,attention=register".
 * @param place where it was given, for errors
 * @throws InputError for an operation or variant that does not exist, and for one operation given twice
 */
export function parseVariants(text: string, known: VariantNames, place: string): ForcedVariants {
  const forced = new Map<string, string>();
  for (const part of text.split(',')) {
    const [operation, variant, ...rest] = part.split('=');
    if (variant === undefined || rest.length > 0)
      throw new InputError(place, `has ${part}.`, 'Give operation=variant, several with commas in between.');
    const variants = Object.hasOwn(known, operation!) ? known[operation!]! : undefined;
    if (!variants)
      throw new InputError(
        place,
        `names ${operation}, which has no variants.`,
        `Choose ${Object.keys(known).join(' or ')}.`,
      );
    if (!variants.includes(variant))
      throw new InputError(
        place,
        `asks for ${operation}=${variant}, which does not exist.`,
        `Choose ${variants.join(' or ')}.`,
      );
    if (forced.has(operation!))
      throw new InputError(place, `names ${operation} twice.`, 'Give each operation one variant.');
    forced.set(operation!, variant);
  }
  return Object.fromEntries(forced);
}
