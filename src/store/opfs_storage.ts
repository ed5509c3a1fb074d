/**
 * @file Files in the origin's private file system. Writing goes through a synchronous access handle, which exists in
 * workers only; it is also a lock on its file.
 */
import { type FileStorage, NoRoomError, type PartFile } from './cache_host.ts';
import { fileOfBlob } from './stored_source.ts';

/** Chrome, Firefox and Safari have it for the private file system; TypeScript's DOM library does not. */
type Movable = FileSystemFileHandle & { move(name: string): Promise<void> };

/** @param folder name of a folder at the root; made when it is first written to */
export function opfsStorage(folder: string): FileStorage {
  const directory = async () =>
    (await navigator.storage.getDirectory()).getDirectoryHandle(folder, { create: true });
  const handle = async (name: string): Promise<FileSystemFileHandle | null> => {
    try {
      return await (await directory()).getFileHandle(name);
    } catch (error) {
      if (isNotFound(error)) return null;
      throw error;
    }
  };
  return {
    async list() {
      const found: { name: string; bytes: number }[] = [];
      for await (const entry of (await directory()).values())
        if (entry.kind === 'file')
          found.push({ name: entry.name, bytes: (await (entry as FileSystemFileHandle).getFile()).size });
      return found;
    },
    async open(name) {
      const file = await (await handle(name))?.getFile();
      return file ? fileOfBlob(file, file.lastModified) : null;
    },
    async openPart(name) {
      const file = await (await directory()).getFileHandle(name, { create: true });
      return partFile(await file.createSyncAccessHandle());
    },
    async rename(from, to) {
      const file = await (await directory()).getFileHandle(from);
      await this.remove(to);
      await (file as Movable).move(to);
    },
    async remove(name) {
      await (await directory()).removeEntry(name).catch((error: unknown) => {
        if (!isNotFound(error)) throw error;
      });
    },
  };
}

function partFile(access: FileSystemSyncAccessHandle): PartFile {
  const written = <T>(work: () => T): T => {
    try {
      return work();
    } catch (error) {
      throw isNoRoom(error) ? new NoRoomError() : error;
    }
  };
  return {
    size: async () => access.getSize(),
    async read(offset, length) {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, access.read(bytes, { at: offset }));
    },
    async write(offset, bytes) {
      const count = written(() => access.write(bytes as Uint8Array<ArrayBuffer>, { at: offset }));
      // Where the disk is full, some browsers write a part and say so only by this.
      if (count !== bytes.length) throw new NoRoomError();
    },
    async truncate(size) {
      written(() => access.truncate(size));
    },
    async flush() {
      written(() => access.flush());
    },
    async close() {
      access.close();
    },
  };
}

const isNotFound = (error: unknown) => error instanceof DOMException && error.name === 'NotFoundError';
const isNoRoom = (error: unknown) => error instanceof DOMException && error.name === 'QuotaExceededError';
