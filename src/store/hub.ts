/**
 * @file The Hub's side of a model: which commit a revision is, which files it has, of which size and hash. Listing is
 * done by @huggingface/hub; its requests go through hub_fetch.ts, and what it says is checked before it is used.
 */
import { listFiles, modelInfo } from '@huggingface/hub';
import * as v from 'valibot';
import type { ContentHash } from './content_hash.ts';
import { createHasher } from './content_hash.ts';
import { HubError, strange } from './hub_error.ts';
import { askHub, type HubAccess, type HubAnswer, readAll } from './hub_fetch.ts';
import type { HubId } from './hub_id.ts';

/** A file at a commit. */
export interface HubFile {
  readonly name: string;
  readonly bytes: number;
  readonly hash: ContentHash;
}

/** Files at the top of a repository, at the commit that its revision was when it was asked for. */
export interface HubListing {
  readonly id: string;
  /** As the user wrote it. */
  readonly revision: string;
  /** 40 hex digits. */
  readonly commit: string;
  /** Whether its owner asks who downloads it. */
  readonly gated: boolean;
  readonly files: readonly HubFile[];
}

/** Most bytes of an answer of the Hub's API, and most files at the top of a repository. */
const MAX_API_BYTES = 16 * 2 ** 20;
const MAX_FILES = 20_000;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const hex = (digits: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${digits}}$`)));
const infoSchema = v.object({ sha: hex(40), gated: v.optional(v.union([v.string(), v.boolean()]), false) });
const entrySchema = v.object({
  // A name that could leave the folder is no name.
  path: v.pipe(v.string(), v.regex(/^(?!\.{1,2}$)[^/\\\0]{1,255}$/)),
  size: count,
  oid: hex(40),
  lfs: v.optional(v.object({ oid: hex(64), size: count })),
});

export class HubClient {
  constructor(readonly access: HubAccess) {}

  /** @throws HubError */
  async list({ id, revision }: HubId, signal?: AbortSignal): Promise<HubListing> {
    const place = `${id}@${revision}`;
    const options = { hubUrl: this.access.hubUrl, fetch: this.#apiFetch(place, signal) };
    const info = v.safeParse(
      infoSchema,
      await modelInfo({ ...options, name: id, revision, additionalFields: ['sha'] }),
    );
    if (!info.success)
      throw strange(place, `What the Hub says of the model makes no sense (${problemOf(info.issues)}).`);
    const files: HubFile[] = [];
    const repo = { type: 'model' as const, name: id };
    for await (const entry of listFiles({ ...options, repo, revision: info.output.sha })) {
      if (entry.type !== 'file') continue;
      const parsed = v.safeParse(entrySchema, entry);
      if (!parsed.success)
        throw strange(place, `The Hub's list of files makes no sense (${problemOf(parsed.issues)}).`);
      const { path, size, oid, lfs } = parsed.output;
      files.push({
        name: path,
        bytes: lfs?.size ?? size,
        hash: lfs ? { algorithm: 'sha256', value: lfs.oid } : { algorithm: 'git-sha1', value: oid },
      });
      if (files.length > MAX_FILES) throw strange(place, `The Hub lists more than ${MAX_FILES} files.`);
    }
    return { id, revision, commit: info.output.sha, gated: info.output.gated !== false, files };
  }

  /** Asks for a file at a commit, with the headers of a range. @throws HubError */
  open(
    id: string,
    commit: string,
    file: string,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<HubAnswer> {
    const url = `${this.access.hubUrl}/${id}/resolve/${commit}/${encodeURIComponent(file)}`;
    return askHub(this.access, url, { place: `${id}/${file}`, headers, signal });
  }

  /** A small file whole, checked against its hash. @throws HubError */
  async read(
    listing: Pick<HubListing, 'id' | 'commit'>,
    file: HubFile,
    signal?: AbortSignal,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const place = `${listing.id}/${file.name}`;
    const answer = await this.open(listing.id, listing.commit, file.name, {}, signal);
    const bytes = await readAll(answer, place, file.bytes);
    const hasher = createHasher(file.hash.algorithm, file.bytes);
    hasher.update(bytes);
    if (bytes.length !== file.bytes || hasher.digest() !== file.hash.value) throw alteredError(place);
    return bytes;
  }

  /** `fetch` for the API client: answers of a bounded length, from the Hub itself. */
  #apiFetch(place: string, signal?: AbortSignal): typeof fetch {
    return async (input) => {
      const url = String(input);
      // The next page of a list is an address in a header; it must not lead the token elsewhere.
      if (new URL(url).origin !== this.access.hubUrl)
        throw strange(place, `The list goes on at ${new URL(url).host}, which is not the Hub.`);
      const answer = await askHub(this.access, url, {
        place,
        headers: { accept: 'application/json' },
        signal,
      });
      const body = await readAll(answer, place, MAX_API_BYTES);
      try {
        JSON.parse(new TextDecoder().decode(body));
      } catch {
        throw strange(place, 'The Hub answered with something that is no JSON.');
      }
      return new Response(body, { status: answer.response.status, headers: answer.response.headers });
    };
  }
}

function problemOf(issues: readonly [v.BaseIssue<unknown>, ...v.BaseIssue<unknown>[]]): string {
  return `${v.getDotPath(issues[0]) ?? 'it'}: ${issues[0].message}`;
}

export function alteredError(place: string): HubError {
  return new HubError(
    'altered',
    place,
    "What came is not what the Hub has: the bytes do not match the Hub's own hash.",
    'It was thrown away. Download it again; if that fails too, something between this computer and the Hub alters files: try another network.',
  );
}
