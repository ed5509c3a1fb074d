/**
 * @file How a prompt and a completion become tokens: as they are (none), by the model's chat template (auto), or by
 * the template of the paper's scripts (alpaca). Prompt ids are always a prefix of the row's ids, so that what is
 * scored, trained and generated starts from the same tokens.
 */
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import { InputError } from '../formats/input_error.ts';
import type { PromptCompletion, TemplateName } from '../train/tuner.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Characters of a chat template at most: Jinja here has no limit on loops, so that at least the source is bounded. */
const MAX_TEMPLATE_LENGTH = 64 * 1024;

const MAX_RANGE = 10_000;

/** Pinned so that Llama 3's templates, which print today's date, render the same text every day. */
const DATE = new Date(Date.UTC(2024, 6, 26));
const DATE_STRING = '26 Jul 2024';

const NO_TEMPLATE = 'Use --template none or alpaca.';

/** Stanford Alpaca's prompt without input (Taori et al. 2023), which LLaMA-Factory's template "alpaca" renders. */
export function alpacaPrompt(instruction: string): string {
  return `Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\n${instruction}\n\n### Response:\n`;
}

export interface EncodedRow {
  /** Prompt, then completion. */
  readonly ids: Uint32Array;
  /** How many of them are the prompt. */
  readonly promptLength: number;
}

/** Prompt and completion as texts, and whether the prompt's text already says which special tokens it has. */
interface RenderedRow {
  readonly prompt: string;
  readonly completion: string;
  /** The tokenizer must add none of its own. */
  readonly hasSpecialTokens: boolean;
  /** The token by which the template closes the answer, to be put after the completion; null where it has none. */
  readonly closing: string | null;
}

/** strftime for the directives that templates in use ask for. */
function strftime(format: string): string {
  const months = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September'];
  months.push('October', 'November', 'December');
  const month = months[DATE.getUTCMonth()]!;
  const parts: Readonly<Record<string, string>> = {
    '%d': String(DATE.getUTCDate()).padStart(2, '0'),
    '%m': String(DATE.getUTCMonth() + 1).padStart(2, '0'),
    '%b': month.slice(0, 3),
    '%B': month,
    '%Y': String(DATE.getUTCFullYear()),
  };
  return format.replace(/%[a-zA-Z]/g, (directive) => parts[directive] ?? directive);
}

/** Numbers as Python's range gives them; more of them than a chat could need are refused. */
function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const count = Math.max(0, Math.ceil((to - from) / step));
  if (!(count <= MAX_RANGE)) throw new Error(`a range of ${count} numbers`);
  return Array.from({ length: count }, (_, i) => from + i * step);
}

/** What a template may use: Jinja's constants, and what Transformers adds. */
const GLOBALS = {
  true: true,
  True: true,
  false: false,
  False: false,
  none: null,
  None: null,
  range,
  date_string: DATE_STRING,
  strftime_now: strftime,
  raise_exception: (message: string) => {
    throw new Error(message);
  },
};

interface Message {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

class ChatTemplate {
  readonly #program: ReturnType<typeof parse>;

  constructor(
    source: string,
    private readonly tokenizer: Tokenizer,
  ) {
    if (source.length > MAX_TEMPLATE_LENGTH)
      throw new InputError(
        'chat_template',
        `has ${source.length} characters; ${MAX_TEMPLATE_LENGTH} are read.`,
        NO_TEMPLATE,
      );
    try {
      this.#program = parse(tokenize(source, { trim_blocks: true, lstrip_blocks: true }));
    } catch (error) {
      throw new InputError('chat_template', `cannot be read (${(error as Error).message}).`, NO_TEMPLATE);
    }
  }

  render(messages: readonly Message[], addGenerationPrompt: boolean): string {
    try {
      // Not the library's Template.render, whose strftime_now is the clock.
      const environment = new Environment();
      const variables = {
        ...Object.fromEntries(this.tokenizer.namedTokens),
        ...GLOBALS,
        messages: messages.map((m) => ({ ...m })),
        add_generation_prompt: addGenerationPrompt,
      };
      for (const [name, value] of Object.entries(variables)) environment.set(name, value);
      const rendered = new Interpreter(environment).run(this.#program) as { readonly value: unknown };
      return String(rendered.value);
    } catch (error) {
      throw new InputError('chat_template', `cannot be rendered (${(error as Error).message}).`, NO_TEMPLATE);
    }
  }
}

/**
 * Encodes prompts and rows of one model under one template.
 * - none: ids = encode(prompt, with the tokenizer's special tokens) ++ encode(completion, without) ++ EOS;
 * - alpaca: the same, with the prompt put into Alpaca's;
 * - auto: ids = encode(rendered prompt) ++ encode(the rest of the rendered conversation up to the token that closes
 *   the answer), where the tokenizer adds its special tokens only if the rendered text does not begin with BOS.
 */
export class RowEncoder {
  readonly #chat: ChatTemplate | null;
  readonly #closing: readonly string[];

  /**
   * @param options.chatTemplate text of chat_template.jinja, which goes before that of tokenizer_config.json
   * @param options.eosTokenIds of the model's configuration: they close a turn too, and the first stands in for an EOS
   *   that the tokenizer does not name
   * @throws InputError where "auto" finds no chat template or an unusable one
   */
  constructor(
    private readonly tokenizer: Tokenizer,
    readonly template: TemplateName,
    private readonly options: {
      readonly chatTemplate?: string | null;
      readonly eosTokenIds?: readonly number[];
    } = {},
  ) {
    const closing = new Set(tokenizer.eosToken === null ? [] : [tokenizer.eosToken]);
    for (const id of options.eosTokenIds ?? []) {
      const token = tokenizer.decode([id]);
      if (token !== '') closing.add(token);
    }
    this.#closing = [...closing];
    const source = options.chatTemplate ?? tokenizer.chatTemplate;
    if (template !== 'auto') this.#chat = null;
    else if (source === null)
      throw new InputError('--template auto', 'this model has no chat template.', NO_TEMPLATE);
    else {
      this.#chat = new ChatTemplate(source, tokenizer);
      // Rendered once now: a template that cannot be used is better known before training than within it.
      this.#render({ prompt: 'a', completion: 'b' });
    }
  }

  /** Ids of a prompt as the model gets it before it answers. */
  encodePrompt(prompt: string): Uint32Array {
    const { text, hasSpecialTokens } = this.#prompt(prompt);
    return this.tokenizer.encode(text, { specialTokens: !hasSpecialTokens });
  }

  /**
   * Ids of a row. With `eos` the completion ends with the end-of-sequence token, or under "auto" with the token by
   * which the template closes the turn.
   * @throws InputError where no EOS is known, or where the template does not continue its own prompt
   */
  encodeRow(row: PromptCompletion, { eos }: { readonly eos: boolean }): EncodedRow {
    const rendered = this.#render(row);
    const prompt = this.tokenizer.encode(rendered.prompt, { specialTokens: !rendered.hasSpecialTokens });
    const closed = rendered.closing !== null;
    const text = eos && closed ? rendered.completion + rendered.closing : rendered.completion;
    const completion = this.tokenizer.encode(text, { specialTokens: false });
    const end = eos && !closed ? [this.#eosTokenId()] : [];
    const ids = new Uint32Array(prompt.length + completion.length + end.length);
    ids.set(prompt);
    ids.set(completion, prompt.length);
    ids.set(end, prompt.length + completion.length);
    return { ids, promptLength: prompt.length };
  }

  /** Ids of a text on its own: BOS (or, where a model has none, EOS, which ends the text before), then the text. */
  encodeBare(text: string): EncodedRow {
    const ids = this.tokenizer.encode(text, { specialTokens: false });
    return { ids: Uint32Array.of(this.tokenizer.bosTokenId ?? this.#eosTokenId(), ...ids), promptLength: 1 };
  }

  /** Text of generated ids, without special tokens. */
  decode(ids: Uint32Array): string {
    return this.tokenizer.decode(ids, { skipSpecial: true });
  }

  #eosTokenId(): number {
    const id = this.tokenizer.eosTokenId ?? this.options.eosTokenIds?.[0];
    if (id === undefined)
      throw new InputError(
        'tokenizer_config.json',
        'names no eos_token, nor does config.json name an eos_token_id.',
        'Use a model whose files name the token that ends a text.',
      );
    return id;
  }

  #prompt(prompt: string): { text: string; hasSpecialTokens: boolean } {
    if (!this.#chat)
      return { text: this.template === 'alpaca' ? alpacaPrompt(prompt) : prompt, hasSpecialTokens: false };
    const text = this.#chat.render([{ role: 'user', content: prompt }], true);
    const { bosToken } = this.tokenizer;
    return { text, hasSpecialTokens: bosToken !== null && text.startsWith(bosToken) };
  }

  #render({ prompt, completion }: PromptCompletion): RenderedRow {
    const { text, hasSpecialTokens } = this.#prompt(prompt);
    if (!this.#chat) return { prompt: text, completion, hasSpecialTokens, closing: null };
    const full = this.#chat.render(
      [
        { role: 'user', content: prompt },
        { role: 'assistant', content: completion },
      ],
      false,
    );
    if (!full.startsWith(text))
      throw new InputError(
        'chat_template',
        'renders a question with its answer differently from the question alone, so that the answer cannot be told from it.',
        NO_TEMPLATE,
      );
    const rest = full.slice(text.length);
    // What a template puts after the closing token (a line break, mostly) is not trained.
    const trimmed = rest.trimEnd();
    const closing = this.#closing.find((token) => trimmed.endsWith(token));
    return closing === undefined
      ? { prompt: text, completion: rest, hasSpecialTokens, closing: null }
      : { prompt: text, completion: trimmed.slice(0, -closing.length), hasSpecialTokens, closing };
  }
}

/**
 * Refuses a row that does not fit.
 * @param line 1-based, shown in the message with `place`
 * @throws InputError naming the row, its length and the limit
 */
export function checkRowLength(
  row: EncodedRow,
  place: string,
  line: number,
  maxLength: number,
  context: number,
): void {
  if (row.ids.length <= maxLength) return;
  throw new InputError(
    `${place}:${line}`,
    `the row has ${row.ids.length} tokens, but at most ${maxLength} fit.`,
    maxLength < context
      ? 'Shorten the row or raise max_length.'
      : "Shorten the row: this is the model's whole context.",
  );
}
