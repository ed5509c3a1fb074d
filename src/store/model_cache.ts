/**
 * @file The cache of models: downloads the files of a model, says which models are there, opens and deletes them.
 * Order is what makes it safe: each file is written as .part, checked, renamed; the record of the model comes last.
 */
import type { ByteSource } from '../formats/byte_source.ts';
import { InputError } from '../formats/input_error.ts';
import { parseJson } from '../formats/json.ts';
import { type CacheHost, NoRoomError, type StoredFile } from './cache_host.ts';
import { createHasher } from './content_hash.ts';
import { type DownloadOptions, downloadFile, type FileProgress } from './download_file.ts';
import type { HubClient, HubFile, HubListing } from './hub.ts';
import { checkShardIndex, type ModelVariant, SHARD_INDEX } from './model_files.ts';
import {
  blobName,
  etagKey,
  MODEL_PREFIX,
  type ModelKey,
  type ModelPlan,
  type ModelRecord,
  modelKey,
  newPlan,
  PLAN_PREFIX,
  parseModelPlan,
  parseModelRecord,
  partName,
  planKey,
} from './model_record.ts';
import { storedSource } from './stored_source.ts';

/** How far a download is: of the file at hand, and of all. */
export interface ModelProgress extends FileProgress {
  readonly file: string;
  /** Size of the file at hand. */
  readonly bytes: number;
  /** Bytes of all files that are there, this one's included. */
  readonly allDone: number;
  readonly allBytes: number;
}

export interface ModelDownloadOptions extends Omit<DownloadOptions, 'onProgress'> {
  readonly onProgress?: (progress: ModelProgress) => void;
  /** Called where another tab or process writes to the cache, which is waited for. */
  readonly onWait?: () => void;
}

/** A model in the cache, whole or in part. */
export interface CachedModel extends ModelKey {
  readonly revision: string;
  /** Size of all its files. */
  readonly bytes: number;
  /** Bytes that are there. */
  readonly present: number;
  /** Whether it can be opened. */
  readonly whole: boolean;
}

/** Free room beyond what a download takes, as a factor: file systems keep more than files' bytes. */
const HEADROOM = 1.1;
const PIECE_BYTES = 4 * 2 ** 20;

export class ModelCache {
  constructor(
    private readonly host: CacheHost,
    /** Milliseconds since 1970. */
    private readonly now: () => number,
  ) {}

  /**
   * Downloads what is missing of a model. Files that are there are hashed first, and kept where they are right.
   * @throws HubError or InputError with what helps; the reason of `signal`. What was downloaded stays.
   */
  download(
    client: HubClient,
    listing: HubListing,
    variant: ModelVariant<HubFile>,
    options: ModelDownloadOptions,
  ): Promise<ModelRecord> {
    const { id, revision, commit } = listing;
    const plan = newPlan({ id, revision, commit, variant: variant.name, files: [...variant.files] });
    return this.host.exclusive(() => this.#download(client, plan, options), options.signal, options.onWait);
  }

  async #download(client: HubClient, plan: ModelPlan, options: ModelDownloadOptions): Promise<ModelRecord> {
    const existing = await this.record(plan);
    if (existing && (await this.#flaw(existing)) === null) return existing;
    const allBytes = plan.files.reduce((sum, file) => sum + file.bytes, 0);
    const place = plan.id;
    await this.#checkRoom(plan, allBytes);
    try {
      await this.host.records.delete(modelKey(plan));
      await this.host.records.set(planKey(plan), plan);
      let before = 0;
      const files: ModelRecord['files'] = [];
      for (const file of plan.files) {
        const onProgress = (progress: FileProgress) =>
          options.onProgress?.({
            ...progress,
            file: file.name,
            bytes: file.bytes,
            allDone: before + progress.done,
            allBytes,
          });
        onProgress({ state: 'checking', done: 0 });
        files.push({ ...file, modifiedAt: await this.#fetchFile(client, plan, file, options, onProgress) });
        onProgress({ state: 'downloading', done: file.bytes });
        before += file.bytes;
      }
      const record: ModelRecord = { ...plan, files, savedAt: this.now() };
      await this.#checkIndex(record);
      await this.host.records.set(modelKey(plan), record);
      await this.host.records.delete(planKey(plan));
      return record;
    } catch (error) {
      throw error instanceof NoRoomError ? this.#noRoom(place, allBytes) : error;
    }
  }

  /** Gets a file to its final place. Returns the time the storage has for it. */
  async #fetchFile(
    client: HubClient,
    plan: ModelPlan,
    file: HubFile,
    options: ModelDownloadOptions,
    onProgress: (progress: FileProgress) => void,
  ): Promise<number> {
    const { files, records } = this.host;
    const blob = blobName(file.hash);
    const partial = partName(file.hash);
    // A file without a model's record is not trusted: it goes the way of a complete part, which is hashed.
    if (await files.open(blob)) await files.rename(blob, partial);
    const part = await files.openPart(partial);
    try {
      await downloadFile(
        { client, id: plan.id, commit: plan.commit, file, part, records, etagKey: etagKey(blob) },
        { ...options, onProgress },
      );
    } finally {
      await part.close();
    }
    await files.rename(partial, blob);
    await records.delete(etagKey(blob));
    const stored = await files.open(blob);
    if (stored?.bytes !== file.bytes) throw this.#damaged(plan, `${file.name} has the wrong length`);
    return stored.modifiedAt;
  }

  async #checkIndex(record: ModelRecord): Promise<void> {
    if (!record.files.some((file) => file.name === SHARD_INDEX)) return;
    const index = parseJson(await this.#source(record).read(SHARD_INDEX), `${record.id}/${SHARD_INDEX}`);
    checkShardIndex(index, { name: record.variant, files: record.files, bytes: 0 }, record.id);
  }

  /** @throws InputError where the host says that the rest does not fit; it may be wrong either way */
  async #checkRoom(plan: ModelPlan, allBytes: number): Promise<void> {
    const room = await this.host.room();
    if (room === null) return;
    const rest = (allBytes - (await this.#present(plan))) * HEADROOM;
    const free = room.quota - room.usage;
    if (rest > free) throw this.#noRoom(plan.id, allBytes, free);
  }

  #noRoom(place: string, bytes: number, free?: number): InputError {
    const has = free === undefined ? '' : ` There are ${gigabytes(Math.max(0, free))} left.`;
    return new InputError(
      place,
      `There is no room for the ${gigabytes(bytes)} of this model.${has}`,
      `${this.host.roomCure} What was downloaded so far is kept.`,
    );
  }

  /** All models, whole ones and begun ones, by name. */
  async list(): Promise<CachedModel[]> {
    const found = new Map<string, CachedModel>();
    for (const key of await this.host.records.keys()) {
      const isModel = key.startsWith(MODEL_PREFIX);
      if (!isModel && !key.startsWith(PLAN_PREFIX)) continue;
      const value = await this.host.records.get(key);
      const entry = isModel ? parseModelRecord(value) : parseModelPlan(value);
      const { id, revision, commit, variant } = entry ?? {};
      if (!entry || !id || !commit || !variant || revision === undefined) continue;
      if (!isModel && found.get(modelKey(entry))?.whole) continue;
      const bytes = entry.files.reduce((sum, file) => sum + file.bytes, 0);
      const present = await this.#present(entry);
      // Refused before anything came: there is nothing to go on with or to delete.
      if (!isModel && present === 0) continue;
      found.set(modelKey(entry), {
        id,
        revision,
        commit,
        variant,
        bytes,
        present,
        whole: isModel && present === bytes,
      });
    }
    return [...found.values()].toSorted(
      (a, b) => a.id.localeCompare(b.id) || a.variant.localeCompare(b.variant),
    );
  }

  /** The record of a model, or null where it is not there or not whole. */
  async record(key: ModelKey): Promise<ModelRecord | null> {
    return parseModelRecord(await this.host.records.get(modelKey(key)));
  }

  /** What a download that was begun was to fetch, or null. */
  async plan(key: ModelKey): Promise<ModelPlan | null> {
    return parseModelPlan(await this.host.records.get(planKey(key)));
  }

  /**
   * A model as a source of bytes. Files that changed since they were checked are hashed again first.
   * @throws InputError where it is not in the cache or is damaged; a damaged one is no longer a model afterwards
   */
  async open(key: ModelKey, onCheck?: (done: number, bytes: number) => void): Promise<ByteSource> {
    const record = await this.record(key);
    if (!record)
      throw new InputError(
        key.id,
        'is not in the cache, or not whole.',
        'Download it first, or go on with its download.',
      );
    const flaw = await this.#flaw(record, onCheck);
    if (flaw === null) return this.#source(record);
    const { files: _, savedAt: __, ...rest } = record;
    const files = record.files.map(({ name, bytes, hash }) => ({ name, bytes, hash }));
    await this.host.records.set(planKey(key), { ...rest, files } satisfies ModelPlan);
    await this.host.records.delete(modelKey(key));
    throw this.#damaged(key, flaw);
  }

  #damaged({ id }: ModelKey, why: string): InputError {
    return new InputError(
      id,
      `cannot be used: in the cache, ${why}.`,
      'Download it again: what is right is kept, the rest is fetched anew.',
    );
  }

  /**
   * Deletes a model and the files that no other one has. The record goes first: half a model is never one.
   * @throws InputError where another tab or process writes to the cache
   */
  remove(key: ModelKey): Promise<void> {
    const stop = new AbortController();
    const busy = new InputError(
      key.id,
      'cannot be deleted now: a download runs, here or in another tab.',
      'Wait until it has ended, or cancel it.',
    );
    return this.host.exclusive(
      async () => {
        const entry = (await this.record(key)) ?? (await this.plan(key));
        await this.host.records.delete(modelKey(key));
        await this.host.records.delete(planKey(key));
        if (entry) await this.#sweep();
      },
      stop.signal,
      () => stop.abort(busy),
    );
  }

  /** Removes every file that no record speaks of. */
  async #sweep(): Promise<void> {
    const { files, records } = this.host;
    const wanted = new Set<string>();
    for (const key of await records.keys()) {
      const value = await records.get(key);
      const entry = parseModelRecord(value) ?? parseModelPlan(value);
      for (const { hash } of entry?.files ?? []) wanted.add(blobName(hash)).add(partName(hash));
    }
    for (const { name } of await files.list()) {
      if (wanted.has(name)) continue;
      await files.remove(name);
      await records.delete(etagKey(name.replace(/\.part$/, '')));
    }
  }

  /** Bytes of a plan that are on disk, in files or parts. */
  async #present({ files }: Pick<ModelPlan, 'files'>): Promise<number> {
    const sizes = new Map((await this.host.files.list()).map(({ name, bytes }) => [name, bytes]));
    return files.reduce(
      (sum, { hash, bytes }) =>
        sum + Math.min(bytes, sizes.get(blobName(hash)) ?? sizes.get(partName(hash)) ?? 0),
      0,
    );
  }

  /** Why a recorded model cannot be used, or null. Hashes only files whose time or size is not the recorded one. */
  async #flaw(record: ModelRecord, onCheck?: (done: number, bytes: number) => void): Promise<string | null> {
    for (const { name, bytes, hash, modifiedAt } of record.files) {
      const stored = await this.host.files.open(blobName(hash));
      if (!stored) return `${name} is missing`;
      if (stored.bytes !== bytes) return `${name} has ${stored.bytes} of ${bytes} bytes`;
      if (stored.modifiedAt === modifiedAt) continue;
      const hasher = createHasher(hash.algorithm, bytes);
      for (let at = 0; at < bytes; ) {
        const piece = await stored.read(at, Math.min(PIECE_BYTES, bytes - at));
        if (piece.length === 0) return `${name} ends early`;
        hasher.update(piece);
        at += piece.length;
        onCheck?.(at, bytes);
      }
      if (hasher.digest() !== hash.value) return `the bytes of ${name} were altered`;
    }
    return null;
  }

  #source(record: ModelRecord): ByteSource {
    const blobs = new Map(record.files.map(({ name, hash }) => [name, blobName(hash)]));
    const open = async (name: string): Promise<StoredFile | null> => {
      const blob = blobs.get(name);
      return blob === undefined ? null : this.host.files.open(blob);
    };
    return { ...storedSource(record.id, [...blobs.keys()], open), hubId: record.id };
  }
}

const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(bytes < 2 ** 30 ? 2 : 1)} GiB`;
