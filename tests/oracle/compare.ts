/** @file How tests say how far two arrays of numbers are apart. */

/** Euclidean norm. */
export function norm(x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!;
  return Math.sqrt(sum);
}

/** ||actual - expected|| / ||expected||; the norm of the difference where expected is all zeros. NaN stays NaN. */
export function relativeDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length)
    throw new Error(`${actual.length} numbers are compared with ${expected.length}.`);
  let sum = 0;
  for (let i = 0; i < expected.length; i++) sum += (actual[i]! - expected[i]!) ** 2;
  return Math.sqrt(sum) / (norm(expected) || 1);
}

/** Largest |actual[i] - expected[i]|; NaN if there is any. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length)
    throw new Error(`${actual.length} numbers are compared with ${expected.length}.`);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= largest)) largest = difference;
    if (Number.isNaN(largest)) return largest;
  }
  return largest;
}
