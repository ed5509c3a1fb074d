/** @file The model's own tokenizer (tokenizer.json), behind the few operations that training needs. */
import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { InputError } from '../formats/input_error.ts';
import { isJsonObject, parseJson } from '../formats/json.ts';
import { repairDecoder, repairPreTokenizer } from './library_repairs.ts';

const CURE = 'Use the tokenizer files that came with the model.';

/** Content of a special token of tokenizer_config.json: a string, or an AddedToken object in older files. */
function tokenContent(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return isJsonObject(value) && typeof value.content === 'string' ? value.content : null;
}

export class Tokenizer {
  /** Null where tokenizer_config.json names none. */
  readonly bosToken: string | null;
  readonly eosToken: string | null;
  readonly bosTokenId: number | null;
  readonly eosTokenId: number | null;
  /** All special tokens that tokenizer_config.json names (bos_token, unk_token ...), for chat templates. */
  readonly namedTokens: ReadonlyMap<string, string>;
  /** chat_template of tokenizer_config.json; of several, the one named "default". */
  readonly chatTemplate: string | null;
  readonly #tokenizer: HuggingFaceTokenizer;
  readonly #place: string;
  readonly #cleanUp: boolean;
  readonly #special: ReadonlySet<number>;

  /**
   * @param tokenizerJson bytes of tokenizer.json
   * @param tokenizerConfigJson bytes of tokenizer_config.json
   * @param place shown in messages: the model directory
   * @throws InputError where they are not those of a tokenizer
   */
  constructor(tokenizerJson: Uint8Array, tokenizerConfigJson: Uint8Array, place: string) {
    this.#place = `${place}/tokenizer.json`;
    const configPlace = `${place}/tokenizer_config.json`;
    const tokenizer = parseJson(tokenizerJson, this.#place);
    const config = parseJson(tokenizerConfigJson, configPlace);
    if (!isJsonObject(tokenizer) || !isJsonObject(tokenizer.model))
      throw new InputError(this.#place, 'describes no tokenizer model.', CURE);
    if (!isJsonObject(config)) throw new InputError(configPlace, 'is not an object.', CURE);
    // The library wants keys that the format lets a file leave out.
    const complete = {
      normalizer: null,
      post_processor: null,
      decoder: null,
      added_tokens: [],
      ...tokenizer,
      pre_tokenizer: repairPreTokenizer(tokenizer.pre_tokenizer ?? null),
    };
    try {
      this.#tokenizer = new HuggingFaceTokenizer(complete, config);
      repairDecoder(this.#tokenizer.decoder);
    } catch (error) {
      throw new InputError(this.#place, `cannot be used (${(error as Error).message}).`, CURE);
    }
    const named = new Map<string, string>();
    for (const [key, value] of Object.entries(config)) {
      const content = key.endsWith('_token') ? tokenContent(value) : null;
      if (content !== null) named.set(key, content);
    }
    this.namedTokens = named;
    const id = (key: string) => {
      const token = named.get(key);
      if (token === undefined) return { token: null, id: null };
      const found = this.#tokenizer.token_to_id(token);
      if (found === undefined)
        throw new InputError(configPlace, `${key} ${JSON.stringify(token)} is not in the vocabulary.`, CURE);
      return { token, id: found };
    };
    ({ token: this.bosToken, id: this.bosTokenId } = id('bos_token'));
    ({ token: this.eosToken, id: this.eosTokenId } = id('eos_token'));
    this.chatTemplate = chatTemplate(config.chat_template, configPlace);
    this.#special = new Set(
      [...this.#tokenizer.get_added_tokens_decoder()]
        .filter(([, token]) => token.special)
        .map(([key]) => key),
    );
    // Transformers 5 ignores the setting for BPE, whose text it would corrupt.
    this.#cleanUp = config.clean_up_tokenization_spaces === true && tokenizer.model.type !== 'BPE';
  }

  /**
   * Token ids of a text.
   * @param specialTokens whether the tokenizer puts its own special tokens around the text (BOS, for most Llamas)
   * @throws InputError where the vocabulary has no token for a part of the text and no unknown token either
   */
  encode(text: string, { specialTokens }: { readonly specialTokens: boolean }): Uint32Array {
    // A lone surrogate is no text; Python would refuse it, and UTF-8 has only the replacement character for it.
    const { ids, tokens } = this.#tokenizer.encode(text.replace(/\p{Surrogate}/gu, '\ufffd'), {
      add_special_tokens: specialTokens,
    });
    const unknown = ids.findIndex((id) => !Number.isInteger(id));
    if (unknown >= 0)
      throw new InputError(
        this.#place,
        `has no token for ${JSON.stringify(tokens[unknown])}.`,
        'Remove this text from the data, or use another model.',
      );
    return Uint32Array.from(ids);
  }

  /** Text of token ids; ids beyond the vocabulary, which a padded output layer can produce, are left out as in Python. */
  decode(ids: Uint32Array | readonly number[], options: { readonly skipSpecial?: boolean } = {}): string {
    const known = Array.from(ids).filter((id) => this.#tokenizer.id_to_token(id) !== undefined);
    if (known.length === 0) return '';
    return this.#tokenizer.decode(known, {
      skip_special_tokens: options.skipSpecial ?? false,
      clean_up_tokenization_spaces: this.#cleanUp,
    });
  }

  /** Whether a token is a special one, which stands for no text. */
  isSpecial(id: number): boolean {
    return this.#special.has(id);
  }

  /** The id of a token by its content, or null. */
  tokenId(token: string): number | null {
    return this.#tokenizer.token_to_id(token) ?? null;
  }
}

function chatTemplate(value: unknown, place: string): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) {
    const entry: unknown = value.find((item) => isJsonObject(item) && item.name === 'default');
    if (isJsonObject(entry) && typeof entry.template === 'string') return entry.template;
  }
  throw new InputError(
    place,
    'has a chat_template that is neither a text nor a list with one named "default".',
    CURE,
  );
}
