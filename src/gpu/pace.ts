/**
 * @file How fast this device works off what it is given, so that no submit holds it for long: the page is drawn by the
 * same GPU, and Windows resets one that does not answer for two seconds. Nothing that is computed depends on it.
 */
import type { AdapterClass } from './adapter.ts';
import type { RecordedDispatch } from './program.ts';

/** Milliseconds, from a clock that only goes forward. */
export type Clock = () => number;

/** A submit should hold the GPU about this long, in milliseconds. */
export const SUBMIT_MS = 100;

/**
 * Share of a submit that one dispatch may take by itself: kernels reach unlike rates, and a dispatch cannot be cut once
 * it is recorded.
 */
const DISPATCH_SHARE = 0.5;

/** Cost per millisecond until one is measured: what slow adapters of the class reach. */
const START: Readonly<Record<AdapterClass, number>> = { software: 4e6, software4: 2e6, gpu: 2e8 };

/**
 * Floating-point operations that take as long as a byte read or written: adapters' rates of either differ by 1 to 20, and
 * too low a figure would let a submit of many bytes last longer than it should.
 */
const FLOPS_PER_BYTE = 4;

/** Bounds of the change from one measurement to the next; see `measured`. */
const LEAST_CHANGE = 1 / 8;
const MOST_CHANGE = 2;

/** What a dispatch costs, in floating-point operations: those it makes, or its bytes where they take longer. */
export function dispatchCost({ flops, traffic }: Pick<RecordedDispatch, 'flops' | 'traffic'>): number {
  return Math.max(flops, FLOPS_PER_BYTE * (traffic.read + traffic.written));
}

/** The rate that was last measured, as cost per millisecond. */
export class Pace {
  #perMs: number;

  constructor(adapterClass: AdapterClass) {
    this.#perMs = START[adapterClass];
  }

  /** Cost per millisecond. */
  get perMs(): number {
    return this.#perMs;
  }

  /** Cost of a submit of about SUBMIT_MS. */
  get submitCost(): number {
    return this.#perMs * SUBMIT_MS;
  }

  /** Floating-point operations that one dispatch may make; larger products are recorded in pieces. */
  get dispatchFlops(): number {
    return DISPATCH_SHARE * this.submitCost;
  }

  /**
   * Takes note that work of this cost took so many milliseconds. The rate falls at once when the device becomes slower
   * (another program uses it, it is hot), but rises at most twofold: two results that arrive together make the second
   * look like no work at all. A pause of the whole machine is forgotten likewise.
   */
  measured(cost: number, ms: number): void {
    if (!(cost > 0)) return;
    const change = cost / Math.max(ms, 1e-3) / this.#perMs;
    this.#perMs *= Math.min(MOST_CHANGE, Math.max(LEAST_CHANGE, change));
  }

  /** Starts from a rate that was measured by itself (ops/matmul_rate.ts). */
  start(perMs: number): void {
    this.#perMs = perMs;
  }
}
