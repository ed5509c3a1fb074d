/**
 * @file A split of a data set on the Hub: found by its name, with licence and commit, and downloaded into memory, each
 * file checked against the Hub's own hash. A data set whose own files cannot be read is taken as the Hub converted it.
 */
import * as v from 'valibot';
import type { DataSource } from '../formats/data_source.ts';
import { MAX_DATA_BYTES } from '../formats/dataset.ts';
import { InputError } from '../formats/input_error.ts';
import type { PartFile, Records } from './cache_host.ts';
import { type DownloadOptions, downloadFile, type FileProgress } from './download_file.ts';
import type { HubClient, HubDatasetListing, HubFile } from './hub.ts';
import { CONVERTED_REVISION, type HubDatasetId } from './hub_dataset_id.ts';
import { HubError } from './hub_error.ts';
import { convertedConfigs, type HubConfig, type HubSplit, hasScript, ownConfigs } from './hub_splits.ts';

/** A split of a data set, at one commit. */
export interface HubDataset {
  /** org/name */
  readonly id: string;
  /** As the user wrote it, or CONVERTED_REVISION. */
  readonly revision: string;
  /** That the files are at: 40 hex digits. */
  readonly commit: string;
  /** As its card says; null where it says nothing. */
  readonly licence: string | null;
  readonly config: string;
  readonly split: string;
  readonly files: readonly HubFile[];
  readonly bytes: number;
  /** Whether the Hub has converted the beginning of the split only. */
  readonly partial: boolean;
}

/** How far a download is: of the file at hand, and of all. */
export interface DatasetProgress extends FileProgress {
  readonly file: string;
  /** Size of the file at hand. */
  readonly bytes: number;
  readonly allDone: number;
  readonly allBytes: number;
}

export interface DatasetDownloadOptions extends Omit<DownloadOptions, 'onProgress'> {
  readonly onProgress?: (progress: DatasetProgress) => void;
}

/** Names that an error lists at most. */
const MAX_NAMES = 20;

/**
 * Finds a split. Nothing of it is downloaded.
 * @param client of data sets
 * @throws HubError; InputError where the data set has no such split, several to choose from, or none that can be read
 */
export async function findDataset(
  client: HubClient,
  wanted: HubDatasetId,
  signal?: AbortSignal,
): Promise<HubDataset> {
  const own = await client.listDataset(wanted, signal);
  const found = own.complete ? ownConfigs(own.files, own.card) : [];
  const isMade = !own.complete || hasScript(own.files, wanted.id);
  if (!isMade && has(found, wanted)) return datasetOf(own, found, wanted, own.card);
  // A revision that was asked for is not what the Hub has converted.
  const converted = wanted.revision === 'main' ? await listConverted(client, wanted, signal) : null;
  const others = converted === null ? [] : convertedConfigs(converted.files);
  if (converted !== null && (has(others, wanted) || found.length === 0) && others.length > 0)
    return datasetOf(converted, others, wanted, own.card);
  if (found.length > 0) return datasetOf(own, found, wanted, own.card);
  throw new InputError(
    wanted.id,
    'has no file that can be read (Parquet, JSONL, JSON or CSV), and the Hub has not converted it to Parquet.',
    'Take another data set, or download it and save its rows as JSON Lines.',
  );
}

/** Downloads all files of a split. @throws HubError; the reason of `signal` */
export async function downloadDataset(
  client: HubClient,
  { id, commit, files, bytes }: HubDataset,
  options: DatasetDownloadOptions,
): Promise<File[]> {
  const downloaded: File[] = [];
  let before = 0;
  for (const file of files) {
    const part = memoryPart(file.bytes);
    const onProgress = (progress: FileProgress) =>
      options.onProgress?.({
        ...progress,
        file: file.name,
        bytes: file.bytes,
        allDone: before + progress.done,
        allBytes: bytes,
      });
    const job = { client, id, commit, file, part, records: memoryRecords(), etagKey: 'etag' };
    await downloadFile(job, { ...options, onProgress });
    downloaded.push(new File([await part.read(0, file.bytes)], `${id}/${file.name}`));
    before += file.bytes;
  }
  return downloaded;
}

/** For headers of projects and manifests of runs. */
export function datasetSource({ id, licence, files, ...of }: HubDataset): DataSource {
  const { revision, commit, config, split, partial } = of;
  const names = files.map(({ name }) => name);
  return { name: id, licence, hub: { revision, commit, config, split, files: names, partial } };
}

/** A data set in a line: what it is, at which commit, under which licence. */
export function datasetText({ id, config, split, commit, revision, licence, partial }: HubDataset): string {
  const of = revision === CONVERTED_REVISION ? ', as the Hub converted it to Parquet' : '';
  const part = partial ? ' (the beginning only)' : '';
  return `${id}, configuration ${config}, split ${split}${part}, at commit ${commit}${of}; licence: ${licence ?? 'none named by its card'}.`;
}

async function listConverted(
  client: HubClient,
  { id }: HubDatasetId,
  signal?: AbortSignal,
): Promise<HubDatasetListing | null> {
  try {
    return await client.listDataset({ id, revision: CONVERTED_REVISION }, signal);
  } catch (error) {
    if (error instanceof HubError && error.kind === 'missing') return null;
    throw error;
  }
}

/** Whether what is wanted is there, or can be chosen without asking. */
function has(configs: readonly HubConfig[], wanted: HubDatasetId): boolean {
  const config = configOf(configs, wanted);
  return config !== undefined && splitOf(config, wanted) !== undefined;
}

function configOf(configs: readonly HubConfig[], { config }: HubDatasetId): HubConfig | undefined {
  if (config !== null) return configs.find(({ name }) => name === config);
  return configs.length === 1 ? configs[0] : configs.find(({ isDefault }) => isDefault);
}

function splitOf({ splits }: HubConfig, { split }: HubDatasetId): HubSplit | undefined {
  const named = splits.find(({ name }) => name === (split ?? 'train'));
  return named ?? (split === null && splits.length === 1 ? splits[0] : undefined);
}

/** @throws InputError that lists what there is to choose from */
function datasetOf(
  { id, revision, commit }: HubDatasetListing,
  configs: readonly HubConfig[],
  wanted: HubDatasetId,
  card: unknown,
): HubDataset {
  const config = configOf(configs, wanted);
  if (!config)
    throw new InputError(
      id,
      wanted.config === null ? 'has several configurations.' : `has no configuration "${wanted.config}".`,
      `Write one of them behind a colon, as in ${id}:${configs[0]!.name}. It has ${listed(configs)}.`,
    );
  const split = splitOf(config, wanted);
  const name = wanted.config === null ? id : `${id}:${config.name}`;
  if (!split)
    throw new InputError(
      id,
      wanted.split === null ? 'has no split "train", but several others.' : `has no split "${wanted.split}".`,
      `Write one of them at the end, as in ${name}/${config.splits[0]!.name}. There are ${listed(config.splits)}.`,
    );
  const bytes = split.files.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > MAX_DATA_BYTES)
    throw new InputError(
      id,
      `has ${Math.ceil(bytes / 2 ** 20)} MB in its split ${split.name}; at most ${MAX_DATA_BYTES / 2 ** 20} MB are read.`,
      `Take another split or configuration (${[...config.splits, ...configs].length > 2 ? `there are ${listed(config.splits)}; ${listed(configs)}` : 'this one has no other'}), or download it and save a part of it.`,
    );
  return {
    ...{ id, revision, commit, licence: licenceOf(card), bytes },
    ...{ config: config.name, split: split.name, files: split.files, partial: split.partial },
  };
}

function listed(items: readonly { readonly name: string }[]): string {
  const names = items.slice(0, MAX_NAMES).map(({ name }) => name);
  return `${names.join(', ')}${items.length > MAX_NAMES ? ` and ${items.length - MAX_NAMES} more` : ''}`;
}

const licenceSchema = v.object({
  license: v.optional(v.union([v.string(), v.array(v.string())])),
  license_name: v.optional(v.string()),
});

/** "other" stands for a licence that the card names in its own words. */
function licenceOf(card: unknown): string | null {
  const parsed = v.safeParse(licenceSchema, card);
  if (!parsed.success) return null;
  const { license, license_name } = parsed.output;
  const names = (typeof license === 'string' ? [license] : (license ?? [])).filter((name) => name !== '');
  if (names.length === 0) return license_name ?? null;
  return names.map((name) => (name === 'other' && license_name ? license_name : name)).join(', ');
}

/** A file that is being downloaded, in memory. */
function memoryPart(bytes: number): PartFile {
  const content = new Uint8Array(bytes);
  let size = 0;
  return {
    size: async () => size,
    read: async (offset, length) => content.subarray(offset, Math.min(size, offset + length)),
    async write(offset, piece) {
      content.set(piece, offset);
      size = offset + piece.length;
    },
    async truncate(to) {
      size = to;
    },
    flush: async () => {},
    close: async () => {},
  };
}

function memoryRecords(): Records {
  const values = new Map<string, unknown>();
  return {
    keys: async () => [...values.keys()],
    get: async (key) => values.get(key),
    set: async (key, value) => void values.set(key, value),
    delete: async (key) => void values.delete(key),
  };
}
