/** @file torch.randperm on the CPU: MT19937 (Matsumoto & Nishimura 1998) and a Fisher-Yates shuffle from the front. */

/** Tempered 32-bit outputs of the generator seeded by init_genrand(seed). */
export function* mt19937(seed: number): Generator<number, never> {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let i = 1; i < 624; i++) {
    const previous = state[i - 1]! ^ (state[i - 1]! >>> 30);
    state[i] = Math.imul(1812433253, previous) + i;
  }
  for (;;) {
    for (let i = 0; i < 624; i++) {
      const y = (state[i]! & 0x80000000) | (state[(i + 1) % 624]! & 0x7fffffff);
      state[i] = state[(i + 397) % 624]! ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
    }
    for (const word of state) {
      let y = word;
      y ^= y >>> 11;
      y ^= (y << 7) & 0x9d2c5680;
      y ^= (y << 15) & 0xefc60000;
      y ^= y >>> 18;
      yield y >>> 0;
    }
  }
}

/** torch.randperm(n, generator=torch.Generator().manual_seed(seed)) (ATen native/TensorFactories.cpp). */
export function randperm(n: number, seed: number): number[] {
  const random = mt19937(seed >>> 0);
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = 0; i < n - 1; i++) {
    const other = i + (random.next().value % (n - i));
    [order[i], order[other]] = [order[other]!, order[i]!];
  }
  return order;
}
