/** @file What an endpoint was asked and what it counted: calls, tokens and, at prices that the user gives, money. */
import { AUTHOR_OPERATIONS, type AuthorOperation } from '../author.ts';

/** Per million tokens, in whatever currency the user counts. There are no built-in prices: they change. */
export interface Prices {
  readonly input: number;
  readonly output: number;
}

export interface Usage {
  readonly calls: number;
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  /** Null where no prices are known. */
  readonly cost: number | null;
}

/** By operation, for those that occurred, and in all. */
export interface UsageReport {
  readonly operations: Readonly<Partial<Record<AuthorOperation, Usage>>>;
  readonly total: Usage;
  /** Calls whose tokens the endpoint did not count: the sums are too low by these. */
  readonly uncounted_calls: number;
}

/** Tokens of one call, as its answer says. */
export interface CallTokens {
  readonly prompt: number;
  readonly completion: number;
}

interface Sums {
  calls: number;
  prompt: number;
  completion: number;
}

/** A price in the unit of {@link Prices}; null without prices. */
export function costOf(tokens: CallTokens, prices: Prices | null): number | null {
  return prices && (tokens.prompt * prices.input + tokens.completion * prices.output) / 1e6;
}

/** Sums up the calls of a run. Replies that could not be used were paid for and count, too. */
export class UsageMeter {
  readonly #sums = new Map<AuthorOperation, Sums>();
  #uncounted = 0;

  constructor(private readonly prices: Prices | null) {}

  /** @param tokens null where the endpoint did not say */
  add(operation: AuthorOperation, tokens: CallTokens | null): void {
    const sums = this.#sums.get(operation) ?? { calls: 0, prompt: 0, completion: 0 };
    sums.calls++;
    if (tokens) {
      sums.prompt += tokens.prompt;
      sums.completion += tokens.completion;
    } else this.#uncounted++;
    this.#sums.set(operation, sums);
  }

  report(): UsageReport {
    const operations: Partial<Record<AuthorOperation, Usage>> = {};
    const total: Sums = { calls: 0, prompt: 0, completion: 0 };
    for (const operation of AUTHOR_OPERATIONS) {
      const sums = this.#sums.get(operation);
      if (!sums) continue;
      operations[operation] = this.#usage(sums);
      for (const field of ['calls', 'prompt', 'completion'] as const) total[field] += sums[field];
    }
    return { operations, total: this.#usage(total), uncounted_calls: this.#uncounted };
  }

  #usage({ calls, prompt, completion }: Sums): Usage {
    return {
      calls,
      prompt_tokens: prompt,
      completion_tokens: completion,
      cost: costOf({ prompt, completion }, this.prices),
    };
  }
}
