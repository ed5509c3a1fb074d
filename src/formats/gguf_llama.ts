/**
 * @file A GGUF file of architecture llama as Hugging Face would have it: its config.json, and its tensors under their
 * names with the rows of q and k back in their order. llama.cpp turns neighbouring dimensions of a head, Transformers
 * those half a head apart, and converters permute the rows for it (`permute` of llama.cpp's conversion/llama.py).
 */
import { dequantise } from './blocks.ts';
import type { ByteSource } from './byte_source.ts';
import type { GgufFile } from './gguf.ts';
import { GgufMetadata } from './gguf_metadata.ts';
import { InputError } from './input_error.ts';
import { llama3Scaling } from './rope_factors.ts';
import { checkRows, readRows, readRowsF32, type StoredTensor } from './stored_rows.ts';
import type { TensorSource } from './tensor_source.ts';

const OTHER_MODEL = 'Use a GGUF file of a Llama model (architecture llama).';

/** Names outside of the layers. */
const GLOBAL_NAMES: ReadonlyMap<string, string> = new Map([
  ['token_embd.weight', 'model.embed_tokens.weight'],
  ['output_norm.weight', 'model.norm.weight'],
  ['output.weight', 'lm_head.weight'],
]);

const LAYER_NAMES: ReadonlyMap<string, string> = new Map([
  ['attn_norm', 'input_layernorm'],
  ['attn_q', 'self_attn.q_proj'],
  ['attn_k', 'self_attn.k_proj'],
  ['attn_v', 'self_attn.v_proj'],
  ['attn_output', 'self_attn.o_proj'],
  ['ffn_norm', 'post_attention_layernorm'],
  ['ffn_gate', 'mlp.gate_proj'],
  ['ffn_up', 'mlp.up_proj'],
  ['ffn_down', 'mlp.down_proj'],
]);

/** Factors of llama3's frequency scaling, a setting rather than a weight. */
const ROPE_FACTORS = 'rope_freqs.weight';

/** Hugging Face's name of a tensor, or undefined where a Llama has none of the kind. */
function huggingFaceName(name: string): string | undefined {
  const global = GLOBAL_NAMES.get(name);
  if (global !== undefined) return global;
  const [, layer, part, kind] = /^blk\.(\d{1,5})\.(\w+)\.(weight|bias)$/.exec(name) ?? [];
  const module = part === undefined ? undefined : LAYER_NAMES.get(part);
  return module === undefined ? undefined : `model.layers.${Number(layer)}.${module}.${kind}`;
}

export interface GgufLlama {
  /** What config.json would say. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: TensorSource;
}

/**
 * @param source the source that `file` was opened from
 * @throws InputError where the file is of another architecture, or of a Llama with parts that are not supported
 */
export async function ggufLlama(source: ByteSource, file: GgufFile): Promise<GgufLlama> {
  const metadata = new GgufMetadata(file);
  const architecture = metadata.maybeString('general.architecture');
  if (architecture !== 'llama')
    throw new InputError(
      file.place,
      architecture === undefined
        ? 'names no architecture.'
        : `has the architecture ${architecture}; llama is supported.`,
      OTHER_MODEL,
    );
  const renamed = new Map<string, StoredTensor>();
  for (const [name, tensor] of file.tensors) {
    if (name === ROPE_FACTORS) continue;
    const as = huggingFaceName(name);
    if (as === undefined || renamed.has(as))
      throw new InputError(file.place, `has the tensor ${name}, which is no part of a Llama.`, OTHER_MODEL);
    renamed.set(as, tensor);
  }
  const config = await ggufConfig(source, file, metadata, renamed);
  return { config, tensors: tensorSource(source, file.place, renamed, config) };
}

type Tensors = ReadonlyMap<string, StoredTensor>;

interface GgufConfig extends Readonly<Record<string, unknown>> {
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
}

/** The shortest decimal number that is this f32, as config.json would have it: 1e-5, not 9.999999747378752e-6. */
function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return value;
}

async function ggufConfig(
  source: ByteSource,
  file: GgufFile,
  metadata: GgufMetadata,
  tensors: Tensors,
): Promise<GgufConfig> {
  if ((metadata.maybeCount('llama.expert_count') ?? 0) > 0)
    throw new InputError(file.place, 'is a mixture of experts, which is not supported.', OTHER_MODEL);
  const hidden = metadata.count('llama.embedding_length');
  const heads = metadata.count('llama.attention.head_count');
  if (heads === 0) metadata.fail('llama.attention.head_count', 'is 0.');
  const headDim = metadata.maybeCount('llama.attention.key_length') ?? hidden / heads;
  if ((metadata.maybeCount('llama.attention.value_length') ?? headDim) !== headDim)
    metadata.fail('llama.attention.value_length', `differs from the length ${headDim} of keys.`);
  if ((metadata.maybeCount('llama.rope.dimension_count') ?? headDim) !== headDim)
    metadata.fail('llama.rope.dimension_count', `is not the size ${headDim} of a head.`);
  const tokens = metadata.maybeStrings('tokenizer.ggml.tokens')?.length;
  const token = (kind: string) => metadata.maybeCount(`tokenizer.ggml.${kind}_token_id`);
  const ends = [token('eos'), token('eot'), token('eom')].filter((id) => id !== undefined);
  const ropeTheta = shortest(metadata.maybeNumber('llama.rope.freq_base') ?? 10000);
  const eosIds = [...new Set(ends)];
  return {
    architectures: ['LlamaForCausalLM'],
    model_type: 'llama',
    hidden_size: hidden,
    intermediate_size: metadata.count('llama.feed_forward_length'),
    num_hidden_layers: metadata.count('llama.block_count'),
    num_attention_heads: heads,
    num_key_value_heads: metadata.maybeCount('llama.attention.head_count_kv') ?? heads,
    head_dim: headDim,
    vocab_size:
      tensors.get('model.embed_tokens.weight')?.shape[0] ?? tokens ?? metadata.count('llama.vocab_size'),
    rms_norm_eps: shortest(metadata.number('llama.attention.layer_norm_rms_epsilon')),
    rope_theta: ropeTheta,
    rope_scaling: await ropeScaling(source, file, metadata, headDim, ropeTheta),
    tie_word_embeddings: !tensors.has('lm_head.weight'),
    max_position_embeddings: metadata.count('llama.context_length'),
    bos_token_id: token('bos') ?? null,
    eos_token_id: eosIds.length > 1 ? eosIds : (eosIds[0] ?? null),
    // A model that has some of the biases but not all has no config.json; loading it will name the one that is missing.
    attention_bias: hasAny(tensors, /\.self_attn\.\w+\.bias$/),
    mlp_bias: hasAny(tensors, /\.mlp\.\w+\.bias$/),
    hidden_act: 'silu',
  };
}

const hasAny = (tensors: Tensors, pattern: RegExp) => [...tensors.keys()].some((name) => pattern.test(name));

/** rope_scaling of config.json: linear by metadata, llama3 by its factors. */
async function ropeScaling(
  source: ByteSource,
  file: GgufFile,
  metadata: GgufMetadata,
  headDim: number,
  theta: number,
): Promise<Readonly<Record<string, unknown>> | null> {
  const type = metadata.maybeString('llama.rope.scaling.type') ?? 'none';
  // Before it had a type, linear scaling was this key alone.
  const factor =
    metadata.maybeNumber('llama.rope.scaling.factor') ?? metadata.maybeNumber('llama.rope.scale_linear') ?? 1;
  const factors = file.tensors.get(ROPE_FACTORS);
  if (type !== 'none' && type !== 'linear')
    throw new InputError(
      file.place,
      `scales its rotary embeddings by ${type}, which is not supported.`,
      OTHER_MODEL,
    );
  if (!factors) return type === 'none' && factor === 1 ? null : { rope_type: 'linear', factor };
  if (factor !== 1)
    throw new InputError(file.place, `has both ${ROPE_FACTORS} and linear scaling.`, OTHER_MODEL);
  if (factors.shape.join() !== `${headDim / 2}`)
    throw new InputError(
      file.place,
      `tensor ${ROPE_FACTORS} has the shape [${factors.shape.join(', ')}], not [${headDim / 2}].`,
      OTHER_MODEL,
    );
  const scaling = llama3Scaling(await readRowsF32(source, factors, 0, headDim / 2), headDim, theta);
  if (scaling === 'none') return null;
  if (scaling === undefined)
    throw new InputError(file.place, `tensor ${ROPE_FACTORS} is not llama3's scaling.`, OTHER_MODEL);
  return scaling;
}

function tensorSource(source: ByteSource, place: string, tensors: Tensors, config: GgufConfig): TensorSource {
  const tensor = (name: string): StoredTensor => {
    const found = tensors.get(name);
    if (!found) throw new InputError(place, `has no tensor ${name}.`, 'Use a complete file.');
    return found;
  };
  async function readStored(
    name: string,
    rowStart?: number,
    rowCount?: number,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const stored = tensor(name);
    const [start, count] = checkRows(name, stored.shape, rowStart, rowCount);
    const heads = permutedHeads(name, config);
    if (heads === 0) return readRows(source, stored, start, count);
    const headRows = stored.shape[0]! / heads;
    if (!Number.isInteger(headRows) || headRows % 2 !== 0)
      throw new InputError(
        place,
        `tensor ${name} has ${stored.shape[0]} rows for ${heads} heads.`,
        OTHER_MODEL,
      );
    return readPermuted(source, stored, start, count, headRows);
  }
  return {
    name: place,
    shape: (name) => tensors.get(name)?.shape,
    type: (name) => tensors.get(name)?.type,
    readStored,
    async readF32(name, rowStart, rowCount) {
      return dequantise(tensor(name).type, await readStored(name, rowStart, rowCount));
    },
  };
}

/** How many heads the rows of a tensor are permuted within; 0 for those that are not. */
function permutedHeads(name: string, config: GgufConfig): number {
  const [, projection] = /\.self_attn\.([qk])_proj\./.exec(name) ?? [];
  if (projection === undefined) return 0;
  return projection === 'q' ? config.num_attention_heads : config.num_key_value_heads;
}

/**
 * Rows [start, start + count) in Hugging Face's order. Within a head, row s * half + j (s 0 or 1, j below half a head)
 * is stored as row 2 * j + s. Whole heads are read, and no more of them than the rows touch.
 */
async function readPermuted(
  source: ByteSource,
  tensor: StoredTensor,
  start: number,
  count: number,
  headRows: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (count === 0) return new Uint8Array(0);
  const half = headRows / 2;
  const first = start - (start % headRows);
  const end = Math.ceil((start + count) / headRows) * headRows;
  const stored = await readRows(source, tensor, first, end - first);
  const bytes = stored.length / (end - first);
  const rows = new Uint8Array(count * bytes);
  for (let i = 0; i < count; i++) {
    const row = start + i;
    const within = row % headRows;
    const from = row - within + (within < half ? 2 * within : 2 * (within - half) + 1) - first;
    rows.set(stored.subarray(from * bytes, (from + 1) * bytes), i * bytes);
  }
  return rows;
}
