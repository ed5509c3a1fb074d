/** @file What a directory of files says of a model, whatever its format: configuration, tensors, tokenizer, template, name. */
import type { ByteSource } from '../formats/byte_source.ts';
import { type GgufFile, openGguf } from '../formats/gguf.ts';
import { ggufLlama } from '../formats/gguf_llama.ts';
import { GgufMetadata } from '../formats/gguf_metadata.ts';
import { InputError } from '../formats/input_error.ts';
import { decodeUtf8, parseJson } from '../formats/json.ts';
import { openSafetensors } from '../formats/safetensors.ts';
import type { StoredType, TensorSource } from '../formats/tensor_source.ts';
import type { LlamaConfig } from '../llama/config.ts';
import { parseLlamaConfig } from '../llama/parse_config.ts';
import { ggufTokenizer } from '../text/gguf_tokenizer.ts';

export interface ModelFiles {
  readonly kind: 'safetensors' | 'gguf';
  /** The parsed config.json, or what it would say of a GGUF file. */
  readonly configJson: unknown;
  readonly config: LlamaConfig;
  /** SHA-256 of config.json's bytes, in hexadecimal; of a GGUF file of the compact JSON that stands in for it. */
  readonly configSha256: string;
  readonly tensors: TensorSource;
  /** Bytes of tokenizer.json and tokenizer_config.json. */
  readonly tokenizerJson: Uint8Array;
  readonly tokenizerConfigJson: Uint8Array;
  /** Text of chat_template.jinja; null where there is none, as tokenizer_config.json may hold one. */
  readonly chatTemplate: string | null;
  /** Name for `base_model_name_or_path`: a Hub id where the files name one, else the last path segment. */
  readonly baseModel: string;
}

/** A configuration has a few kilobytes, a chat template not many more. */
const MAX_TEXT_BYTES = 2 ** 20;

/**
 * Opens a directory of safetensors (single or in shards), or with one GGUF file.
 * @param gguf the GGUF file to open, where there are several or safetensors too
 * @throws InputError naming the file that is missing, one too many, or wrong
 */
export async function openModelFiles(source: ByteSource, gguf?: string): Promise<ModelFiles> {
  const files = new Set(await source.list());
  if (gguf !== undefined) return openGgufModel(source, files, gguf);
  if (
    files.has('config.json') &&
    (files.has('model.safetensors') || files.has('model.safetensors.index.json'))
  )
    return openSafetensorsModel(source, files);
  const found = [...files].filter((file) => /^[^/\\]+\.gguf$/i.test(file)).sort();
  if (found.length > 1)
    throw new InputError(
      source.name,
      `holds several GGUF files: ${found.join(', ')}.`,
      'Name one of them instead of the directory.',
    );
  // Without either, the message is that of the file which is missing.
  return found.length === 1 ? openGgufModel(source, files, found[0]!) : openSafetensorsModel(source, files);
}

export interface ModelShape {
  readonly config: LlamaConfig;
  /** How a tensor is stored in the checkpoint. */
  readonly stored: (tensor: string) => StoredType;
}

/** Types of a checkpoint's tensors by what config.json calls them. */
const DTYPES: Readonly<Record<string, StoredType>> = { float32: 'F32', float16: 'F16', bfloat16: 'BF16' };

/**
 * What a plan needs of a model: its configuration, and how its tensors are stored. A directory without weights will do,
 * if it holds config.json.
 * @throws InputError naming the file that is missing or wrong
 */
export async function openModelShape(source: ByteSource): Promise<ModelShape> {
  const files = await source.list();
  const hasWeights = files.some((file) => /\.(safetensors|safetensors\.index\.json|gguf)$/i.test(file));
  if (hasWeights || !files.includes('config.json')) {
    const { config, tensors } = await openModelFiles(source);
    return { config, stored: (tensor) => tensors.type(tensor) ?? 'F16' };
  }
  const place = `${source.name}/config.json`;
  const json = parseJson(await source.read('config.json'), place, MAX_TEXT_BYTES);
  const config = parseLlamaConfig(json, place);
  const { dtype, torch_dtype } = json as { readonly dtype?: unknown; readonly torch_dtype?: unknown };
  const stored = DTYPES[String(dtype ?? torch_dtype)] ?? 'F16';
  return { config, stored: () => stored };
}

async function openSafetensorsModel(source: ByteSource, files: ReadonlySet<string>): Promise<ModelFiles> {
  const configBytes = await source.read('config.json');
  const place = `${source.name}/config.json`;
  const configJson = parseJson(configBytes, place, MAX_TEXT_BYTES);
  return {
    kind: 'safetensors',
    configJson,
    config: parseLlamaConfig(configJson, place),
    configSha256: await sha256(configBytes),
    tensors: await openSafetensors(source),
    tokenizerJson: await source.read('tokenizer.json'),
    tokenizerConfigJson: await tokenizerConfig(source, files),
    chatTemplate: await chatTemplateFile(source, files),
    // What config.json says may be where a trainer began, or a path of its author's.
    baseModel:
      source.hubId ??
      baseModelName((configJson as { readonly _name_or_path?: unknown })._name_or_path, source.name),
  };
}

async function openGgufModel(
  source: ByteSource,
  files: ReadonlySet<string>,
  file: string,
): Promise<ModelFiles> {
  if (/-\d{5}-of-\d{5}\.gguf$/i.test(file))
    throw new InputError(
      `${source.name}/${file}`,
      'is a part of a model, which is not supported.',
      'Join the parts by `llama-gguf-split --merge`.',
    );
  const opened = await openGguf(source, file);
  const { config: configJson, tensors } = await ggufLlama(source, opened);
  const config = parseLlamaConfig(configJson, opened.place);
  return {
    kind: 'gguf',
    configJson,
    config,
    configSha256: await sha256(encode(configJson)),
    tensors,
    ...(await ggufTokenizerFiles(source, files, opened, config)),
    chatTemplate: await chatTemplateFile(source, files),
    baseModel: baseModelName(repository(opened), file.replace(/\.gguf$/i, '')),
  };
}

/** The model's own tokenizer.json where it lies beside the file, else the vocabulary within the file. */
async function ggufTokenizerFiles(
  source: ByteSource,
  files: ReadonlySet<string>,
  opened: GgufFile,
  { vocabSize }: LlamaConfig,
): Promise<Pick<ModelFiles, 'tokenizerJson' | 'tokenizerConfigJson'>> {
  if (files.has('tokenizer.json'))
    return {
      tokenizerJson: await source.read('tokenizer.json'),
      tokenizerConfigJson: await tokenizerConfig(source, files),
    };
  const metadata = new GgufMetadata(opened);
  const { tokenizer, tokenizerConfig: config } = ggufTokenizer(metadata);
  const tokens = metadata.strings('tokenizer.ggml.tokens').length;
  if (tokens > vocabSize)
    throw new InputError(
      opened.place,
      `has ${tokens} tokens, but embeds ${vocabSize}.`,
      'Convert the model again with a current llama.cpp.',
    );
  return { tokenizerJson: encode(tokenizer), tokenizerConfigJson: encode(config) };
}

/** Where on the Hub the model lies, if the file says so. */
function repository({ place, metadata }: GgufFile): string | undefined {
  const keys = ['general.source.huggingface.repository', 'general.source.repo_url', 'general.repo_url'];
  const values = new GgufMetadata({ place, metadata });
  for (const key of keys) {
    const id = values.maybeString(key)?.replace(/^https:\/\/huggingface\.co\//, '');
    if (id !== undefined && HUB_ID.test(id)) return id;
  }
  return undefined;
}

const HUB_ID = /^[\w.-]+\/[\w.-]+$/;

function baseModelName(named: unknown, otherwise: string): string {
  if (typeof named === 'string' && HUB_ID.test(named)) return named;
  return otherwise.split(/[\\/]/).filter(Boolean).at(-1) ?? otherwise;
}

async function tokenizerConfig(source: ByteSource, files: ReadonlySet<string>): Promise<Uint8Array> {
  return files.has('tokenizer_config.json') ? source.read('tokenizer_config.json') : encode({});
}

async function chatTemplateFile(source: ByteSource, files: ReadonlySet<string>): Promise<string | null> {
  const file = 'chat_template.jinja';
  if (!files.has(file)) return null;
  return decodeUtf8(await source.read(file), `${source.name}/${file}`, MAX_TEXT_BYTES);
}

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new Uint8Array(bytes));
  return [...new Uint8Array(digest)].map((b) => b.toString(16).padStart(2, '0')).join('');
}
