/**
 * @file What the cache of models asks of the host it runs on. A page has the origin's private file system, IndexedDB
 * and Web Locks; the terminal has a directory.
 */

/** A file that is being written. All calls are made one after the other. */
export interface PartFile {
  /** Bytes that are there now. */
  size(): Promise<number>;
  /** Bytes [offset, offset + length), fewer at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Writes all of the bytes. @throws NoRoomError where they do not fit */
  write(offset: number, bytes: Uint8Array): Promise<void>;
  truncate(size: number): Promise<void>;
  /** Resolves when everything written is on disk. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** A stored file as it is now. */
export interface StoredFile {
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
  /** Bytes [offset, offset + length), fewer at the end of the file. */
  read(offset: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** One flat folder of files. */
export interface FileStorage {
  list(): Promise<readonly { readonly name: string; readonly bytes: number }[]>;
  /** Null where there is none. */
  open(name: string): Promise<StoredFile | null>;
  /** Opens a file for writing, creating it where there is none. */
  openPart(name: string): Promise<PartFile>;
  rename(from: string, to: string): Promise<void>;
  /** No error where there is none. */
  remove(name: string): Promise<void>;
}

/** Small values under keys; a value is on disk when `set` resolves, and is never half a value. */
export interface Records {
  keys(): Promise<readonly string[]>;
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
}

/** Room for files, in bytes, as far as the host tells. A hint: writing may fail all the same. */
export interface Room {
  readonly usage: number;
  readonly quota: number;
}

export interface CacheHost {
  readonly files: FileStorage;
  readonly records: Records;
  /**
   * Does work that writes, while no other tab or process does. `onWait` is called if another does so now.
   * @throws what `signal` was aborted with
   */
  exclusive<T>(work: () => Promise<T>, signal?: AbortSignal, onWait?: () => void): Promise<T>;
  /** Null where the host does not tell. */
  room(): Promise<Room | null>;
  /** What a user of this host can do where there is no room. */
  readonly roomCure: string;
}

/** The disk is full, or the browser grants no more. */
export class NoRoomError extends Error {
  override readonly name = 'NoRoomError';
}
