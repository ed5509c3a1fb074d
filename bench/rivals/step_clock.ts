/** @file The clock of a training step: when each step ended, and what the processors had worked by then. */
import type { StepRun } from './engine.ts';

export class StepClock {
  readonly #ends: { readonly milliseconds: number; readonly processorSeconds: number }[] = [];

  /** A step's loss is read. */
  ended(): void {
    const { user, system } = process.cpuUsage();
    this.#ends.push({ milliseconds: performance.now(), processorSeconds: (user + system) / 1e6 });
  }

  /**
   * What was timed of at least two steps.
   * @param tokens of a step
   * @param asked milliseconds since the process started at which an adapter was asked for
   */
  figures(tokens: number, asked: number): Omit<StepRun, 'loss' | 'gradNorm'> {
    const [first, last] = [this.#ends[0]!, this.#ends.at(-1)!];
    const later = this.#ends.length - 1;
    return {
      tokensPerSecond: (tokens * later * 1000) / (last.milliseconds - first.milliseconds),
      firstStepFromStart: first.milliseconds / 1000,
      firstStepFromDevice: (first.milliseconds - asked) / 1000,
      firstStepProcessorSeconds: first.processorSeconds,
      processorSecondsPerStep: (last.processorSeconds - first.processorSeconds) / later,
    };
  }
}
