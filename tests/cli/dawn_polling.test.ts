/** @file A process that waits for the GPU rests; one that waits for a timer is not held up. */
import { expect, it } from 'vitest';
import { restWhilePolling } from '../../src/cli/dawn_polling.ts';

/** Turns of the event loop within `milliseconds` while setImmediate keeps it going, as Dawn does, and processor seconds. */
async function poll(milliseconds: number): Promise<{ turns: number; seconds: number }> {
  const before = process.cpuUsage();
  const end = performance.now() + milliseconds;
  let turns = 0;
  while (performance.now() < end) {
    turns++;
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { user, system } = process.cpuUsage(before);
  return { turns, seconds: (user + system) / 1e6 };
}

it('rests in each turn of the event loop, and in none that waits by itself', async () => {
  const spinning = await poll(200);
  restWhilePolling();
  const resting = await poll(200);
  // A turn takes 0.2 ms at least.
  expect(resting.turns).toBeLessThan(1100);
  expect(resting.turns).toBeLessThan(spinning.turns / 2);
  expect(resting.turns).toBeGreaterThan(10);
  expect(resting.seconds).toBeLessThan(0.15);
  // With nothing to poll the process sleeps until its timer.
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 200));
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e6).toBeLessThan(0.1);
});
