/**
 * @file Lets the process rest while it waits for the GPU. Dawn for Node asks for news of the GPU in every turn of the event
 * loop, by setImmediate, for as long as a promise of its is pending: without rest a core does nothing else, which on a
 * software adapter is half of the "GPU".
 */

/** Rest in each turn of the event loop, in milliseconds: short beside a step, long beside the question for news. */
const REST_MILLISECONDS = 0.2;

let isResting = false;

/**
 * From now on, each turn of an event loop that setImmediate keeps going rests for a moment. Turns that wait for timers,
 * files or messages are not slowed down: what keeps resting does not keep the loop going itself.
 */
export function restWhilePolling(): void {
  if (isResting) return;
  isResting = true;
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  const rest = () => {
    Atomics.wait(nothing, 0, 0, REST_MILLISECONDS);
    setImmediate(rest).unref();
  };
  setImmediate(rest).unref();
}
