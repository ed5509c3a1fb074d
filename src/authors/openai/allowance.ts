/**
 * @file What an endpoint still allows by its x-ratelimit headers, and when the next call may go: slower and slower as
 * an allowance runs out, so that the limit is not run into.
 */

/** Below this share of a limit calls are spread over the time until it is full again. */
const SPREAD_BELOW = 0.5;

/** One allowance, of requests or of tokens. */
interface Allowance {
  remaining: number;
  /** Null where the endpoint does not say. */
  limit: number | null;
  /** When it is full again, in milliseconds of the clock. */
  fullAt: number;
}

export class RateLimits {
  readonly #allowances = new Map<'requests' | 'tokens', Allowance>();
  #nextStart = 0;
  #pausedUntil = 0;

  /** @param now milliseconds of any clock */
  constructor(private readonly now: () => number) {}

  /**
   * Takes one call out of the allowances.
   * @param tokens that it will take, by estimate
   * @returns milliseconds to wait before it is sent
   */
  take(tokens: number): number {
    const now = this.now();
    let start = Math.max(now, this.#nextStart, this.#pausedUntil);
    let spacing = 0;
    for (const [of, cost] of [
      ['requests', 1],
      ['tokens', tokens],
    ] as const) {
      const allowance = this.#allowances.get(of);
      if (!allowance) continue;
      if (allowance.fullAt <= start) {
        this.#allowances.delete(of);
        continue;
      }
      if (allowance.remaining < cost) start = allowance.fullAt;
      else if (allowance.limit === null || allowance.remaining < SPREAD_BELOW * allowance.limit)
        spacing = Math.max(spacing, (allowance.fullAt - start) / (allowance.remaining / cost + 1));
      allowance.remaining -= cost;
    }
    this.#nextStart = start + spacing;
    return start - now;
  }

  /**
   * Reads an answer's headers.
   * @param underWay other calls that may not be counted in them yet, and the tokens these take
   */
  read(headers: Headers, underWay: { readonly calls: number; readonly tokens: number }): void {
    const now = this.now();
    for (const [of, pending] of [
      ['requests', underWay.calls],
      ['tokens', underWay.tokens],
    ] as const) {
      const remaining = amount(headers.get(`x-ratelimit-remaining-${of}`));
      const reset = parseReset(headers.get(`x-ratelimit-reset-${of}`), now);
      if (remaining === null || reset === null) continue;
      this.#allowances.set(of, {
        remaining: remaining - pending,
        limit: amount(headers.get(`x-ratelimit-limit-${of}`)),
        fullAt: now + reset,
      });
    }
  }

  /** No call is sent before this many milliseconds have passed: what Retry-After tells one call concerns all. */
  pause(milliseconds: number): void {
    this.#pausedUntil = Math.max(this.#pausedUntil, this.now() + milliseconds);
  }
}

function amount(header: string | null): number | null {
  const value = header === null || header.trim() === '' ? Number.NaN : Number(header);
  return Number.isFinite(value) ? value : null;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Milliseconds until an allowance is full: of "6m0s", "12ms" (OpenAI), "30" (seconds) or a date (Anthropic's gateway).
 * Null where it cannot be read.
 */
export function parseReset(header: string | null, now: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return 1000 * Number(text);
  if (/^(\d+(\.\d+)?(ms|[smhd]))+$/.test(text)) {
    let sum = 0;
    for (const [, value, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|[smhd])/g))
      sum += Number(value) * UNITS[unit!]!;
    return sum;
  }
  const date = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}

/** Milliseconds that Retry-After asks for, or null. */
export function parseRetryAfter(header: string | null, now: number): number | null {
  if (header === null) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, 1000 * seconds);
  const date = Date.parse(header);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
