/**
 * @file One training run at a time in all tabs of this origin. The lock goes with the tab that holds it, so it is
 * never left behind; holding one also keeps Chrome from freezing the tab in the background.
 */
const LOCK = 'tabtune/train';

/** Runs `work` under the lock. Returns false, without running it, if another tab holds the lock. */
export async function withTrainingLock(work: () => Promise<void>): Promise<boolean> {
  return navigator.locks.request(LOCK, { ifAvailable: true }, async (lock) => {
    if (!lock) return false;
    await work();
    return true;
  });
}

/** Whether a tab trains right now. */
export async function trainingLockHeld(): Promise<boolean> {
  const { held } = await navigator.locks.query();
  return held?.some((lock) => lock.name === LOCK) ?? false;
}

/** Resolves when no tab trains any more. */
export async function trainingLockFree(): Promise<void> {
  await navigator.locks.request(LOCK, { mode: 'shared' }, () => {});
}
