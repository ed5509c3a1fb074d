/** @file What goes on before the first result, as lines for the terminal. */
import type { OnPreparation } from '../train/tuner.ts';

/** Between two lines about the same compilation there is at least so much time, in milliseconds. */
const LINE_MS = 1000;

/** Tells each compilation's beginning and end, and on the way how far it is, but not every kernel. */
export function preparationLines(write: (line: string) => void, clock: () => number): OnPreparation {
  let last = Number.NEGATIVE_INFINITY;
  return (preparation) => {
    if (preparation.phase === 'first-step') {
      write('running the first step');
      return;
    }
    const { done, total } = preparation;
    if (done > 0 && done < total && clock() - last < LINE_MS) return;
    last = clock();
    write(`compiling kernels: ${done} of ${total}`);
  };
}
