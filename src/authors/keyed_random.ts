/** @file Random choices that depend on a key alone, so that no result depends on the order of the work. */
import { MT19937 } from '../train/mt19937.ts';

export interface KeyedRandom {
  /** A whole number from 0 to n - 1. */
  below(n: number): number;
  pick<T>(items: readonly T[]): T;
  /** A shuffled copy (Fisher and Yates). */
  shuffled<T>(items: readonly T[]): T[];
}

/** The generator of a key: MT19937 seeded with the key's 32-bit FNV-1a hash. */
export function keyedRandom(...key: readonly (string | number)[]): KeyedRandom {
  const generator = new MT19937(fnv1a(JSON.stringify(key)));
  const below = (n: number): number => {
    if (!(n >= 1)) throw new RangeError(`nothing to choose from: ${n}`);
    return Math.floor((generator.next() / 2 ** 32) * n);
  };
  return {
    below,
    pick(items) {
      return items[below(items.length)]!;
    },
    shuffled(items) {
      const copy = [...items];
      for (let i = copy.length - 1; i > 0; i--) {
        const j = below(i + 1);
        [copy[i], copy[j]] = [copy[j]!, copy[i]!];
      }
      return copy;
    },
  };
}

/** FNV-1a over the UTF-8 bytes of a text, 32 bits. */
export function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}
