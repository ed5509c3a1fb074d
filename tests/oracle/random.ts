/** @file Seeded random numbers for test data. */

/** A seeded source of random numbers: mulberry32, good enough for test data and three lines long. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Uniform in [0, 1). */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** Integer in [low, high], both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.uniform() * (high - low + 1));
  }

  /** Standard normal (Box & Muller 1958). */
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  /** `count` normal numbers of standard deviation `scale` around `mean`, rounded to f32 so that a GPU can hold them. */
  normals(count: number, scale = 1, mean = 0): Float64Array {
    return Float64Array.from({ length: count }, () => Math.fround(mean + scale * this.normal()));
  }

  /** Like `normals`, but repeating after 9,973 numbers (a prime, so that rows differ): for millions of them. */
  cycle(count: number, scale = 1): Float64Array {
    const period = this.normals(9973, scale);
    const values = new Float64Array(count);
    for (let i = 0; i < count; i++) values[i] = period[i % 9973]!;
    return values;
  }

  /** `count` integers in [0, below). */
  ids(count: number, below: number): Uint32Array<ArrayBuffer> {
    return Uint32Array.from({ length: count }, () => this.integer(0, below - 1));
  }
}
