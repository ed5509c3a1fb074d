/** @file Whether an adapter takes the buffers of a plan, said before any is allocated, and what would make it do so. */
import { InputError } from '../formats/input_error.ts';
import type { PlanItem } from './memory_plan.ts';

/** What an adapter allows, in bytes. */
export interface BufferLimits {
  /** Of a buffer. */
  readonly bufferLimit: number;
  /** Of what one kernel is given of a buffer. */
  readonly bindingLimit: number;
}

/** Buffers that kernels are given in parts: AdamW by ranges (ops/adamw.ts), products by matrix. */
const BOUND_IN_PARTS: ReadonlySet<string> = new Set(['parameters', 'gradient', 'moments']);

/** Bytes of an item that are bound at once, where `bindingLimit` is all that an adapter binds. */
export function boundBytes(
  { label, bytes }: Pick<PlanItem, 'label' | 'bytes'>,
  bindingLimit: number,
): number {
  return BOUND_IN_PARTS.has(label) ? Math.min(bytes, bindingLimit) : bytes;
}

/** A buffer that the adapter does not take, and the limit that it passes. */
export interface Excess {
  readonly item: PlanItem;
  readonly limit: number;
}

/** The buffer furthest beyond its limit; null where the adapter takes them all. */
export function planExcess(items: readonly PlanItem[], limits: BufferLimits): Excess | null {
  let worst: Excess | null = null;
  for (const item of items) {
    const limit = BOUND_IN_PARTS.has(item.label)
      ? limits.bufferLimit
      : Math.min(limits.bufferLimit, limits.bindingLimit);
    if (item.bytes > limit && (worst === null || item.bytes / limit > worst.item.bytes / worst.limit))
      worst = { item, limit };
  }
  return worst;
}

/** What to tell of a buffer that the adapter does not take: how many tokens would fit, or that the rank is too high. */
export function excessError({ item, limit }: Excess, tokens: number): InputError {
  const mega = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  const problem = `needs a buffer "${item.label}" of ${mega(item.bytes)}; this adapter takes ${mega(limit)} at most.`;
  if (item.part === 'adapter' || item.part === 'optimizer')
    return new InputError(
      'LoRA',
      problem,
      'Lower the rank (r), or adapt fewer projections (target_modules).',
    );
  const fitting = Math.floor((tokens * limit) / item.bytes);
  return new InputError(
    `a batch of ${tokens} tokens`,
    problem,
    `Use rows of at most ${fitting} tokens (max_length); of preferences, question and both answers together.`,
  );
}

/**
 * @param tokens of a batch
 * @throws InputError where the adapter does not take a buffer
 */
export function checkPlan(items: readonly PlanItem[], limits: BufferLimits, tokens: number): void {
  const excess = planExcess(items, limits);
  if (excess) throw excessError(excess, tokens);
}
