/**
 * @file The requests that the client library sends, as this project wants them: no header beyond what is needed, no
 * redirect, and answers read to their end. A connection that breaks in the middle of an answer, or an answer that is
 * no JSON, thereby counts as a connection error, which the library tries again.
 */

/** Headers that are sent on; others of the library describe the machine, and some servers' CORS refuses them. */
const SENT = ['accept', 'content-type'];

export interface WholeFetchOptions {
  readonly fetch: typeof fetch;
  /** Null where the endpoint needs none. */
  readonly key: string | null;
  /** Sees each answer's status and headers, whether or not it is tried again. */
  readonly onAnswer: (status: number, headers: Headers) => void;
}

/** A fetch for the client library. */
export function wholeFetch({ fetch, key, onAnswer }: WholeFetchOptions) {
  return async (address: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    const given = new Headers(init.headers);
    const headers = new Headers();
    for (const name of SENT) if (given.has(name)) headers.set(name, given.get(name)!);
    if (key !== null) headers.set('authorization', `Bearer ${key}`);
    const response = await fetch(address, {
      method: init.method ?? 'GET',
      headers,
      body: init.body ?? null,
      signal: init.signal ?? null,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      redirect: 'error',
      cache: 'no-store',
    });
    onAnswer(response.status, response.headers);
    const body = await response.text();
    if (response.ok) {
      try {
        JSON.parse(body);
      } catch {
        throw new Error(`The answer with status ${response.status} is no whole JSON document.`);
      }
    }
    return new Response(body, {
      status: response.status,
      statusText: response.statusText,
      headers: response.headers,
    });
  };
}
