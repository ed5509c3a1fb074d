/** @file config.json of a LlamaForCausalLM, checked: Transformers' defaults for what it leaves out, anything unknown to the engine refused by name. */
import * as v from 'valibot';
import { InputError } from '../formats/input_error.ts';
import type { LlamaConfig, RopeScaling } from './config.ts';

/** No size of a model comes near 2^31; what a hostile file claims must not become an allocation. */
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(2 ** 31));
/** Llama 3.1 405B has 126. */
const layerCount = v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(1000));
const positive = v.pipe(
  v.number(),
  v.finite(),
  v.check((n) => n > 0, 'must be greater than 0'),
);
const tokenId = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

/** Both spellings: rope_scaling of Transformers 4 ("type" before 4.43), rope_parameters of Transformers 5. */
const ropeSchema = v.object({
  rope_type: v.optional(v.string()),
  type: v.optional(v.string()),
  rope_theta: v.optional(positive),
  partial_rotary_factor: v.nullish(positive),
  factor: v.optional(positive),
  low_freq_factor: v.optional(positive),
  high_freq_factor: v.optional(positive),
  original_max_position_embeddings: v.optional(size),
});

/** Defaults are those of Transformers' LlamaConfig. */
const schema = v.object({
  model_type: v.optional(v.string(), 'llama'),
  architectures: v.nullish(v.array(v.string())),
  hidden_size: v.optional(size, 4096),
  intermediate_size: v.optional(size, 11008),
  num_hidden_layers: v.optional(layerCount, 32),
  num_attention_heads: v.optional(size, 32),
  num_key_value_heads: v.nullish(size),
  head_dim: v.nullish(size),
  vocab_size: v.optional(size, 32000),
  rms_norm_eps: v.optional(positive, 1e-6),
  rope_theta: v.optional(positive),
  rope_scaling: v.nullish(ropeSchema),
  rope_parameters: v.nullish(ropeSchema),
  tie_word_embeddings: v.optional(v.boolean(), false),
  max_position_embeddings: v.optional(size, 2048),
  bos_token_id: v.optional(v.nullable(tokenId), 1),
  eos_token_id: v.optional(v.nullable(v.union([tokenId, v.array(tokenId)])), 2),
  attention_bias: v.optional(v.boolean(), false),
  mlp_bias: v.optional(v.boolean(), false),
  hidden_act: v.optional(v.string(), 'silu'),
  partial_rotary_factor: v.nullish(positive),
  quantization_config: v.nullish(v.object({ quant_method: v.optional(v.string(), 'unnamed') })),
});

const OTHER_MODEL = 'Use a Llama model (LlamaForCausalLM).';

/**
 * @param json the parsed config.json
 * @param place shown in messages: the file
 * @throws InputError naming the key
 */
export function parseLlamaConfig(json: unknown, place: string): LlamaConfig {
  const fail = (problem: string, cure: string): never => {
    throw new InputError(place, problem, cure);
  };
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const key = v.getDotPath(issue);
    return fail(
      `${key === null ? 'the configuration' : key}: ${issue.message}.`,
      'Use the config.json that came with the model.',
    );
  }
  const c = parsed.output;
  if (c.model_type !== 'llama') return fail(`model_type ${c.model_type} is not supported.`, OTHER_MODEL);
  for (const architecture of c.architectures ?? [])
    if (architecture !== 'LlamaForCausalLM')
      return fail(`architecture ${architecture} is not supported.`, OTHER_MODEL);
  // Both names are the same function.
  if (c.hidden_act !== 'silu' && c.hidden_act !== 'swish')
    return fail(`hidden_act ${c.hidden_act} is not supported.`, 'Use a Llama model with silu.');
  if (c.quantization_config)
    return fail(
      `weights quantised by ${c.quantization_config.quant_method} are not supported.`,
      'Use the model in F32, F16 or BF16, or a GGUF file of it.',
    );
  const rope = c.rope_parameters ?? c.rope_scaling ?? {};
  if ((rope.partial_rotary_factor ?? c.partial_rotary_factor ?? 1) !== 1)
    return fail(
      'partial_rotary_factor other than 1 is not supported.',
      'Use a Llama model that rotates whole heads.',
    );

  const kvHeads = c.num_key_value_heads ?? c.num_attention_heads;
  if (c.num_attention_heads % kvHeads !== 0)
    return fail(
      `num_attention_heads ${c.num_attention_heads} is not a multiple of num_key_value_heads ${kvHeads}.`,
      'Use the config.json that came with the model.',
    );
  const headDim = c.head_dim ?? c.hidden_size / c.num_attention_heads;
  if (!Number.isInteger(headDim))
    return fail(
      `hidden_size ${c.hidden_size} is not a multiple of num_attention_heads ${c.num_attention_heads}, and head_dim is missing.`,
      'Use the config.json that came with the model.',
    );
  if (headDim % 2 !== 0)
    return fail(
      `head_dim ${headDim} is odd; rotary embeddings turn pairs.`,
      'Use a model with an even head_dim.',
    );

  const ids = c.eos_token_id === null ? [] : [c.eos_token_id].flat();
  const wordIds: readonly (readonly [string, number | null])[] = [
    ['bos_token_id', c.bos_token_id],
    ...ids.map((id) => ['eos_token_id', id] as const),
  ];
  for (const [key, id] of wordIds)
    if (id !== null && id >= c.vocab_size)
      return fail(`${key} ${id} is not below vocab_size ${c.vocab_size}.`, 'Correct the config.json.');

  return {
    hiddenSize: c.hidden_size,
    intermediateSize: c.intermediate_size,
    numHiddenLayers: c.num_hidden_layers,
    numAttentionHeads: c.num_attention_heads,
    numKeyValueHeads: kvHeads,
    headDim,
    vocabSize: c.vocab_size,
    rmsNormEps: c.rms_norm_eps,
    ropeTheta: c.rope_parameters?.rope_theta ?? c.rope_theta ?? 10000,
    ropeScaling: ropeScaling(rope, c.max_position_embeddings, fail),
    tieWordEmbeddings: c.tie_word_embeddings,
    attentionBias: c.attention_bias,
    mlpBias: c.mlp_bias,
    maxPositionEmbeddings: c.max_position_embeddings,
    bosTokenId: c.bos_token_id,
    eosTokenIds: ids,
  };
}

function ropeScaling(
  rope: v.InferOutput<typeof ropeSchema>,
  maxPositions: number,
  fail: (problem: string, cure: string) => never,
): RopeScaling | null {
  const need = (key: 'factor' | 'low_freq_factor' | 'high_freq_factor'): number =>
    rope[key] ?? fail(`rope scaling has no ${key}.`, 'Use the config.json that came with the model.');
  const type = rope.rope_type ?? rope.type ?? 'default';
  switch (type) {
    case 'default':
      return null;
    case 'linear':
      return { type, factor: need('factor') };
    case 'llama3': {
      const low = need('low_freq_factor');
      const high = need('high_freq_factor');
      if (high <= low)
        return fail(
          `high_freq_factor ${high} is not above low_freq_factor ${low}.`,
          'Correct the config.json.',
        );
      return {
        type,
        factor: need('factor'),
        lowFreqFactor: low,
        highFreqFactor: high,
        originalMaxPositionEmbeddings: rope.original_max_position_embeddings ?? maxPositions,
      };
    }
    default:
      return fail(
        `rope type ${type} is not supported.`,
        'Use a model with default, linear or llama3 rotary embeddings.',
      );
  }
}
