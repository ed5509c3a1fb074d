/**
 * @file What an endpoint's error means: that no call can succeed (the run ends and says what helps), that this row
 * cannot be done, or that it may go better another time.
 */
import { APIConnectionError, APIConnectionTimeoutError, APIError } from 'openai';

export interface EndpointFailure {
  readonly kind: /** Nothing will succeed until the user has done something. */
    | 'hopeless'
    /** So it is, unless the endpoint has worked before. */
    | 'setup'
    /** This call will not succeed, others may. */
    | 'row'
    /** It may succeed later. */
    | 'passing';
  readonly reason: string;
  readonly cure: string;
}

/**
 * Sorts an error that the client library gave up on.
 * @param key is never repeated, even where the endpoint does
 */
export function endpointFailure(error: unknown, key: string | null): EndpointFailure {
  if (error instanceof APIConnectionTimeoutError)
    return { kind: 'passing', reason: 'The endpoint did not answer in time.', cure: LATER };
  if (error instanceof APIConnectionError)
    return {
      kind: 'setup',
      reason: `The connection to the endpoint failed (${hide(rootCause(error), key)}).`,
      cure: 'Check that the server runs at this address, and the connection.',
    };
  if (!(error instanceof APIError) || error.status === undefined)
    return { kind: 'passing', reason: hide(messageOf(error), key), cure: LATER };
  const said = `${error.status}: ${hide(error.message.replace(/^\d{3}\s+/, ''), key)}`;
  switch (error.status) {
    case 401:
    case 403:
      return {
        kind: 'setup',
        reason: `The endpoint refuses the key, or the lack of one (${said}).`,
        cure: 'Give the key that belongs to this endpoint; the terminal takes it from OPENAI_API_KEY.',
      };
    case 404:
      return {
        kind: 'setup',
        reason: `The endpoint does not have what it is asked for (${said}).`,
        cure: "Check the name of the model, and that the address ends as the endpoint's own documentation says, often in /v1.",
      };
    case 429:
      return error.code === 'insufficient_quota'
        ? {
            kind: 'hopeless',
            reason: `The endpoint's account has no credit left (${said}).`,
            cure: 'Add credit, and run it again: what was written is kept.',
          }
        : { kind: 'passing', reason: `The endpoint is asked too often (${said}).`, cure: SLOWER };
    case 400:
    case 413:
    case 422:
      return {
        kind: isTooLong(error) ? 'row' : 'passing',
        reason: `The endpoint does not take this call (${said}).`,
        cure: 'See what the endpoint says, and run it again: what was written is kept.',
      };
    default:
      return { kind: 'passing', reason: `The endpoint failed (${said}).`, cure: LATER };
  }
}

/** Whether a row is more than the model's context holds, as OpenAI, vLLM and llama.cpp say it. */
function isTooLong({ status, code, message }: APIError): boolean {
  return (
    status === 413 || code === 'context_length_exceeded' || /context (?:length|size|window)/i.test(message)
  );
}

const LATER = 'Run it again later: what was written is kept.';
const SLOWER = 'Run it again with a lower concurrency: what was written is kept.';

/** A text in which the key does not occur, and not too long for a list of problems. */
function hide(text: string, key: string | null): string {
  const hidden = key === null ? text : text.replaceAll(key, '[key]');
  return hidden.length > 300 ? `${hidden.slice(0, 300)}…` : hidden;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Node hides why a fetch failed in causes of causes. */
function rootCause(error: Error): string {
  let deepest: unknown = error;
  while (deepest instanceof Error && deepest.cause !== undefined) deepest = deepest.cause;
  const code = (deepest as { code?: unknown }).code;
  return messageOf(deepest) || String(code ?? 'no reason given');
}
