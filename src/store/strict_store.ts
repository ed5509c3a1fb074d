/**
 * @file An idb-keyval store whose writes are on disk when they resolve. idb-keyval's own store leaves durability to
 * the browser, and Chrome's default since version 121 is "relaxed": a crash may lose a write that was reported done.
 */
import type { UseStore } from 'idb-keyval';

/** How a transaction reaches IndexedDB; handed in so that a test can do without a browser. */
export interface StrictStoreOptions {
  /** Defaults to the global one. */
  readonly factory?: IDBFactory;
}

/**
 * A store of idb-keyval in a database of its own. Transactions ask for strict durability; the connection gives way
 * when another tab upgrades or deletes the database, and is opened anew when it was closed meanwhile.
 */
export function strictStore(database: string, name: string, options: StrictStoreOptions = {}): UseStore {
  let opening: Promise<IDBDatabase> | undefined;

  const open = (): Promise<IDBDatabase> => {
    opening ??= openDatabase(options.factory ?? indexedDB, database, name, () => {
      opening = undefined;
    });
    opening.catch(() => {
      opening = undefined;
    });
    return opening;
  };

  const transact = <T>(
    db: IDBDatabase,
    mode: IDBTransactionMode,
    callback: (store: IDBObjectStore) => T | PromiseLike<T>,
  ) => callback(db.transaction(name, mode, { durability: 'strict' }).objectStore(name));

  return async (mode, callback) => {
    const db = await open();
    try {
      return await transact(db, mode, callback);
    } catch (error) {
      // Only opening the transaction throws this: the connection was closed under us, so nothing has been written.
      if (!(error instanceof DOMException) || error.name !== 'InvalidStateError') throw error;
      opening = undefined;
      return transact(await open(), mode, callback);
    }
  };
}

function openDatabase(factory: IDBFactory, database: string, name: string, onGone: () => void) {
  return new Promise<IDBDatabase>((resolve, reject) => {
    const request = factory.open(database, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(name);
    request.onerror = () => reject(request.error);
    request.onblocked = () => reject(new Error(`Another tab keeps the database "${database}" open.`));
    request.onsuccess = () => {
      const db = request.result;
      db.onversionchange = () => {
        db.close();
        onGone();
      };
      db.onclose = onGone;
      resolve(db);
    };
  });
}
