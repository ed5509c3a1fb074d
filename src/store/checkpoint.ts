/**
 * @file A checkpoint: named files of one phase of a run, in one sealed record. The seal (length and SHA-256) is what
 * tells a whole checkpoint from a torn or altered one, whatever storage did to it.
 */

/** Raised when the schema changes in a way that old records cannot be read. */
export const CHECKPOINT_SCHEMA = 1;

export interface CheckpointHeader {
  readonly schema: number;
  readonly run: string;
  readonly phase: string;
  /** Length of the data in bytes. */
  readonly bytes: number;
  /** SHA-256 of the data, lower-case hex. */
  readonly sha256: string;
  /** Milliseconds since 1970. */
  readonly savedAt: number;
}

export interface SealedCheckpoint {
  readonly header: CheckpointHeader;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** SHA-256 of bytes as lower-case hex. */
export async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', data));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Seals the data of a phase. */
export async function seal(
  run: string,
  phase: string,
  data: Uint8Array<ArrayBuffer>,
  savedAt: number,
): Promise<SealedCheckpoint> {
  const header = {
    schema: CHECKPOINT_SCHEMA,
    run,
    phase,
    bytes: data.length,
    sha256: await sha256(data),
    savedAt,
  };
  return { header, data };
}

/** Why a stored value is not the checkpoint it should be, or null when it is. */
export async function flaw(value: unknown, expected: CheckpointHeader): Promise<string | null> {
  if (value === undefined) return 'it is not there';
  if (typeof value !== 'object' || value === null) return 'it is not a checkpoint';
  const { header, data } = value as Partial<SealedCheckpoint>;
  if (!header || !(data instanceof Uint8Array)) return 'it is not a checkpoint';
  if (header.schema !== CHECKPOINT_SCHEMA) return `its format is number ${String(header.schema)}`;
  if (header.run !== expected.run || header.phase !== expected.phase) return 'it belongs to another run';
  if (data.length !== expected.bytes) return `it has ${data.length} of ${expected.bytes} bytes`;
  if ((await sha256(data)) !== expected.sha256) return 'its bytes were altered';
  return null;
}
