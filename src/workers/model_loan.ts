/**
 * @file A model on the GPU of one worker, lent to another through a port: it generates, and nothing else. The borrower
 * writes with it as the terminal's local author does.
 */
import * as Comlink from 'comlink';
import { InputError } from '../formats/input_error.ts';
import type { Sampling } from '../llama/generate.ts';
import type { Generation, Tuner } from '../train/tuner.ts';
import { describeFailure, type Failure, FailureError } from './failure.ts';

export interface LoanRequest {
  readonly prompts: readonly string[];
  readonly maxNewTokens: number;
  readonly sampling: Partial<Sampling>;
}

export type LoanReply =
  | { readonly ok: true; readonly value: readonly Generation[] }
  | { readonly ok: false; readonly failure: Failure };

interface LoanApi {
  generate(request: LoanRequest): Promise<LoanReply>;
  stop(): void;
}

/**
 * Lends a model.
 * @param generate waits its turn, and throws what says why it cannot
 * @param stop ends what is being generated
 */
export function lendModel(
  port: MessagePort,
  generate: (request: LoanRequest) => Promise<readonly Generation[]>,
  stop: () => void,
): void {
  const api: LoanApi = {
    async generate(request) {
      try {
        return { ok: true, value: await generate(request) };
      } catch (error) {
        return { ok: false, failure: describeFailure(error) };
      }
    },
    stop,
  };
  Comlink.expose(api, port);
}

/** The model at the other end of a port. Where its signal is aborted, the lender is asked to stop. */
export function borrowModel(port: MessagePort): Pick<Tuner, 'generate'> {
  const lender = Comlink.wrap<LoanApi>(port);
  return {
    async generate(prompts, adapter, { maxNewTokens, sampling = {}, signal }) {
      if (adapter !== null) throw new Error('a lent model has no other adapter than its own');
      signal?.throwIfAborted();
      const stop = () => void lender.stop();
      signal?.addEventListener('abort', stop, { once: true });
      try {
        const reply = await lender.generate({ prompts, maxNewTokens, sampling });
        signal?.throwIfAborted();
        if (!reply.ok) throw errorOf(reply.failure);
        return [...reply.value];
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    },
  };
}

/** What was thrown at the other end: whoever asked for too much may ask for less. */
function errorOf(failure: Failure): Error {
  const { kind, place, problem, cure } = failure;
  return kind === 'input' ? new InputError(place, problem, cure) : new FailureError(failure);
}
