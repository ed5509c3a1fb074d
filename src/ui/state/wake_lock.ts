/** @file Keeps the screen on while training runs: a sleeping computer trains nothing. */

/** Asks for a screen wake lock, again whenever the tab comes back to the front. Returns what releases it. */
export function keepScreenOn(): () => void {
  if (!('wakeLock' in navigator)) return () => {};
  let sentinel: WakeLockSentinel | null = null;
  let over = false;
  const acquire = async () => {
    if (over || document.visibilityState !== 'visible') return;
    try {
      const granted = await navigator.wakeLock.request('screen');
      if (over) await granted.release();
      else sentinel = granted;
    } catch {
      // Refused, by a low battery for example: training goes on without it.
    }
  };
  document.addEventListener('visibilitychange', acquire);
  void acquire();
  return () => {
    over = true;
    document.removeEventListener('visibilitychange', acquire);
    void sentinel?.release();
  };
}
