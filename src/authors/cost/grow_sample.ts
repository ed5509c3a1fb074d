/**
 * @file A sample for an estimate of cost: of a few rows everything is asked, and of more until the estimate is as sure as
 * it is wanted.
 */
import type { AuthorRow } from '../author.ts';
import { type CostEstimate, samplingOrder } from './extrapolate.ts';

export interface SampleSize {
  /** Rows to ask first. */
  readonly first: number;
  /** Share by which the estimate may be off, in about 95 of 100 cases; null: the first rows are all. */
  readonly within: number | null;
}

export interface GrowInput<Row> extends SampleSize {
  readonly rows: readonly Row[];
  /** Asks everything of further rows. */
  readonly ask: (rows: readonly Row[]) => Promise<void>;
  /** From all rows that have been asked. */
  readonly estimate: (asked: readonly Row[]) => CostEstimate;
  /** Told each estimate that is not sure enough. */
  readonly onEstimate?: (estimate: CostEstimate) => void;
}

/** By how much a sample grows that is not sure enough. */
const GROWTH = 1.5;

/** Asks of some rows, and estimates the cost of all. */
export async function growSample<Row extends AuthorRow & { readonly answer: string }>(
  input: GrowInput<Row>,
): Promise<CostEstimate> {
  const { rows, first, within, ask, estimate, onEstimate } = input;
  const order = samplingOrder(rows);
  const asked: Row[] = [];
  let size = first;
  for (;;) {
    const next = order.slice(asked.length, size);
    await ask(next);
    asked.push(...next);
    const estimated = estimate(asked);
    if (within === null || asked.length === order.length || isWithin(estimated, within)) return estimated;
    onEstimate?.(estimated);
    size = Math.ceil(GROWTH * size);
  }
}

/** Whether tokens of both kinds, and what they cost, are known well enough. */
function isWithin({ uncertainty }: CostEstimate, share: number): boolean {
  return uncertainty !== null && Object.values(uncertainty).every((of) => of === null || of <= share);
}
