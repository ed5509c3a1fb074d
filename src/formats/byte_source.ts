/** @file Where bytes of a model directory come from, whatever the host: disk, fetch, OPFS, picked files. */

/** A directory of files that can be read in ranges. Implemented by the host layers (cli, workers, store). */
export interface ByteSource {
  /** Shown in messages: a path, a URL or a Hub id. */
  readonly name: string;
  /** org/name of the repository on the Hub that the files were downloaded from; absent where they were not. */
  readonly hubId?: string;
  /** Names of all files, relative to the directory. */
  list(): Promise<string[]>;
  /** Size in bytes. Throws InputError if there is no such file. */
  size(file: string): Promise<number>;
  /** Bytes [offset, offset + length) of a file; to its end by default. */
  read(file: string, offset?: number, length?: number): Promise<Uint8Array>;
}
