/**
 * @file Which files of a folder make a model: config.json, the tokenizer, and weights as safetensors (whole or in
 * shards), or one .gguf that holds all of it. The rule is one for the Hub, a picked folder and a cache.
 */
import { InputError } from '../formats/input_error.ts';
import { isJsonObject } from '../formats/json.ts';

/** A file with its size in bytes. */
export interface NamedFile {
  readonly name: string;
  readonly bytes: number;
}

export const SAFETENSORS = 'safetensors';
const WHOLE = 'model.safetensors';
export const SHARD_INDEX = 'model.safetensors.index.json';
const SHARD = /^model-(\d{5})-of-(\d{5})\.safetensors$/;
const SPLIT_GGUF = /-\d{5}-of-\d{5}\.gguf$/i;

/** Besides the weights. The first two must be there. */
const REQUIRED = ['config.json', 'tokenizer.json'] as const;
const OPTIONAL = [
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'chat_template.jinja',
  'generation_config.json',
] as const;

/** One way to load a model from a folder: by its safetensors, or by one of its .gguf files. */
export interface ModelVariant<F extends NamedFile = NamedFile> {
  /** "safetensors" or the name of a .gguf file. */
  readonly name: string;
  /** All files it needs, small ones first. */
  readonly files: readonly F[];
  /** Sum of their sizes. */
  readonly bytes: number;
}

/**
 * All ways to load a model from a folder; safetensors first.
 * @param place shown in messages
 * @throws InputError where there is none, saying what is missing
 */
export function modelVariants<F extends NamedFile>(files: readonly F[], place: string): ModelVariant<F>[] {
  const byName = new Map(files.map((file) => [file.name, file]));
  const weights = safetensors(files, byName);
  const missing = REQUIRED.filter((name) => !byName.has(name));
  const variants: ModelVariant<F>[] = [];
  if (weights.length > 0 && missing.length === 0) {
    const small = [...REQUIRED, ...OPTIONAL].flatMap((name) => byName.get(name) ?? []);
    variants.push(variant(SAFETENSORS, [...small, ...weights]));
  }
  for (const file of files)
    if (/\.gguf$/i.test(file.name) && !SPLIT_GGUF.test(file.name)) variants.push(variant(file.name, [file]));
  if (variants.length > 0) return variants;
  throw weights.length > 0
    ? new InputError(
        place,
        `has no ${missing.join(' and no ')}.`,
        missing.includes('tokenizer.json')
          ? 'TabTune reads tokenizer.json only: take a copy of the model that has one, or a .gguf file, which holds its tokenizer.'
          : 'Take a copy of the model with all of its files.',
      )
    : new InputError(
        place,
        files.some((file) => /\.(bin|pt|pth)$/.test(file.name))
          ? 'has its weights in PyTorch format only.'
          : 'has no weights that TabTune reads.',
        'Take a model with safetensors or with one .gguf file.',
      );
}

const variant = <F extends NamedFile>(name: string, files: readonly F[]): ModelVariant<F> => ({
  name,
  files,
  bytes: files.reduce((sum, file) => sum + file.bytes, 0),
});

/** The file, or index and all shards; nothing where one of them is missing. */
function safetensors<F extends NamedFile>(files: readonly F[], byName: ReadonlyMap<string, F>): F[] {
  const whole = byName.get(WHOLE);
  if (whole) return [whole];
  const index = byName.get(SHARD_INDEX);
  if (!index) return [];
  const shards = files.filter((file) => SHARD.test(file.name));
  const total = Number(SHARD.exec(shards[0]?.name ?? '')?.[2] ?? 0);
  const complete = total > 0 && shards.length === total;
  return complete ? [index, ...shards.toSorted((a, b) => (a.name < b.name ? -1 : 1))] : [];
}

/**
 * Refuses an index that asks for files which are not among those chosen.
 * @param index the parsed model.safetensors.index.json
 */
export function checkShardIndex(index: unknown, variant: ModelVariant, place: string): void {
  const map = isJsonObject(index) && isJsonObject(index.weight_map) ? index.weight_map : null;
  const wanted = new Set(map === null ? [] : Object.values(map));
  const present = new Set<unknown>(variant.files.map((file) => file.name));
  const missing = [...wanted].filter((name) => !present.has(name));
  if (map === null || missing.length > 0)
    throw new InputError(
      `${place}/${SHARD_INDEX}`,
      map === null ? 'has no weight_map.' : `names ${String(missing[0])}, which is not there.`,
      'Take a copy of the model with all of its files.',
    );
}

/**
 * The variant of this name.
 * @param name null for the one there is, or the safetensors
 * @throws InputError naming all variants where the choice is not clear
 */
export function pickVariant<F extends NamedFile>(
  variants: readonly ModelVariant<F>[],
  name: string | null,
  place: string,
): ModelVariant<F> {
  const found =
    name === null
      ? (variants.find((v) => v.name === SAFETENSORS) ?? (variants.length === 1 ? variants[0] : undefined))
      : variants.find((v) => v.name === name);
  if (found) return found;
  const names = variants.map((v) => v.name).join(', ');
  throw name === null
    ? new InputError(place, 'has several .gguf files.', `Name one of them: ${names}.`)
    : new InputError(place, `has no ${name}.`, `It has ${names}.`);
}
