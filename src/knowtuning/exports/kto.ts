/** @file Rows of KTO (unpaired preferences, as TRL's KTOTrainer reads them): one answer and whether it is desirable. */
import type { PreferenceRow } from '../compare.ts';

export interface KtoRow {
  readonly prompt: string;
  readonly completion: string;
  readonly label: boolean;
}

/** Each better and each worse answer once, though a better answer stands in up to three pairs. */
export function ktoRows(pairs: readonly PreferenceRow[]): KtoRow[] {
  const rows = new Map<string, KtoRow>();
  for (const { prompt, chosen, rejected } of pairs) {
    for (const [completion, label] of [
      [chosen, true],
      [rejected, false],
    ] as const)
      rows.set(JSON.stringify([prompt, completion, label]), { prompt, completion, label });
  }
  return [...rows.values()];
}
