/** @file The studio worker's script: the project that is being worked on, in this tab and no other. */
import * as Comlink from 'comlink';
import { InputError } from '../formats/input_error.ts';
import { ProjectStore } from '../store/project_store.ts';
import { strictStore } from '../store/strict_store.ts';
import { Studio } from './studio.ts';
import { openStudioAuthor } from './studio_authors.ts';

const LOCK = 'tabtune/studio';
/** A tab that is reloaded has the lock until its worker has ended. */
const LOCK_WAIT_MS = 5000;

let held: Promise<void> | undefined;

/** Holds the lock until this worker ends. */
function holdLock(): Promise<void> {
  held ??= new Promise((resolve, reject) => {
    navigator.locks
      .request(LOCK, { signal: AbortSignal.timeout(LOCK_WAIT_MS) }, () => {
        resolve();
        return new Promise<never>(() => {});
      })
      .catch(() => {
        held = undefined;
        reject(
          new InputError('Studio', 'The project is open in another tab.', 'Go on there, or close that tab.'),
        );
      });
  });
  return held;
}

Comlink.expose(
  new Studio(new ProjectStore(strictStore('tabtune-studio', 'records')), openStudioAuthor, holdLock, () =>
    crypto.randomUUID(),
  ),
);
