/**
 * @file The vocabulary in a GGUF file's metadata as tokenizer.json and tokenizer_config.json, as transformers converts it
 * (integrations/gguf/gguf_tokenizer_mapping.py), so that a run can be repeated in Python from the same file. The two
 * kinds of Llamas: byte-level BPE ("gpt2") and SentencePiece's BPE ("llama"), whose merges follow from its scores.
 */
import type { GgufMetadata } from '../formats/gguf_metadata.ts';
import { InputError } from '../formats/input_error.ts';
import { byteAlphabet, GPT2_SPLIT, LLAMA3_SPLIT, TEKKEN_SPLIT } from './byte_level.ts';

export interface TokenizerFiles {
  readonly tokenizer: Readonly<Record<string, unknown>>;
  readonly tokenizerConfig: Readonly<Record<string, unknown>>;
}

/** llama.cpp's kinds of tokens. */
const TokenType = { normal: 1, unknown: 2, control: 3, userDefined: 4 } as const;

/** How text is cut before merges, and whether BOS is put before it where the file does not say. */
interface PreTokenizer {
  readonly split: string;
  readonly addsBos: boolean;
}
const GPT2: PreTokenizer = { split: GPT2_SPLIT, addsBos: false };
// Llama 3 always begins with BOS; transformers, where a file has no flag, would leave it out.
const LLAMA3: PreTokenizer = { split: LLAMA3_SPLIT, addsBos: true };

/**
 * By tokenizer.ggml.pre. SmolLM2's own tokenizer.json cuts digits off before GPT-2's rule, so that "\n\n1" keeps its
 * two line feeds in one token; transformers' conversion leaves that out, and what it does is what is done here.
 */
const PRE_TOKENIZERS: ReadonlyMap<string, PreTokenizer> = new Map([
  ['default', GPT2],
  ['gpt-2', GPT2],
  ['smollm', GPT2],
  ['llama3', LLAMA3],
  ['llama-v3', LLAMA3],
  ['llama-bpe', LLAMA3],
  ['smaug-bpe', LLAMA3],
  ['dbrx', LLAMA3],
  ['falcon3', LLAMA3],
  ['tekken', { split: TEKKEN_SPLIT, addsBos: true }],
]);

/** Names of special tokens in tokenizer_config.json, and the keys of their ids. */
const NAMED_TOKENS = {
  bos_token: 'tokenizer.ggml.bos_token_id',
  eos_token: 'tokenizer.ggml.eos_token_id',
  unk_token: 'tokenizer.ggml.unknown_token_id',
  pad_token: 'tokenizer.ggml.padding_token_id',
} as const;

type Merge = readonly [string, string];

interface Vocabulary {
  readonly metadata: GgufMetadata;
  /** Tokens by id, as the file has them. */
  readonly tokens: readonly string[];
  /** Kinds by id; empty where the file has none. */
  readonly types: readonly number[];
  /** Ids of tokens as tokenizer.json spells them. */
  readonly ids: ReadonlyMap<string, number>;
}

/** @throws InputError where the metadata has no vocabulary of a kind that is supported */
export function ggufTokenizer(metadata: GgufMetadata): TokenizerFiles {
  const kind = metadata.maybeString('tokenizer.ggml.model');
  if (kind === 'gpt2') return byteLevel(metadata);
  if (kind === 'llama') return sentencePiece(metadata);
  throw new InputError(
    metadata.place,
    kind === undefined
      ? 'holds no tokenizer.'
      : `has a tokenizer of the kind ${kind}, which is not supported.`,
    'Use a file whose tokenizer.ggml.model is gpt2 or llama.',
  );
}

function vocabulary(metadata: GgufMetadata, spell: (token: string) => string): Vocabulary {
  const tokens = metadata.strings('tokenizer.ggml.tokens');
  if (tokens.length === 0) metadata.fail('tokenizer.ggml.tokens', 'is empty.');
  const types = metadata.maybeNumbers('tokenizer.ggml.token_type') ?? [];
  if (types.length !== 0 && types.length !== tokens.length)
    metadata.fail('tokenizer.ggml.token_type', `has ${types.length} entries for ${tokens.length} tokens.`);
  return { metadata, tokens, types, ids: new Map(tokens.map((token, id) => [spell(token), id])) };
}

function byteLevel(metadata: GgufMetadata): TokenizerFiles {
  const { isSpelled, spell } = byteAlphabet;
  const words = vocabulary(metadata, (token) => (isSpelled(token) ? token : spell(token)));
  const pre = metadata.maybeString('tokenizer.ggml.pre') ?? 'default';
  const preTokenizer = PRE_TOKENIZERS.get(pre);
  if (!preTokenizer)
    throw new InputError(
      metadata.place,
      `has the pre-tokenizer ${JSON.stringify(pre)}, which is not supported.`,
      `Use the model's safetensors with its tokenizer.json, or one of: ${[...PRE_TOKENIZERS.keys()].join(', ')}.`,
    );
  return files(words, preTokenizer.addsBos, (token) => isSpelled(token), {
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: preTokenizer.split }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { ...bpe(words.ids, fileMerges(words)), fuse_unk: false, byte_fallback: false },
  });
}

function sentencePiece(metadata: GgufMetadata): TokenizerFiles {
  const words = vocabulary(metadata, (token) => token);
  const prefixes = metadata.maybeBoolean('tokenizer.ggml.add_space_prefix') ?? true;
  const merges = metadata.has('tokenizer.ggml.merges') ? fileMerges(words) : scoreMerges(words);
  return files(words, true, () => true, {
    normalizer: null,
    pre_tokenizer: {
      type: 'Metaspace',
      replacement: '▁',
      prepend_scheme: prefixes ? 'first' : 'never',
      split: false,
    },
    decoder: {
      type: 'Sequence',
      decoders: [
        { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
        { type: 'ByteFallback' },
        { type: 'Fuse' },
        ...(prefixes ? [{ type: 'Strip', content: ' ', start: 1, stop: 0 }] : []),
      ],
    },
    model: { ...bpe(words.ids, merges), fuse_unk: true, byte_fallback: true },
  });
}

function bpe(ids: ReadonlyMap<string, number>, merges: readonly Merge[]): Readonly<Record<string, unknown>> {
  return {
    type: 'BPE',
    dropout: null,
    unk_token: null,
    continuing_subword_prefix: null,
    end_of_word_suffix: null,
    ignore_merges: false,
    // fromEntries makes own properties even of "__proto__".
    vocab: Object.fromEntries(ids),
    merges,
  };
}

/** Merges that the file lists, "left right" each. */
function fileMerges({ metadata, ids }: Vocabulary): Merge[] {
  const key = 'tokenizer.ggml.merges';
  return metadata.strings(key).map((merge) => {
    const [left, right, ...more] = merge.split(' ');
    if (left === undefined || right === undefined || more.length > 0)
      return metadata.fail(key, `has ${JSON.stringify(merge)}, which is no pair.`);
    for (const token of [left, right, left + right])
      if (!ids.has(token))
        metadata.fail(
          key,
          `merges ${JSON.stringify(merge)}, but there is no token ${JSON.stringify(token)}.`,
        );
    return [left, right];
  });
}

/**
 * SentencePiece merges the pair whose token has the highest score: every way to cut a token in two tokens is a merge,
 * in the order of scores; of equal scores those with longer parts first, then those of lower ids (`generate_merges`
 * of transformers).
 */
function scoreMerges({ metadata, tokens, ids }: Vocabulary): Merge[] {
  const scores = metadata.maybeNumbers('tokenizer.ggml.scores') ?? [];
  if (scores.length !== tokens.length)
    metadata.fail('tokenizer.ggml.scores', `has ${scores.length} entries for ${tokens.length} tokens.`);
  const found: { merge: Merge; score: number; left: number; right: number }[] = [];
  // A token that is there twice counts at its first place with its last score, as in a Python dictionary.
  for (const token of new Set(tokens)) {
    const characters = Array.from(token);
    if (characters.length > MAX_TOKEN_CHARACTERS)
      metadata.fail('tokenizer.ggml.tokens', `has a token of ${characters.length} characters.`);
    const cuts: typeof found = [];
    for (let left = 1; left < characters.length; left++) {
      const merge: Merge = [characters.slice(0, left).join(''), characters.slice(left).join('')];
      if (ids.has(merge[0]) && ids.has(merge[1]))
        cuts.push({ merge, score: scores[ids.get(token)!]!, left, right: characters.length - left });
    }
    const id = (piece: string) => ids.get(piece)!;
    cuts.sort((a, b) => id(a.merge[0]) - id(b.merge[0]) || id(a.merge[1]) - id(b.merge[1]));
    found.push(...cuts);
  }
  found.sort((a, b) => b.score - a.score || b.left - a.left || b.right - a.right);
  return found.map(({ merge }) => merge);
}

/** Cutting a token takes time with the square of its length; real ones have up to 128 characters. */
const MAX_TOKEN_CHARACTERS = 1024;

/** The two files, with special and added tokens, and BOS and EOS where the file asks for them. */
function files(
  { metadata, tokens, types, ids }: Vocabulary,
  addsBos: boolean,
  isToken: (token: string) => boolean,
  parts: Readonly<Record<string, unknown>>,
): TokenizerFiles {
  const named = Object.fromEntries(
    Object.entries(NAMED_TOKENS).map(([name, key]) => {
      const id = metadata.maybeCount(key);
      if (id !== undefined && id >= tokens.length)
        metadata.fail(key, `is ${id}; there are ${tokens.length} tokens.`);
      return [name, id === undefined ? null : tokens[id]!];
    }),
  ) as Record<keyof typeof NAMED_TOKENS, string | null>;
  const added = new Map<string, boolean>();
  for (const [id, type] of types.entries()) {
    const token = tokens[id]!;
    // In a byte-level vocabulary a token that is not in its alphabet is mislabelled, and no text is spelled so.
    if (token === '' || !isToken(token) || !ids.has(token)) continue;
    if (type === TokenType.control || type === TokenType.unknown) added.set(token, true);
    else if (type === TokenType.userDefined && !added.has(token)) added.set(token, false);
  }
  for (const token of Object.values(named)) if (token !== null && ids.has(token)) added.set(token, true);
  const around = (flag: string, name: 'bos_token' | 'eos_token', byDefault: boolean) => {
    const token = named[name];
    if (token === null || !ids.has(token)) return [];
    return (metadata.maybeBoolean(flag) ?? byDefault) ? [token] : [];
  };
  const bos = around('tokenizer.ggml.add_bos_token', 'bos_token', addsBos);
  const eos = around('tokenizer.ggml.add_eos_token', 'eos_token', false);
  /** One text with its special tokens, as a part of a post-processor. */
  const surrounded = (id: 'A' | 'B', typeId: number) => [
    ...bos.map((token) => ({ SpecialToken: { id: token, type_id: typeId } })),
    { Sequence: { id, type_id: typeId } },
    ...eos.map((token) => ({ SpecialToken: { id: token, type_id: typeId } })),
  ];
  return {
    tokenizer: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [...added]
        .map(([content, isSpecial]) => ({
          id: ids.get(content)!,
          content,
          single_word: false,
          lstrip: false,
          rstrip: false,
          normalized: false,
          special: isSpecial,
        }))
        .sort((a, b) => a.id - b.id),
      post_processor: {
        type: 'TemplateProcessing',
        single: surrounded('A', 0),
        pair: [...surrounded('A', 0), ...surrounded('B', 1)],
        special_tokens: Object.fromEntries(
          [...new Set([...bos, ...eos])].map((token) => [
            token,
            { id: token, ids: [ids.get(token)!], tokens: [token] },
          ]),
        ),
      },
      ...parts,
    },
    tokenizerConfig: {
      ...Object.fromEntries(Object.entries(named).filter(([, token]) => token !== null)),
      add_bos_token: bos.length > 0,
      add_eos_token: eos.length > 0,
      clean_up_tokenization_spaces: false,
      tokenizer_class: 'PreTrainedTokenizerFast',
      ...(metadata.has('tokenizer.chat_template')
        ? { chat_template: metadata.maybeString('tokenizer.chat_template') }
        : {}),
    },
  };
}
