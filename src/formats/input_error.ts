/** @file The one error class for bad input: it names the place and the cure, and every host shows it as such. */

/**
 * Bad input from outside (a file, an option, a row): the terminal prints it and exits with 2, the page shows it where
 * it was caused. Anything else that is thrown is a fault of TabTune.
 */
export class InputError extends Error {
  override readonly name = 'InputError';
  constructor(
    /** Where: a file, file:line, an option, a config key. */
    readonly place: string,
    /** What is wrong there. */
    readonly problem: string,
    /** What the user can do about it. */
    readonly cure: string,
  ) {
    super(`${place}: ${problem} ${cure}`);
  }
}
