/** @file Rate limits as endpoints tell them, and how calls are spread by them. */
import { describe, expect, it } from 'vitest';
import { parseReset, parseRetryAfter, RateLimits } from '../../../src/authors/openai/allowance.ts';

const NOW = Date.UTC(2026, 0, 1);
const ALONE = { calls: 0, tokens: 0 };

function headers(of: 'requests' | 'tokens', limit: number, remaining: number, reset: string): Headers {
  return new Headers({
    [`x-ratelimit-limit-${of}`]: String(limit),
    [`x-ratelimit-remaining-${of}`]: String(remaining),
    [`x-ratelimit-reset-${of}`]: reset,
  });
}

describe('times in headers', () => {
  it.each([
    ['1s', 1000],
    ['6m0s', 360_000],
    ['1h2m3.5s', 3_723_500],
    ['12ms', 12],
    ['30', 30_000],
    ['2026-01-01T00:00:07Z', 7000],
    ['soon', null],
    ['', null],
    [null, null],
  ])('are read: %s', (header, milliseconds) => {
    expect(parseReset(header, NOW)).toBe(milliseconds);
  });

  it.each([
    ['2', 2000],
    ['0.5', 500],
    ['Thu, 01 Jan 2026 00:00:09 GMT', 9000],
    ['never', null],
    [null, null],
  ])('also those of Retry-After: %s', (header, milliseconds) => {
    expect(parseRetryAfter(header, NOW)).toBe(milliseconds);
  });
});

describe('calls', () => {
  it('go at once while nothing is known, and while half of the allowance is left', () => {
    const limits = new RateLimits(() => NOW);
    expect([limits.take(10), limits.take(10)]).toEqual([0, 0]);
    limits.read(headers('requests', 10, 8, '10s'), ALONE);
    expect([limits.take(10), limits.take(10), limits.take(10)]).toEqual([0, 0, 0]);
  });

  it('are spread over the time that is left as the allowance runs out, and then wait for it', () => {
    const limits = new RateLimits(() => NOW);
    limits.read(headers('requests', 10, 3, '8s'), ALONE);
    const waits = [1, 2, 3, 4].map(() => limits.take(10));
    expect(waits).toEqual([0, 2000, 4000, 8000]);
  });

  it('count against tokens, too, and those under way against both', () => {
    const limits = new RateLimits(() => NOW);
    limits.read(headers('tokens', 1000, 100, '6s'), { calls: 0, tokens: 0 });
    expect(limits.take(200)).toBe(6000);
    const busy = new RateLimits(() => NOW);
    busy.read(headers('requests', 10, 3, '8s'), { calls: 3, tokens: 0 });
    expect(busy.take(10)).toBe(8000);
  });

  it('go again when the allowance is full, and after a pause', () => {
    let now = NOW;
    const limits = new RateLimits(() => now);
    limits.read(headers('requests', 10, 0, '8s'), ALONE);
    limits.pause(9000);
    expect(limits.take(10)).toBe(9000);
    now += 10_000;
    expect(limits.take(10)).toBe(0);
  });
});
