/** @file Texts from prompts: prompts are decoded in batches that the adapter can hold, by greedy choice or by sampling. */
import { InputError } from '../formats/input_error.ts';
import { decodeFits, GREEDY, generateBatch, type Sampling } from '../llama/generate.ts';
import type { LlamaModel } from '../llama/model.ts';
import type { PackedBatch } from '../llama/packed_batch.ts';
import { flatAdapter } from './lora_init.ts';
import { pack } from './packing.ts';
import type { TextCodec } from './text_codec.ts';
import type { Adapter, GenerateOptions, Generation } from './tuner.ts';

/** Prompts decoded together, and their tokens at most. */
const DECODE_SEQUENCES = 32;
const PREFILL_TOKENS = 2048;

/**
 * Continues each prompt; results are in the order of the prompts.
 * @throws InputError for a prompt or an answer too long for the model or the adapter, and for settings out of range
 */
export async function generateTexts(
  model: LlamaModel,
  codec: Pick<TextCodec, 'encodePrompts' | 'decode'>,
  prompts: readonly string[],
  adapter: Adapter | null,
  { maxNewTokens, sampling, onText, signal }: GenerateOptions & { readonly signal?: AbortSignal },
): Promise<Generation[]> {
  const { config } = model;
  if (!Number.isInteger(maxNewTokens) || maxNewTokens < 1)
    throw new InputError('max_new_tokens', `is ${maxNewTokens}.`, 'Give a whole number of at least 1.');
  const chosen = checkSampling({ ...GREEDY, ...sampling });
  const encoded = await codec.encodePrompts(prompts);
  for (const [i, ids] of encoded.entries())
    if (ids.length + 1 > config.maxPositionEmbeddings)
      throw new InputError(
        `prompt ${i + 1}`,
        `has ${ids.length} tokens; the context holds ${config.maxPositionEmbeddings}.`,
        'Shorten it.',
      );
  const flat = adapter && flatAdapter(config, adapter);
  const out: Generation[] = [];
  for (let at = 0; at < encoded.length; ) {
    let tokens = 0;
    let longest = 0;
    const members: Uint32Array[] = [];
    while (at < encoded.length && members.length < DECODE_SEQUENCES) {
      const { length } = encoded[at]!;
      const capacity = Math.min(Math.max(longest, length) + maxNewTokens, config.maxPositionEmbeddings);
      const fits = decodeFits(config, members.length + 1, capacity, model.gpu.bindingLimit);
      if (members.length === 0 && !fits)
        throw new InputError(
          `prompt ${at + 1}`,
          `and its answer are ${capacity} tokens, more than this adapter can hold.`,
          'Shorten it, or lower max_new_tokens.',
        );
      if (members.length > 0 && (!fits || tokens + length > PREFILL_TOKENS)) break;
      tokens += length;
      longest = Math.max(longest, length);
      members.push(encoded[at++]!);
    }
    const first = out.length;
    const generated = await generateBatch(model, flat, packPrompts(members), {
      limit: Math.min(maxNewTokens, config.maxPositionEmbeddings - longest),
      stopTokenIds: config.eosTokenIds,
      sampling: chosen,
      firstSequence: first,
      ...(onText
        ? {
            onTokens: (sequences) => {
              for (const [b, { ids }] of sequences.entries()) onText(first + b, codec.decode(ids));
            },
          }
        : {}),
      ...(signal ? { signal } : {}),
    });
    out.push(
      ...generated.map(
        ({ ids, finish }): Generation => ({
          text: codec.decode(ids),
          ids,
          finish: finish === 'eos' ? 'eos' : 'length',
        }),
      ),
    );
  }
  return out;
}

/** @throws InputError naming the setting that is out of range, under the name that Transformers has for it */
function checkSampling(sampling: Sampling): Sampling {
  const { temperature, topK, topP, repetitionPenalty, seed } = sampling;
  const check = (name: string, value: number, allowed: boolean, cure: string) => {
    if (!allowed) throw new InputError(name, `is ${value}.`, cure);
  };
  check('temperature', temperature, temperature >= 0 && temperature < 1e3, 'Give 0 (greedy) or more.');
  check('top_k', topK, Number.isInteger(topK) && topK >= 0, 'Give a whole number; 0 keeps all tokens.');
  check('top_p', topP, topP > 0 && topP <= 1, 'Give a number above 0 and up to 1, which keeps all tokens.');
  check(
    'repetition_penalty',
    repetitionPenalty,
    repetitionPenalty > 0 && repetitionPenalty < 1e3,
    'Give a number above 0; 1 leaves logits as they are.',
  );
  check(
    'seed',
    seed,
    Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32,
    'Give a whole number of 32 bits.',
  );
  return sampling;
}

/** Prompts end to end, with one target each: the row of the last token. */
function packPrompts(prompts: readonly Uint32Array[]): PackedBatch {
  const packed = pack(
    prompts.map((prompt) => ({ prompt, completions: [new Uint32Array(0)] })),
    false,
  );
  let end = 0;
  const lastRows = prompts.map((prompt) => {
    end += prompt.length;
    return end - 1;
  });
  return {
    ...packed,
    targetRow: Uint32Array.from(lastRows),
    targetToken: new Uint32Array(prompts.length),
    targetSequence: Uint32Array.from(prompts, (_, b) => b),
  };
}
