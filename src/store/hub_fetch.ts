/**
 * @file Requests to the Hub: to its hosts only, redirects included, never without end, and every failure an error that
 * says what helps.
 */
import { HubError, type HubKind, hubError, strange, unreachable } from './hub_error.ts';

export const OFFICIAL_HUB = 'https://huggingface.co';

/** Hosts the Hub sends downloads to: https://huggingface.co, its sub-domains, and those of its storage, *.hf.co. */
const HUB_HOSTS = /^(?:(?:[\w-]+\.)*huggingface\.co|(?:[\w-]+\.)+hf\.co)$/;
const MAX_REDIRECTS = 5;

/** Silence after which a request counts as dropped, in milliseconds. */
const DEFAULT_STALL_MS = 30_000;

/** Most bytes of a body that are read at a time. */
const READ_BYTES = 2 ** 18;

export interface HubAccess {
  /** Origin of the Hub or of a mirror of it, without a slash at the end. */
  readonly hubUrl: string;
  readonly fetch: typeof fetch;
  /** Read token, kept in memory only; null for none. */
  readonly token: () => string | null;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /**
   * Whether the host lets redirects be followed one by one, so that each is checked before it is asked, and sends any
   * header. A page cannot: there the Content-Security-Policy stops requests to other hosts, and a header such as
   * If-Range needs the consent of every server on the way.
   */
  readonly unrestricted: boolean;
  readonly stallMs?: number;
}

/** Whether something of the Hub may come from this address. */
export function isHubAddress(url: string, hubUrl: string): boolean {
  const { origin, protocol, hostname, username, port } = new URL(url);
  if (username !== '') return false;
  return origin === hubUrl || (protocol === 'https:' && port === '' && HUB_HOSTS.test(hostname));
}

export interface HubRequest {
  /** Shown in messages. */
  readonly place: string;
  /** Of the repository that is asked for. */
  readonly kind: HubKind;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

export interface HubAnswer {
  readonly response: Response;
  /**
   * Pieces of the body, each to be used before the next is asked for. Fails where none comes for too long. Must be
   * read to its end or closed.
   */
  readonly body: AsyncGenerator<Uint8Array<ArrayBuffer>, void>;
}

/**
 * Asks the Hub for an address.
 * @throws HubError for any answer that is no success; the reason of `signal` where it is aborted
 */
export async function askHub(access: HubAccess, address: string, request: HubRequest): Promise<HubAnswer> {
  const { place, kind, signal } = request;
  const stall = new AbortController();
  const silence = access.stallMs ?? DEFAULT_STALL_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const listen = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stall.abort(), silence);
  };
  const failure = (error: unknown): unknown => {
    clearTimeout(timer);
    if (signal?.aborted) return signal.reason;
    if (error instanceof HubError) return error;
    if (stall.signal.aborted)
      return unreachable(place, `The Hub sent nothing for ${Math.round(silence / 1000)} seconds.`);
    return unreachable(place, `The connection to the Hub failed (${messageOf(error)}).`);
  };

  try {
    listen();
    const both = signal ? AbortSignal.any([signal, stall.signal]) : stall.signal;
    const response = await follow(access, address, request, both);
    if (!response.ok) {
      await response.body?.cancel();
      throw hubError(response, place, kind, access.token() !== null, access.now());
    }
    return { response, body: pieces(response, listen, failure, () => clearTimeout(timer)) };
  } catch (error) {
    throw failure(error);
  }
}

async function follow(
  access: HubAccess,
  address: string,
  { place, headers }: HubRequest,
  signal: AbortSignal,
): Promise<Response> {
  const redirect = access.unrestricted ? 'manual' : 'follow';
  let url = address;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    checkAddress(url, access.hubUrl, place);
    const token = access.token();
    // The token is for the Hub, not for the storage it redirects to.
    const authorization =
      token !== null && new URL(url).origin === access.hubUrl ? { authorization: `Bearer ${token}` } : {};
    const response = await access.fetch(url, {
      headers: { ...headers, ...authorization },
      redirect,
      signal,
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      // What is kept is kept by the cache of models, checked; the browser's own would hold it a second time.
      cache: 'no-store',
    });
    const location =
      response.status >= 300 && response.status < 400 ? response.headers.get('location') : null;
    if (location === null) {
      if (response.url) checkAddress(response.url, access.hubUrl, place);
      return response;
    }
    await response.body?.cancel();
    url = new URL(location, url).href;
  }
  throw strange(place, 'The Hub redirects without end.');
}

function checkAddress(url: string, hubUrl: string, place: string): void {
  if (!isHubAddress(url, hubUrl))
    throw strange(place, `The download is redirected to ${new URL(url).host}, which is no host of the Hub.`);
}

async function* pieces(
  response: Response,
  listen: () => void,
  failure: (error: unknown) => unknown,
  done: () => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void> {
  const reader = response.body ? bodyReader(response.body) : undefined;
  try {
    while (reader) {
      const piece = await reader.read();
      if (!piece) break;
      listen();
      yield piece;
    }
  } catch (error) {
    throw failure(error);
  } finally {
    done();
    // Where the reader of this generator has had enough, the rest is not to be sent.
    await reader?.cancel().catch(() => {});
  }
}

interface BodyReader {
  read(): Promise<Uint8Array<ArrayBuffer> | undefined>;
  cancel(): Promise<void>;
}

/** Reads into one buffer over and over, where the host can: a gigabyte would else leave as much garbage behind. */
function bodyReader(body: ReadableStream<Uint8Array<ArrayBuffer>>): BodyReader {
  let byob: ReadableStreamBYOBReader;
  try {
    byob = body.getReader({ mode: 'byob' });
  } catch {
    // Not a stream of bytes.
    const reader = body.getReader();
    return { read: async () => (await reader.read()).value, cancel: () => reader.cancel() };
  }
  let buffer = new ArrayBuffer(READ_BYTES);
  return {
    async read() {
      const { value, done } = await byob.read(new Uint8Array(buffer));
      if (done || !value) return undefined;
      buffer = value.buffer;
      return value;
    },
    cancel: () => byob.cancel(),
  };
}

/** A whole answer. @throws HubError where it is longer than `maxBytes` */
export async function readAll(
  { body }: HubAnswer,
  place: string,
  maxBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of body) {
    length += part.length;
    if (length > maxBytes)
      throw strange(place, `The Hub sends more than the ${maxBytes} bytes that are expected here.`);
    parts.push(part.slice());
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Node hides the reason of a failed fetch in its cause. */
function messageOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? message ?? String(error);
}
