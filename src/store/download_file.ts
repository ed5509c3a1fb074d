/**
 * @file Downloads one file, going on from where an earlier attempt ended, until its bytes are those the Hub has a hash
 * of. What is on disk is hashed anew before it is added to, so that whatever befell it meanwhile comes to light.
 */
import type { PartFile, Records } from './cache_host.ts';
import { createHasher, type Hasher } from './content_hash.ts';
import { alteredError, type HubClient, type HubFile } from './hub.ts';
import { HubError, strange, unreachable } from './hub_error.ts';

/** Read back at a time when what is on disk is hashed. */
const PIECE_BYTES = 4 * 2 ** 20;
/** Failures in a row, without this much progress in between, after which a download gives up. */
const MAX_FAILURES = 4;
const PROGRESS_BYTES = 2 ** 20;
/** Most failures of one download, however much comes in between. */
const MAX_FAILURES_IN_ALL = 50;
const FIRST_DELAY_MS = 500;
/** A wait the Hub asks for is kept up to this long, else the user is told. */
const MAX_WAIT_SECONDS = 30;

export interface FileProgress {
  /** 'checking': hashing what is on disk; 'waiting': before another attempt. */
  readonly state: 'checking' | 'downloading' | 'waiting';
  readonly done: number;
}

export interface DownloadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (progress: FileProgress) => void;
  /** Waits; rejects with the signal's reason. Handed in so that tests need not wait. */
  readonly delay: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** Where a file of a model comes from and goes to. */
export interface FileJob {
  readonly client: HubClient;
  readonly id: string;
  readonly commit: string;
  readonly file: HubFile;
  readonly part: PartFile;
  /** Keeps the ETag of a part. */
  readonly records: Records;
  readonly etagKey: string;
}

/**
 * Completes `part`. When it resolves, the part has the size and the hash that the Hub names, and is on disk.
 * @throws HubError, NoRoomError, or the reason of `signal`; what was written stays for the next attempt, unless it is wrong
 */
export async function downloadFile(job: FileJob, options: DownloadOptions): Promise<void> {
  const { file, part } = job;
  const place = `${job.id}/${file.name}`;
  const download = new Download(job, options);
  await download.takeUp();
  let failures = 0;
  let inAll = 0;
  while (!download.complete) {
    const before = download.offset;
    try {
      await download.fetchOn();
      if (!download.complete)
        throw unreachable(place, `The connection ended after ${download.offset} of ${file.bytes} bytes.`);
    } catch (error) {
      if (!(error instanceof HubError) || !error.transient) throw error;
      failures = download.offset - before >= PROGRESS_BYTES ? 1 : failures + 1;
      const tooLong = (error.retryAfter ?? 0) > MAX_WAIT_SECONDS;
      if (tooLong || failures >= MAX_FAILURES || ++inAll >= MAX_FAILURES_IN_ALL) {
        await part.flush();
        throw error;
      }
      options.onProgress?.({ state: 'waiting', done: download.offset });
      const pause = FIRST_DELAY_MS * 2 ** (failures - 1);
      await options.delay(Math.max(pause, 1000 * (error.retryAfter ?? 0)), options.signal);
    }
    if (download.complete && !download.matches()) {
      // An old part may have been spoilt on disk: that is worth one fresh download, but not a second.
      const wasResumed = download.resumed;
      await download.startAnew();
      if (!wasResumed) throw alteredError(place);
    }
  }
  // An empty file has nothing to fetch, but a hash all the same.
  if (!download.matches()) throw alteredError(place);
  await part.flush();
}

class Download {
  offset = 0;
  /** Whether some of the bytes were there before. */
  resumed = false;
  #hasher: Hasher;
  #digest: string | null = null;

  constructor(
    private readonly job: FileJob,
    private readonly options: DownloadOptions,
  ) {
    this.#hasher = this.#newHasher();
  }

  get complete(): boolean {
    return this.offset === this.job.file.bytes;
  }

  /** Whether the complete file has the hash it should have. */
  matches(): boolean {
    this.#digest ??= this.#hasher.digest();
    return this.#digest === this.job.file.hash.value;
  }

  /** Hashes what is there; a complete part that is not what it should be is dropped at once. */
  async takeUp(): Promise<void> {
    const { part, file } = this.job;
    const size = await part.size();
    if (size > file.bytes) return this.startAnew();
    while (this.offset < size) {
      this.options.signal?.throwIfAborted();
      this.options.onProgress?.({ state: 'checking', done: this.offset });
      const piece = await part.read(this.offset, Math.min(PIECE_BYTES, size - this.offset));
      if (piece.length === 0) return this.startAnew();
      this.#hasher.update(piece);
      this.offset += piece.length;
    }
    this.resumed = this.offset > 0;
    if (this.complete && !this.matches()) await this.startAnew();
  }

  async startAnew(): Promise<void> {
    await this.job.part.truncate(0);
    await this.job.records.delete(this.job.etagKey);
    this.offset = 0;
    this.resumed = false;
    this.#digest = null;
    this.#hasher = this.#newHasher();
  }

  /** One request for the rest of the file, written as it comes. */
  async fetchOn(): Promise<void> {
    const { client, id, commit, file, records, etagKey } = this.job;
    const place = `${id}/${file.name}`;
    const known = await records.get(etagKey);
    const etag = typeof known === 'string' ? known : null;
    const headers: Record<string, string> = {};
    if (this.offset > 0) {
      headers.range = `bytes=${this.offset}-`;
      if (etag !== null && client.access.unrestricted) headers['if-range'] = etag;
    }
    const { response, body } = await client.open(id, commit, file.name, headers, this.options.signal);
    try {
      const changed =
        etag !== null && response.headers.get('etag') !== null && response.headers.get('etag') !== etag;
      if (this.offset > 0 && changed && response.status === 206) {
        // Another file than the one the part is of. The next round asks for all of it.
        await this.startAnew();
        throw unreachable(place, 'The file changed on the Hub between two attempts.');
      }
      if (response.status === 206) this.#checkRange(response, place);
      else if (this.offset > 0) await this.startAnew();
      const current = response.headers.get('etag');
      if (current !== null && current !== etag) await records.set(etagKey, current);
      for await (const bytes of body) await this.#write(bytes, place);
    } finally {
      await body.return();
    }
  }

  #checkRange(response: Response, place: string): void {
    const text = response.headers.get('content-range');
    // A page does not see the header where the storage does not show it; the hash at the end tells all the same.
    if (text === null) return;
    const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(text) ?? [];
    const asked = Number(start) === this.offset;
    if (!asked || (total !== '*' && Number(total) !== this.job.file.bytes))
      throw strange(place, `The Hub sends "${text}" where bytes from ${this.offset} were asked for.`);
  }

  async #write(bytes: Uint8Array, place: string): Promise<void> {
    const { part, file } = this.job;
    if (this.offset + bytes.length > file.bytes) {
      await this.startAnew();
      throw strange(place, `The Hub sends more than the ${file.bytes} bytes that the file has.`);
    }
    await part.write(this.offset, bytes);
    this.#hasher.update(bytes);
    this.offset += bytes.length;
    this.options.onProgress?.({ state: 'downloading', done: this.offset });
  }

  #newHasher(): Hasher {
    return createHasher(this.job.file.hash.algorithm, this.job.file.bytes);
  }
}
