/**
 * @file What the Hub's refusals mean, and what helps. The Hub explains itself in the header X-Error-Code, which names
 * gated repositories, and hides private ones behind a 401 that also stands for "there is no such repository".
 */
import { InputError } from '../formats/input_error.ts';

export type HubProblem =
  /** A token is asked for, or the one given is not enough. */
  | 'token'
  | 'missing'
  /** Too many requests. */
  | 'busy'
  /** No connection, a dropped one, or a server at fault: may work later. */
  | 'unreachable'
  /** What came is not what the Hub promised. */
  | 'altered'
  /** An answer that the Hub does not give. */
  | 'strange';

export class HubError extends InputError {
  constructor(
    readonly kind: HubProblem,
    place: string,
    problem: string,
    cure: string,
    /** Seconds after which the Hub may be asked again, where it said so. */
    readonly retryAfter: number | null = null,
  ) {
    super(place, problem, cure);
  }

  /** Whether asking again, unchanged, may help. */
  get transient(): boolean {
    return this.kind === 'busy' || this.kind === 'unreachable';
  }
}

/** Longest wait that is believed, in seconds: a day. */
const MAX_RETRY_AFTER = 86_400;

/**
 * Seconds to wait by Retry-After (seconds or a date) or by the Hub's own RateLimit header ("api";r=0;t=55).
 * @param now milliseconds since 1970
 */
export function retryAfterSeconds(headers: Headers, now: number): number | null {
  const text = headers.get('retry-after');
  const reset = /;\s*t=(\d{1,9})/.exec(headers.get('ratelimit') ?? '')?.[1];
  const seconds =
    text === null
      ? Number(reset ?? Number.NaN)
      : /^\d{1,9}$/.test(text)
        ? Number(text)
        : Math.ceil((Date.parse(text) - now) / 1000);
  return Number.isFinite(seconds) ? Math.min(MAX_RETRY_AFTER, Math.max(0, seconds)) : null;
}

/** What a repository of the Hub holds. */
export type HubKind = 'model' | 'dataset';

/** The error for an answer that is no success. @param now milliseconds since 1970 */
export function hubError(
  response: Response,
  place: string,
  kind: HubKind,
  hasToken: boolean,
  now: number,
): HubError {
  const { status, headers } = response;
  const thing = kind === 'model' ? 'model' : 'data set';
  const code = headers.get('x-error-code') ?? '';
  const fail = (kind: HubProblem, problem: string, cure: string, after: number | null = null) =>
    new HubError(kind, place, problem, cure, after);
  if (code === 'GatedRepo' || status === 403)
    return fail(
      'token',
      hasToken
        ? `The Hub does not open this ${thing} for your token (status ${status}).`
        : `This ${thing} is gated: its owner wants to know who downloads it (status ${status}).`,
      hasToken
        ? `Accept the conditions on the page of the ${thing} at huggingface.co with the account of this token, and let the token read gated repositories.`
        : `Accept the conditions on the page of the ${thing} at huggingface.co, make a read token in your settings there, and give it here.`,
    );
  if (status === 401)
    return fail(
      'token',
      hasToken
        ? `The Hub does not accept the token, or there is no such ${thing} (status 401).`
        : `The Hub shows this to nobody without a token: the ${thing} is private or gated, or there is none of this name (status 401).`,
      hasToken
        ? 'Check the name, and make a new read token in your settings at huggingface.co.'
        : 'Check the name; if it is right, give a read token from your settings at huggingface.co.',
    );
  if (code === 'RevisionNotFound')
    return fail(
      'missing',
      'There is no such revision (status 404).',
      `Leave the revision at main, or take one that the page of the ${thing} at huggingface.co lists.`,
    );
  if (status === 404 || status === 410)
    return fail(
      'missing',
      `There is nothing of this name on the Hub (status ${status}).`,
      'Check the spelling of organisation and name, capitals included.',
    );
  if (status === 429) {
    const after = retryAfterSeconds(headers, now);
    return fail(
      'busy',
      'The Hub has had too many requests from this address (status 429).',
      `Try again ${after === null ? 'in a few minutes' : `in ${after} seconds`}. What was downloaded so far is kept; a token raises the limit.`,
      after,
    );
  }
  if (status >= 500)
    return fail(
      'unreachable',
      `The Hub has a fault (status ${status}).`,
      'Try again later. What was downloaded so far is kept.',
      retryAfterSeconds(headers, now),
    );
  return fail(
    'strange',
    `The Hub answered with status ${status}, which is not expected here.`,
    `Try again; if it stays so, download the ${thing} by other means and open it from its folder.`,
  );
}

export function unreachable(place: string, why: string): HubError {
  return new HubError(
    'unreachable',
    place,
    why,
    'Check the connection to the Internet, then go on. What was downloaded so far is kept.',
  );
}

export function strange(place: string, problem: string): HubError {
  return new HubError(
    'strange',
    place,
    problem,
    'Something between this computer and the Hub alters its answers: try another network.',
  );
}
