/** @file MT19937 (Matsumoto & Nishimura 1998) and what PyTorch draws from it: permutations and uniform numbers. */

export class MT19937 {
  readonly #state = new Uint32Array(624);
  #next = 624;

  constructor(seed: number) {
    this.#state[0] = seed >>> 0;
    for (let i = 1; i < 624; i++) {
      const previous = this.#state[i - 1]! ^ (this.#state[i - 1]! >>> 30);
      this.#state[i] = Math.imul(1812433253, previous) + i;
    }
  }

  /** The next 32 bits, as an unsigned integer. */
  next(): number {
    if (this.#next === 624) this.#twist();
    let y = this.#state[this.#next++]!;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  }

  /** Uniform in [0, 1) with 24 bits, as torch.rand draws f32 on the CPU. */
  uniform(): number {
    return (this.next() & 0xffffff) / 0x1000000;
  }

  #twist(): void {
    const s = this.#state;
    for (let k = 0; k < 624; k++) {
      const y = (s[k]! & 0x80000000) | (s[(k + 1) % 624]! & 0x7fffffff);
      s[k] = s[(k + 397) % 624]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    this.#next = 0;
  }
}

/** torch.randperm(n) on the CPU after manual_seed(seed): what accelerate's seedable sampler uses with seed + epoch. */
export function randomPermutation(n: number, seed: number): Uint32Array {
  const generator = new MT19937(seed);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < n - 1; i++) {
    const j = i + (generator.next() % (n - i));
    const kept = order[i]!;
    order[i] = order[j]!;
    order[j] = kept;
  }
  return order;
}
