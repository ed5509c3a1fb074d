/** @file Errors as plain objects: structured cloning strips an Error's class, and with it the place and the cure. */
import { InputError } from '../formats/input_error.ts';
import { DeviceLostError } from '../gpu/gpu.ts';

/** What went wrong, where, and what the user can do about it. */
export interface Failure {
  /**
   * 'input': what was given cannot be used; 'no-webgpu': this browser has no WebGPU; 'no-adapter': it has, but no GPU
   * that it would hand out; 'busy': another tab trains; 'lost': the GPU went away; 'worker': the worker died;
   * 'fault': a fault of TabTune.
   */
  readonly kind: 'input' | 'no-webgpu' | 'no-adapter' | 'busy' | 'lost' | 'worker' | 'fault';
  readonly place: string;
  readonly problem: string;
  readonly cure: string;
}

/** A failure on its way through code that throws. */
export class FailureError extends Error {
  override readonly name = 'FailureError';
  constructor(readonly failure: Failure) {
    super(`${failure.place}: ${failure.problem} ${failure.cure}`);
  }
}

/** Any thrown value as a failure. */
export function describeFailure(error: unknown): Failure {
  if (error instanceof FailureError) return error.failure;
  if (error instanceof InputError)
    return { kind: 'input', place: error.place, problem: error.problem, cure: error.cure };
  if (error instanceof DeviceLostError)
    return {
      kind: 'lost',
      place: 'GPU',
      problem: error.message,
      cure: 'What was saved is kept. Reload the page; if the GPU stays away, restart the browser.',
    };
  if (error instanceof DOMException && error.name === 'QuotaExceededError')
    return {
      kind: 'input',
      place: 'Storage',
      problem: 'The browser has no room left for the results of this run.',
      cure: 'Free some disk space or leave private browsing, then run again. Earlier runs are untouched.',
    };
  return {
    kind: 'fault',
    place: 'TabTune',
    problem: error instanceof Error ? error.message : String(error),
    cure: 'This is a fault of TabTune. Reload the page to try again; please report it with the text above.',
  };
}
