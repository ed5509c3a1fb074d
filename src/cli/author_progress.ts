/** @file How far authors are, as lines for the terminal: writing may take hours, and endpoints make one wait. */
import type { OnAuthorCall } from '../knowtuning/author_calls.ts';

/** Between two lines about calls there is at least so much time, in milliseconds. */
const LINE_MS = 5000;

/** Passes calls on, and now and then tells how many there have been. */
export function tellCalls(
  onCall: OnAuthorCall,
  write: (line: string) => void,
  clock: () => number,
): OnAuthorCall {
  let calls = 0;
  let last = clock();
  return (call) => {
    calls++;
    if (clock() - last >= LINE_MS) {
      last = clock();
      write(`${calls} calls answered, now: ${call.operation}`);
    }
    return onCall(call);
  };
}

/** Tells that an endpoint makes its callers wait. */
export function tellWait(write: (line: string) => void): (milliseconds: number) => void {
  return (milliseconds) => write(`the endpoint allows the next call in ${Math.ceil(milliseconds / 1000)} s`);
}
