/**
 * @file Records of the cache of models: what a model's files are and where their bytes lie. A record of a model is
 * written after everything it speaks of; without one, files in the cache are no model.
 */
import * as v from 'valibot';
import type { ContentHash } from './content_hash.ts';
import { looksLikeHubId } from './hub_id.ts';

/** Raised when the schema changes in a way that old records cannot be read. */
const SCHEMA = 1;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const fileSchema = v.object({
  name: v.pipe(v.string(), v.regex(/^(?!\.{1,2}$)[^/\\\0]{1,255}$/)),
  bytes: count,
  hash: v.variant('algorithm', [
    v.object({ algorithm: v.literal('sha256'), value: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)) }),
    v.object({ algorithm: v.literal('git-sha1'), value: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)) }),
  ]),
});
const modelEntries = {
  schema: v.literal(SCHEMA),
  id: v.pipe(v.string(), v.check(looksLikeHubId)),
  revision: v.string(),
  commit: v.pipe(v.string(), v.regex(/^[0-9a-f]{40}$/)),
  /** As in model_files.ts. */
  variant: v.string(),
};
const planSchema = v.object({ ...modelEntries, files: v.array(fileSchema) });
const modelSchema = v.object({
  ...modelEntries,
  /** With the time at which the storage says each was written: a file with another time is hashed before use. */
  files: v.array(v.object({ ...fileSchema.entries, modifiedAt: v.number() })),
  /** Milliseconds since 1970. */
  savedAt: v.number(),
});

/** What is to be downloaded, written before the first byte, so that a download can be gone on with after a reload. */
export type ModelPlan = v.InferOutput<typeof planSchema>;
/** A whole model, written last. */
export type ModelRecord = v.InferOutput<typeof modelSchema>;

/** What names a model in the cache. */
export type ModelKey = Pick<ModelPlan, 'id' | 'commit' | 'variant'>;

const keyOf = ({ id, commit, variant }: ModelKey) => `${id}@${commit}/${variant}`;
export const PLAN_PREFIX = 'plan/';
export const MODEL_PREFIX = 'model/';
export const planKey = (key: ModelKey) => `${PLAN_PREFIX}${keyOf(key)}`;
export const modelKey = (key: ModelKey) => `${MODEL_PREFIX}${keyOf(key)}`;
export const etagKey = (blob: string) => `etag/${blob}`;

/** A stored value as a record, or null where it is none, or none that this version reads. */
export function parseModelRecord(value: unknown): ModelRecord | null {
  const parsed = v.safeParse(modelSchema, value);
  return parsed.success ? parsed.output : null;
}

/** As {@link parseModelRecord}. */
export function parseModelPlan(value: unknown): ModelPlan | null {
  const parsed = v.safeParse(planSchema, value);
  return parsed.success ? parsed.output : null;
}

export const newPlan = (fields: Omit<ModelPlan, 'schema'>): ModelPlan => ({ schema: SCHEMA, ...fields });

/** Name of the file that holds these bytes: models that share a file share it in the cache. */
export const blobName = (hash: ContentHash) => `${hash.algorithm}-${hash.value}`;
export const partName = (hash: ContentHash) => `${blobName(hash)}.part`;
