/**
 * @file Which files of a data set on the Hub are which split of which configuration: as its card says, else by the
 * names of its files and folders, by the rules of Hugging Face's own loader
 * (https://huggingface.co/docs/hub/datasets-data-files-configuration). Of the branch that the Hub converts to Parquet
 * the folders tell (https://huggingface.co/docs/dataset-viewer/parquet).
 */
import * as v from 'valibot';
import type { HubFile } from './hub.ts';
import { matchesPattern } from './path_pattern.ts';

/** Files of one split, all of one format. */
export interface HubSplit {
  readonly name: string;
  readonly files: readonly HubFile[];
  /** Whether the Hub has converted the beginning only. */
  readonly partial: boolean;
}

/** Splits by the names of configurations. */
export interface HubConfig {
  readonly name: string;
  readonly isDefault: boolean;
  readonly splits: readonly HubSplit[];
}

/** What is read, the best first where there are as many files of several. */
const FORMATS = ['parquet', 'jsonl', 'ndjson', 'json', 'csv', 'tsv'];
/** JSON that says something about the data. */
const NO_DATA =
  /^(?:config|dataset_infos?|dataset_dict|state|package|tokenizer(?:_config)?|special_tokens_map|croissant)\.json$/;

/** Names that splits go by. A split begins and ends where a sign or a digit stands. */
const KEYWORDS: Readonly<Record<string, string>> = {
  train: 'train|training',
  validation: 'validation|valid|dev|val',
  test: 'test|testing|eval|evaluation',
};
const SPLITS = Object.entries(KEYWORDS).map(([split, words]) => ({
  split,
  word: new RegExp(`(?:^|[-._ 0-9])(?:${words})(?:$|[-._ 0-9])`),
}));
const SHARD = /^data\/([\w.]+)-\d{5}-of-\d{5}[^/]*\.\w+$/;
const CONVERTED = /^([^/]+)\/(partial-)?([^/]+)\/[^/]+\.parquet$/;

const text = v.union([v.string(), v.pipe(v.number(), v.transform(String))]);
const list = v.union([
  v.array(v.string()),
  v.pipe(
    v.string(),
    v.transform((one) => [one]),
  ),
]);
const configSchema = v.object({
  config_name: text,
  data_files: v.optional(v.union([list, v.array(v.object({ split: text, path: list }))])),
  data_dir: v.optional(v.string()),
  default: v.optional(v.boolean(), false),
});
const cardSchema = v.object({ configs: v.array(configSchema) });

/** Paths that are held against patterns, at most: a card is written by anyone. */
const MAX_MATCHES = 500_000;

/** Configurations with files that can be read, of a data set as its owner has put it there. */
export function ownConfigs(files: readonly HubFile[], card: unknown): HubConfig[] {
  const readable = files.filter(({ name }) => isData(name));
  const parsed = v.safeParse(cardSchema, card);
  const declared = parsed.success ? parsed.output.configs : [];
  if (declared.length === 0)
    return withSplits([{ name: 'default', isDefault: true, splits: splitsByName(readable) }]);
  let matches = 0;
  return withSplits(
    declared.map(({ config_name, data_files, data_dir, default: isDefault }) => {
      const folder = data_dir?.replace(/^\.?\/+|\/+$/g, '');
      const below = folder ? readable.filter(({ name }) => name.startsWith(`${folder}/`)) : readable;
      const entries = data_files?.map((entry) =>
        typeof entry === 'string' ? { split: 'train', path: [entry] } : entry,
      );
      matches += below.length * (entries?.reduce((sum, { path }) => sum + path.length, 0) ?? 0);
      const wanted = matches > MAX_MATCHES ? [] : entries;
      return {
        name: config_name,
        isDefault: isDefault || config_name === 'default',
        splits: wanted ? splitsByPattern(below, wanted, folder ?? '') : splitsByName(below),
      };
    }),
  );
}

/** Configurations of the branch that the Hub converts. */
export function convertedConfigs(files: readonly HubFile[]): HubConfig[] {
  const configs = new Map<string, Map<string, HubFile[]>>();
  for (const file of files) {
    const [, config, partial = '', split] = CONVERTED.exec(file.name) ?? [];
    if (config === undefined || split === undefined) continue;
    const splits = configs.get(config) ?? new Map<string, HubFile[]>();
    const files = splits.get(partial + split) ?? [];
    files.push(file);
    configs.set(config, splits.set(partial + split, files));
  }
  return [...configs].map(([name, splits]) => ({
    name,
    isDefault: name === 'default',
    splits: [...splits].map(([split, of]) => ({
      name: split.replace(/^partial-/, ''),
      files: inOrder(of),
      partial: split.startsWith('partial-'),
    })),
  }));
}

/** Whether a data set has a program that makes its rows: then its files need not be rows themselves. */
export function hasScript(files: readonly HubFile[], id: string): boolean {
  return files.some(({ name }) => name === `${id.split('/')[1]}.py`);
}

function isData(path: string): boolean {
  const names = path.split('/');
  const isHidden = names.some((name) => name.startsWith('.') || name.startsWith('__'));
  return !isHidden && FORMATS.includes(formatOf(path)) && !NO_DATA.test(names.at(-1)!);
}

const formatOf = (path: string) => /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? '';

function splitsByPattern(
  files: readonly HubFile[],
  entries: readonly { readonly split: string; readonly path: readonly string[] }[],
  folder: string,
): HubSplit[] {
  const found = new Map<string, HubFile[]>();
  for (const { split, path } of entries) {
    const patterns = path
      .map((one) => one.replace(/^\.\//, ''))
      .map((one) => (folder ? `${folder}/${one}` : one));
    const of = files.filter(({ name }) => patterns.some((pattern) => matchesPattern(pattern, name)));
    found.set(split, [...(found.get(split) ?? []), ...of]);
  }
  return [...found].map(([name, of]) => ({ name, files: ofOneFormat(of), partial: false }));
}

/** By shards in data/, else by folders, else by files that bear the name of a split; else all is for training. */
function splitsByName(files: readonly HubFile[]): HubSplit[] {
  const found = new Map<string, HubFile[]>();
  const add = (split: string, file: HubFile) =>
    found
      .set(split, found.get(split) ?? [])
      .get(split)!
      .push(file);
  for (const file of files) {
    const split = SHARD.exec(file.name)?.[1];
    if (split !== undefined) add(split, file);
  }
  const parts: readonly ((path: string) => string[])[] = [
    (path) => path.split('/').slice(0, -1),
    (path) => path.split('/').slice(-1),
  ];
  for (const partsOf of parts)
    if (found.size === 0)
      for (const file of files)
        for (const { split, word } of SPLITS)
          if (partsOf(file.name).some((part) => word.test(part))) add(split, file);
  if (found.size === 0) for (const file of files) add('train', file);
  return [...found].map(([name, of]) => ({ name, files: ofOneFormat(of), partial: false }));
}

/** Data sets lie there in several formats at times: of these one is taken, that of most files. */
function ofOneFormat(files: readonly HubFile[]): HubFile[] {
  const byFormat = FORMATS.map((format) => files.filter(({ name }) => formatOf(name) === format));
  return inOrder(byFormat.reduce((most, some) => (some.length > most.length ? some : most)));
}

const inOrder = (files: readonly HubFile[]) => files.toSorted((a, b) => (a.name < b.name ? -1 : 1));

const withSplits = (configs: readonly HubConfig[]) =>
  configs
    .map((config) => ({ ...config, splits: config.splits.filter(({ files }) => files.length > 0) }))
    .filter(({ splits }) => splits.length > 0);
