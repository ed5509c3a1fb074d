/**
 * @file A local server that speaks the Hub's addresses, well and badly: models and data sets, their listing, downloads with ranges,
 * ETags and redirects, and any fault that a test asks for. It counts what it serves.
 */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Content that need not be in memory. */
export interface Content {
  readonly bytes: number;
  read(offset: number, length: number): Uint8Array;
}

export function contentOf(data: string | Uint8Array): Content {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  return { bytes: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/** What goes wrong with one answer. */
export type Fault =
  | { readonly kind: 'status'; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The connection ends after so many bytes of the body, which Content-Length belies. */
  | { readonly kind: 'drop'; readonly after: number }
  /** The body ends, as if it were whole, after so many bytes. */
  | { readonly kind: 'short'; readonly after: number }
  /** So many bytes too many, without a Content-Length. */
  | { readonly kind: 'long'; readonly extra: number }
  /** The byte at this offset of the file is another one. */
  | { readonly kind: 'flip'; readonly at: number }
  /** Nothing comes any more after so many bytes. */
  | { readonly kind: 'stall'; readonly after: number }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'ignore-range' }
  | { readonly kind: 'wrong-range' };

export interface ServedModel {
  readonly commit: string;
  readonly gated: boolean;
  /** Of data sets, what the head of README.md says. */
  readonly card: unknown;
  readonly files: ReadonlyMap<string, ServedFile>;
}

interface ServedFile {
  readonly content: Content;
  readonly isLarge: boolean;
  /** SHA-256 of a large file, id of the git blob of a small one. */
  readonly oid: string;
  etag: string;
}

/** As git: large files are those that .gitattributes names. */
const LARGE = /\.(safetensors|gguf|bin|parquet)$/;
/** The branch that the Hub converts to Parquet. */
const CONVERTED = 'refs/convert/parquet';

type Files = Readonly<Record<string, string | Uint8Array | Content>>;
const CHUNK = 2 ** 16;

export const TOKEN = 'hf_right';

export class HubServer {
  /** By id; data sets by "datasets/" and id, and what is converted of one by "@" and CONVERTED behind that. */
  readonly models = new Map<string, ServedModel>();
  /** Bytes of bodies sent, by name of the file; what a dropped connection had buffered counts too. */
  readonly served = new Map<string, number>();
  /** "GET path range" of every request but preflights, in order. */
  readonly requests: string[] = [];
  /** Authorization of every request to storage, null where there was none. */
  readonly storageTokens: (string | null)[] = [];
  /** The next answers for a file, or for 'api', go wrong in this order. */
  readonly faults = new Map<string, Fault[]>();
  /** Milliseconds between pieces of 64 KiB. */
  pieceDelay = 0;
  readonly #server = createServer((request, response) => {
    this.#answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500).end();
      else response.destroy(error as Error);
    });
  });

  static async start(): Promise<HubServer> {
    const hub = new HubServer();
    await new Promise<void>((resolve) => hub.#server.listen(0, '127.0.0.1', resolve));
    return hub;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** @param converted files of the branch that the Hub makes of it */
  addDataset(
    id: string,
    files: Files,
    { card = null, gated = false, converted }: { card?: unknown; gated?: boolean; converted?: Files } = {},
  ): void {
    this.addModel(`datasets/${id}`, files, gated, card);
    if (converted) this.addModel(`datasets/${id}@${CONVERTED}`, converted, gated, null);
  }

  addModel(id: string, files: Files, gated = false, card: unknown = null): void {
    const served = new Map<string, ServedFile>();
    const commit = createHash('sha1').update(id);
    for (const [name, data] of Object.entries(files)) {
      const content = typeof data === 'string' || data instanceof Uint8Array ? contentOf(data) : data;
      const isLarge = LARGE.test(name);
      const oid = oidOf(content, isLarge);
      commit.update(oid);
      served.set(name, { content, isLarge, oid, etag: `"${oid}"` });
    }
    this.models.set(id, { commit: commit.digest('hex'), gated, card, files: served });
  }

  fail(file: string, ...faults: readonly Fault[]): void {
    this.faults.set(file, [...faults]);
  }

  file(id: string, name: string): ServedFile {
    return this.models.get(id)!.files.get(name)!;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url!, this.url);
    response.setHeader('access-control-allow-origin', '*');
    response.setHeader('access-control-expose-headers', 'ETag,Link,Content-Range,X-Error-Code,X-Repo-Commit');
    if (request.method === 'OPTIONS') {
      response.setHeader('access-control-allow-headers', 'authorization,range');
      response.writeHead(204).end();
      return;
    }
    this.requests.push(`${request.method} ${url.pathname} ${request.headers.range ?? ''}`.trim());
    const path = decodeURIComponent(url.pathname);
    const info = /^\/api\/(models|datasets)\/([^/]+\/[^/]+)\/revision\/(.+)$/.exec(path);
    if (info)
      return this.#api(response, repository(info[1]!, info[2]!), info[3]!, (model) => ({
        _id: '1',
        id: info[2],
        sha: model.commit,
        gated: model.gated ? 'manual' : false,
        lastModified: '2026-01-01T00:00:00Z',
        // The Hub tells only what is asked for.
        ...(url.searchParams.getAll('expand').includes('cardData') ? { cardData: model.card } : {}),
      }));
    const tree = /^\/api\/(models|datasets)\/([^/]+\/[^/]+)\/tree\/([^/]+)$/.exec(path);
    if (tree) return this.#tree(response, repository(tree[1]!, tree[2]!), tree[3]!, url);
    const resolved = /^\/((?:datasets\/)?[^/]+\/[^/]+)\/resolve\/([^/]+)\/(.+)$/.exec(path);
    if (resolved) return this.#resolve(request, response, resolved[1]!, resolved[2]!, resolved[3]!);
    const stored = /^\/storage\/((?:datasets\/)?[^/]+\/[^/@]+(?:@refs\/convert\/parquet)?)\/(.+)$/.exec(path);
    if (stored) {
      const [, id, name] = stored as unknown as [string, string, string];
      this.storageTokens.push(request.headers.authorization ?? null);
      return this.#send(request, response, name, this.file(id, name), this.#next(name));
    }
    response.writeHead(404).end();
  }

  /** Three files to a page, the next one in a Link header, as the Hub does with a thousand. */
  #tree(response: ServerResponse, id: string, revision: string, url: URL): void {
    const from = Number(url.searchParams.get('cursor') ?? 0);
    const isRecursive = url.searchParams.get('recursive') === 'true';
    this.#api(response, id, revision, (model) => {
      const files = [...model.files].filter(([path]) => isRecursive || !path.includes('/'));
      const entries = files.map(([path, { content, isLarge, oid }]) => ({
        type: 'file',
        path,
        size: content.bytes,
        oid: isLarge ? '0'.repeat(40) : oid,
        ...(isLarge ? { lfs: { oid, size: content.bytes, pointerSize: 134 } } : {}),
      }));
      if (from + 3 < entries.length) {
        const next = new URL(url);
        next.searchParams.set('cursor', String(from + 3));
        response.setHeader('link', `<${next.href}>; rel="next"`);
      }
      const folder = { type: 'directory', path: 'onnx', size: 0, oid: '0'.repeat(40) };
      return from === 0 ? [folder, ...entries.slice(0, 3)] : entries.slice(from, from + 3);
    });
  }

  #api(response: ServerResponse, id: string, revision: string, body: (model: ServedModel) => unknown): void {
    const fault = this.#next('api');
    if (fault?.kind === 'status') return void response.writeHead(fault.status, fault.headers).end();
    if (!this.models.has(id)) return void response.writeHead(401, { 'x-error-code': 'RepoNotFound' }).end();
    const model = this.#at(id, revision)?.model;
    if (!model) return void response.writeHead(404, { 'x-error-code': 'RevisionNotFound' }).end();
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(body(model)));
  }

  /** A repository at a revision, with the name it has in `models`. */
  #at(id: string, revision: string): { readonly key: string; readonly model: ServedModel } | null {
    for (const [key, name] of [
      [id, 'main'],
      [`${id}@${CONVERTED}`, CONVERTED],
    ] as const) {
      const model = this.models.get(key);
      if (model && (revision === name || revision === model.commit)) return { key, model };
    }
    return null;
  }

  #resolve(request: IncomingMessage, response: ServerResponse, id: string, revision: string, name: string) {
    const { key, model } = this.#at(id, revision) ?? {};
    const file = model?.files.get(name);
    if (!key || !model || !file || revision !== model.commit)
      return void response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
    if (model.gated && request.headers.authorization !== `Bearer ${TOKEN}`)
      return void response
        .writeHead(request.headers.authorization ? 403 : 401, { 'x-error-code': 'GatedRepo' })
        .end();
    response.setHeader('x-repo-commit', model.commit);
    if (!file.isLarge) return this.#send(request, response, name, file, this.#next(name));
    response.writeHead(302, {
      location: `/storage/${key}/${name}`,
      'x-linked-etag': file.etag,
      'x-linked-size': String(file.content.bytes),
    });
    response.end();
  }

  async #send(
    request: IncomingMessage,
    response: ServerResponse,
    name: string,
    { content, etag }: ServedFile,
    fault: Fault | undefined,
  ): Promise<void> {
    if (fault?.kind === 'status') return void response.writeHead(fault.status, fault.headers).end();
    if (fault?.kind === 'redirect') return void response.writeHead(302, { location: fault.to }).end();
    const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const unchanged = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
    const isRange = asked !== null && unchanged && fault?.kind !== 'ignore-range';
    const start = isRange ? Number(asked[1]) : 0;
    response.setHeader('etag', etag);
    const end = isRange && asked[2] !== '' ? Math.min(content.bytes, Number(asked[2]) + 1) : content.bytes;
    const rest = end - start;
    if (isRange && rest <= 0)
      return void response.writeHead(416, { 'content-range': `bytes */${content.bytes}` }).end();
    if (isRange) {
      const shown = fault?.kind === 'wrong-range' ? start + 1 : start;
      response.setHeader('content-range', `bytes ${shown}-${end - 1}/${content.bytes}`);
    }
    const hasLength = fault?.kind !== 'short' && fault?.kind !== 'long';
    if (hasLength) response.setHeader('content-length', rest);
    response.writeHead(isRange ? 206 : 200);
    const cut = fault && 'after' in fault ? Math.min(rest, fault.after) : rest;
    for (let at = 0; at < cut && !response.destroyed; at += CHUNK) {
      const piece = Uint8Array.from(content.read(start + at, Math.min(CHUNK, cut - at)));
      if (fault?.kind === 'flip' && fault.at >= start + at && fault.at < start + at + piece.length)
        piece[fault.at - start - at]! ^= 1;
      await this.#write(response, name, piece);
      if (this.pieceDelay > 0) await sleep(this.pieceDelay);
    }
    if (fault?.kind === 'long') await this.#write(response, name, new Uint8Array(fault.extra));
    if (fault?.kind === 'stall') return;
    if (fault?.kind === 'drop') response.destroy();
    else response.end();
  }

  async #write(response: ServerResponse, name: string, piece: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => {
      response.once('close', resolve);
      response.write(piece, () => {
        response.off('close', resolve);
        this.served.set(name, (this.served.get(name) ?? 0) + piece.length);
        resolve();
      });
    });
  }

  #next(name: string): Fault | undefined {
    return this.faults.get(name)?.shift();
  }
}

const repository = (kind: string, id: string) => (kind === 'models' ? id : `datasets/${id}`);

function oidOf(content: Content, isLarge: boolean): string {
  const hash = createHash(isLarge ? 'sha256' : 'sha1');
  if (!isLarge) hash.update(`blob ${content.bytes}\0`);
  const step = 2 ** 20;
  for (let at = 0; at < content.bytes; at += step)
    hash.update(content.read(at, Math.min(step, content.bytes - at)));
  return hash.digest('hex');
}
