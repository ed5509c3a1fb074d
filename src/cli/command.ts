/** @file What a command is: its options, what it does, and how its result reads on a terminal. */
import type { OptionSpecs, Options } from './arguments.ts';

export interface Command {
  readonly summary: string;
  readonly options: OptionSpecs;
  /** The option that may be given as the word after the command, without its name. */
  readonly subject?: string;
  /** Does the work and returns the one JSON document. Progress goes to `progress`, which is stderr. */
  run(options: Options, progress: (line: string) => void): Promise<unknown>;
  /** The result as text, where no JSON is asked for. */
  text(result: never): string;
}
