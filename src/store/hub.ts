/**
 * @file The Hub's side of a model or a data set: which commit a revision is, which files it has, of which size and
 * hash. Listing is done by @huggingface/hub; its requests go through hub_fetch.ts, and what it says is checked before
 * it is used.
 */
import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub';
import * as v from 'valibot';
import type { ContentHash } from './content_hash.ts';
import { createHasher } from './content_hash.ts';
import { HubError, type HubKind, strange } from './hub_error.ts';
import { askHub, type HubAccess, type HubAnswer, readAll } from './hub_fetch.ts';
import type { HubId } from './hub_id.ts';

/** A file at a commit. */
export interface HubFile {
  /** With its folders, where they are listed. */
  readonly name: string;
  readonly bytes: number;
  readonly hash: ContentHash;
}

/** A repository at the commit that its revision was when it was asked for. */
export interface HubListing {
  readonly id: string;
  /** As the user wrote it. */
  readonly revision: string;
  /** 40 hex digits. */
  readonly commit: string;
  /** Whether its owner asks who downloads it. */
  readonly gated: boolean;
  /** Of a model those at the top, of a data set those in folders too. */
  readonly files: readonly HubFile[];
}

/** A data set with what its card says of it, in the card's own form. */
export interface HubDatasetListing extends HubListing {
  readonly card: unknown;
  /** Whether all of its files are listed: some have a million. */
  readonly complete: boolean;
}

/** Most bytes of an answer of the Hub's API, and most files of a repository. */
const MAX_API_BYTES = 16 * 2 ** 20;
const MAX_FILES = 20_000;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const hex = (digits: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${digits}}$`)));
const infoSchema = v.object({
  sha: hex(40),
  gated: v.optional(v.union([v.string(), v.boolean()]), false),
  cardData: v.optional(v.unknown()),
});
// A name that could leave the folder is no name.
const isName = (text: string) => /^(?!\.{1,2}$)[^/\\\0]{1,255}$/.test(text);
const entrySchema = (isPath: (path: string) => boolean) =>
  v.object({
    path: v.pipe(v.string(), v.check(isPath, 'is no name of a file')),
    size: count,
    oid: hex(40),
    lfs: v.optional(v.object({ oid: hex(64), size: count })),
  });
/** Of a model the files at the top, of a data set those in folders too. */
const ENTRY = {
  model: entrySchema(isName),
  dataset: entrySchema((path) => path.split('/').every(isName)),
} as const;

export class HubClient {
  /** @param kind of the repositories that are asked for */
  constructor(
    readonly access: HubAccess,
    readonly kind: HubKind = 'model',
  ) {}

  /** A model and the files at its top. @throws HubError */
  async list(hubId: HubId, signal?: AbortSignal): Promise<HubListing> {
    const place = `${hubId.id}@${hubId.revision}`;
    const { card: _, complete, ...listing } = await this.#list(hubId, signal);
    if (!complete) throw strange(place, `The Hub lists more than ${MAX_FILES} files.`);
    return listing;
  }

  /** A data set, its card, and the files in all folders. @throws HubError */
  listDataset(hubId: HubId, signal?: AbortSignal): Promise<HubDatasetListing> {
    return this.#list(hubId, signal);
  }

  async #list({ id, revision }: HubId, signal?: AbortSignal): Promise<HubDatasetListing> {
    const place = `${id}@${revision}`;
    const options = { hubUrl: this.access.hubUrl, fetch: this.#apiFetch(place, signal) };
    const asked = { ...options, name: id, revision };
    const isModel = this.kind === 'model';
    const info = v.safeParse(
      infoSchema,
      isModel
        ? await modelInfo({ ...asked, additionalFields: ['sha'] })
        : await datasetInfo({ ...asked, additionalFields: ['sha', 'cardData'] }),
    );
    if (!info.success)
      throw strange(place, `What the Hub says of ${id} makes no sense (${problemOf(info.issues)}).`);
    const { sha: commit, gated, cardData } = info.output;
    const base = { id, revision, commit, gated: gated !== false, card: cardData ?? null };
    const files: HubFile[] = [];
    const repo = { type: this.kind, name: id };
    for await (const entry of listFiles({ ...options, repo, revision: commit, recursive: !isModel })) {
      if (entry.type !== 'file') continue;
      const parsed = v.safeParse(ENTRY[this.kind], entry);
      if (!parsed.success)
        throw strange(place, `The Hub's list of files makes no sense (${problemOf(parsed.issues)}).`);
      const { path, size, oid, lfs } = parsed.output;
      if (files.length === MAX_FILES) return { ...base, files, complete: false };
      files.push({
        name: path,
        bytes: lfs?.size ?? size,
        hash: lfs ? { algorithm: 'sha256', value: lfs.oid } : { algorithm: 'git-sha1', value: oid },
      });
    }
    return { ...base, files, complete: true };
  }

  /** Asks for a file at a commit, with the headers of a range. @throws HubError */
  open(
    id: string,
    commit: string,
    file: string,
    headers: Readonly<Record<string, string>>,
    signal?: AbortSignal,
  ): Promise<HubAnswer> {
    const { access, kind } = this;
    const repository = kind === 'model' ? id : `datasets/${id}`;
    const path = file.split('/').map(encodeURIComponent).join('/');
    const url = `${access.hubUrl}/${repository}/resolve/${commit}/${path}`;
    return askHub(access, url, { place: `${id}/${file}`, kind, headers, signal });
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
        kind: this.kind,
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
