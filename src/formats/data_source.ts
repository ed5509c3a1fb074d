/** @file Where published questions come from: whose they are, under which licence, which version and part of them. */
import * as v from 'valibot';
import { knownDataset } from './known_datasets.ts';

const text = v.pipe(v.string(), v.nonEmpty());

export const dataSourceSchema = v.object({
  /** Dolly, or owner/name on the Hugging Face Hub. */
  name: text,
  /** Null where its publisher names none. */
  licence: v.nullable(text),
  /** Of a data set of the Hub. */
  hub: v.optional(
    v.object({
      revision: text,
      /** 40 hex digits. */
      commit: text,
      config: text,
      split: text,
      files: v.array(text),
      /** Whether the files are the beginning of the split only. */
      partial: v.boolean(),
    }),
  ),
});

export type DataSource = v.InferOutput<typeof dataSourceSchema>;

/** The data set that is known by its columns; null where it is none. */
export function knownSource(columns: readonly string[]): DataSource | null {
  const known = knownDataset(columns);
  return known && { name: known.name, licence: known.licence };
}
