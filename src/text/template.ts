/**
 * @file How prompts, answers and whole conversations become tokens, and which of the tokens are trained: as they are
 * (none), by the model's chat template (auto), or by the template of the paper's scripts (alpaca). The ids of a prompt
 * are always a prefix of the row's ids, so that what is scored, trained and generated starts from the same tokens.
 */
import { InputError } from '../formats/input_error.ts';
import type { Message, PromptCompletion, TemplateName, TrainingRow } from '../train/tuner.ts';
import type { AnswerSpan, RenderedConversation } from './rendered_conversation.ts';
import type { TemplateJob } from './template_jobs.ts';
import {
  NO_TEMPLATE,
  type StartTemplateWorker,
  type TemplateLimits,
  TemplateRenderer,
} from './template_renderer.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Stanford Alpaca's prompt without input (Taori et al. 2023), which LLaMA-Factory's template "alpaca" renders. */
export function alpacaPrompt(instruction: string): string {
  return `Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\n${instruction}\n\n### Response:\n`;
}

export interface EncodedRow {
  readonly ids: Uint32Array;
  /** How many of them come before the first that is trained. */
  readonly promptLength: number;
  /** [ids.length - promptLength] 1 where a token after them is trained; null where all are. */
  readonly trained: Uint8Array | null;
}

/** Which answers of a conversation are trained. */
export type TrainOn = 'all' | 'last';

export interface RowEncoderOptions {
  /** Text of chat_template.jinja, which goes before that of tokenizer_config.json. */
  readonly chatTemplate?: string | null;
  /**
   * End-of-sequence tokens of the model's configuration: they close a turn too, and the first stands in for an EOS
   * that the tokenizer does not name.
   */
  readonly eosTokenIds?: readonly number[];
  /** How this host starts the worker that renders chat templates; "auto" needs it. */
  readonly startTemplateWorker?: StartTemplateWorker;
  readonly templateLimits?: TemplateLimits;
}

function isConversation(row: TrainingRow): row is Extract<TrainingRow, { messages: unknown }> {
  return 'messages' in row;
}

/** A row as messages. */
function messagesOf(row: TrainingRow): readonly Message[] {
  if (isConversation(row)) return row.messages;
  return [
    { role: 'user', content: row.prompt },
    { role: 'assistant', content: row.completion },
  ];
}

/** Indices of the answers of a conversation that are trained. */
function trainedAnswers(messages: readonly Message[], trainOn: TrainOn): number[] {
  const answers = messages.flatMap((m, i) => (m.role === 'assistant' && m.weight !== 0 ? [i] : []));
  return trainOn === 'last' ? answers.slice(-1) : answers;
}

/**
 * Encodes prompts and rows of one model under one template.
 * - none: ids = encode(prompt, with the tokenizer's special tokens) ++ encode(completion, without) ++ EOS;
 * - alpaca: the same, with the prompt put into Alpaca's;
 * - auto: the tokens of the rendered conversation up to the token that closes its last trained answer. BOS is there
 *   once, whether the template writes it or the tokenizer adds it.
 */
export class RowEncoder {
  /** What the tokenizer puts before a text (BOS, for most Llamas). */
  readonly #leading: Uint32Array;

  private constructor(
    private readonly tokenizer: Tokenizer,
    readonly template: TemplateName,
    private readonly renderer: TemplateRenderer | null,
    private readonly options: RowEncoderOptions,
  ) {
    this.#leading = leadingTokens(tokenizer);
  }

  /**
   * Opens the encoder, and under "auto" renders a conversation at once: a template that cannot be used is better known
   * before training than within it.
   * @throws InputError where "auto" finds no chat template, or one that is unusable or does not end
   */
  static async open(
    tokenizer: Tokenizer,
    template: TemplateName,
    options: RowEncoderOptions = {},
  ): Promise<RowEncoder> {
    const closing = new Set(tokenizer.eosToken === null ? [] : [tokenizer.eosToken]);
    for (const id of options.eosTokenIds ?? []) {
      const token = tokenizer.decode([id]);
      if (token !== '') closing.add(token);
    }
    const closingTokens = [...closing];
    if (template !== 'auto') return new RowEncoder(tokenizer, template, null, options);
    const source = options.chatTemplate ?? tokenizer.chatTemplate;
    if (source === null)
      throw new InputError('--template auto', 'this model has no chat template.', NO_TEMPLATE);
    if (!options.startTemplateWorker) throw new Error('This host has no worker to render chat templates in.');
    const renderer = new TemplateRenderer(
      options.startTemplateWorker,
      { source, tokens: Object.fromEntries(tokenizer.namedTokens), closingTokens },
      options.templateLimits,
    );
    const encoder = new RowEncoder(tokenizer, template, renderer, options);
    try {
      const example = messagesOf({ prompt: 'a', completion: 'b' });
      const results = await renderer.render([
        { messages: example.slice(0, 1), answers: [] },
        { messages: example, answers: [1] },
      ]);
      for (const result of results)
        if (!result.ok)
          throw new InputError('chat_template', `cannot be rendered (${result.problem}).`, NO_TEMPLATE);
      return encoder;
    } catch (error) {
      encoder.close();
      throw error;
    }
  }

  /** Ids of prompts as the model gets them before it answers. */
  async encodePrompts(prompts: readonly string[]): Promise<Uint32Array[]> {
    if (!this.renderer)
      return prompts.map((prompt) => this.tokenizer.encode(this.#plain(prompt), { specialTokens: true }));
    const rendered = await this.#render(
      prompts.map((content) => ({ messages: [{ role: 'user', content }], answers: [] })),
    );
    return rendered.map(({ text }) => this.#encodeParts(text, [text.length]).ids);
  }

  /**
   * Ids of rows. With `eos` a row ends with the end-of-sequence token, or under "auto" with the token by which the
   * template closes the turn.
   * @throws InputError naming the row that cannot be encoded, or where no EOS is known
   */
  async encodeRows(
    rows: readonly TrainingRow[],
    { eos, trainOn = 'all' }: { readonly eos: boolean; readonly trainOn?: TrainOn },
  ): Promise<EncodedRow[]> {
    if (!this.renderer) return rows.map((row, i) => this.#encodePlain(this.#asExchange(row, i), eos));
    const jobs = rows.map((row, i): TemplateJob => {
      const messages = messagesOf(row);
      const answers = trainedAnswers(messages, trainOn);
      if (answers.length === 0)
        throw new InputError(
          `row ${i + 1}`,
          'has no answer that is trained.',
          'Give it a message of the assistant with something in it.',
        );
      return { messages, answers };
    });
    return (await this.#render(jobs)).map((rendered) => this.#encodeRendered(rendered, eos));
  }

  /** Ids of a text on its own: BOS (or, where a model has none, EOS, which ends the text before), then the text. */
  encodeBare(text: string): EncodedRow {
    const ids = this.tokenizer.encode(text, { specialTokens: false });
    const begin = this.tokenizer.bosTokenId ?? this.#eosTokenId();
    return { ids: Uint32Array.of(begin, ...ids), promptLength: 1, trained: null };
  }

  /** Text of generated ids, without special tokens. */
  decode(ids: Uint32Array): string {
    return this.tokenizer.decode(ids, { skipSpecial: true });
  }

  /** Ends the worker that renders templates. */
  close(): void {
    this.renderer?.close();
  }

  async #render(jobs: readonly TemplateJob[]): Promise<RenderedConversation[]> {
    const results = await this.renderer!.render(jobs);
    return results.map((result, i) => {
      if (result.ok) return result.rendered;
      throw new InputError(
        `row ${i + 1}`,
        `cannot be rendered by the model's chat template (${result.problem}).`,
        'Change the row, or use --template none or alpaca.',
      );
    });
  }

  #plain(prompt: string): string {
    return this.template === 'alpaca' ? alpacaPrompt(prompt) : prompt;
  }

  /** A conversation of one question and one answer needs no chat template; any other does. */
  #asExchange(row: TrainingRow, index: number): PromptCompletion {
    if (!isConversation(row)) return row;
    const [user, assistant, ...others] = row.messages;
    if (user?.role === 'user' && assistant?.role === 'assistant' && others.length === 0)
      return { prompt: user.content, completion: assistant.content };
    throw new InputError(
      `row ${index + 1}`,
      `is a conversation of ${row.messages.length} messages, which the template ${this.template} cannot render.`,
      'Use a model with a chat template and --template auto, or rows of one question and one answer.',
    );
  }

  #encodePlain({ prompt, completion }: PromptCompletion, eos: boolean): EncodedRow {
    const before = this.tokenizer.encode(this.#plain(prompt), { specialTokens: true });
    const after = this.tokenizer.encode(completion, { specialTokens: false });
    const ids = Uint32Array.of(...before, ...after, ...(eos ? [this.#eosTokenId()] : []));
    return { ids, promptLength: before.length, trained: null };
  }

  #encodeRendered({ text, answers, needsEos }: RenderedConversation, eos: boolean): EncodedRow {
    const last = answers.at(-1)!;
    const spans: AnswerSpan[] = [...answers.slice(0, -1), eos ? last : { ...last, end: last.bodyEnd }];
    const { ids, lengths } = this.#encodeParts(
      text,
      spans.flatMap(({ start, end }) => [start, end]),
    );
    const end = eos && needsEos ? [this.#eosTokenId()] : [];
    const promptLength = lengths[0]!;
    const all = end.length > 0 ? Uint32Array.of(...ids, ...end) : ids;
    if (spans.length === 1) return { ids: all, promptLength, trained: null };
    const trained = new Uint8Array(all.length - promptLength);
    for (const k of spans.keys())
      trained.fill(1, lengths[2 * k]! - promptLength, lengths[2 * k + 1]! - promptLength);
    trained.fill(1, ids.length - promptLength);
    return { ids: all, promptLength, trained };
  }

  /**
   * Tokens of a rendered text up to the last of some places in it, and how many tokens lie before each place. The text
   * is encoded as one, as Transformers does; where a token would reach across a place, it is cut there, since a model
   * that answers gets the tokens of the text before its answer and no others.
   * @param places ascending
   */
  #encodeParts(text: string, places: readonly number[]): { ids: Uint32Array; lengths: number[] } {
    const { bosToken } = this.tokenizer;
    const writesBos = bosToken !== null && text.startsWith(bosToken);
    const ids: number[] = writesBos ? [] : [...this.#leading];
    const lengths: number[] = [];
    const encode = (from: number, upTo: readonly number[]): void => {
      const whole = this.#encodeFrom(text, from, upTo.at(-1)!);
      const parts = upTo.map((place) =>
        place === upTo.at(-1) ? whole : this.#encodeFrom(text, from, place),
      );
      const cut = parts.findIndex((part) => !part.every((id, i) => whole[i] === id));
      if (cut >= 0) {
        encode(from, upTo.slice(0, cut + 1));
        encode(upTo[cut]!, upTo.slice(cut + 1));
        return;
      }
      lengths.push(...parts.map((part) => ids.length + part.length));
      ids.push(...whole);
    };
    encode(0, places);
    return { ids: Uint32Array.from(ids), lengths };
  }

  /**
   * Tokens of a part of a text. SentencePiece would put a space before a part that is not the beginning, so that it is
   * encoded behind a line break, which is then taken away (as Transformers' encode_marked_chat does).
   */
  #encodeFrom(text: string, from: number, to: number): Uint32Array {
    const part = text.slice(from, to);
    const encode = (t: string) => this.tokenizer.encode(t, { specialTokens: false });
    if (from === 0) return encode(part);
    const lineBreak = encode('\n');
    const behind = encode(`\n${part}`);
    return lineBreak.every((id, i) => behind[i] === id) ? behind.subarray(lineBreak.length) : encode(part);
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
}

/** Tokens that a tokenizer adds before a text. */
function leadingTokens(tokenizer: Tokenizer): Uint32Array {
  const bare = tokenizer.encode('a', { specialTokens: false });
  const dressed = tokenizer.encode('a', { specialTokens: true });
  for (let k = 0; k + bare.length <= dressed.length; k++)
    if (bare.every((id, i) => dressed[k + i] === id)) return dressed.slice(0, k);
  return new Uint32Array(0);
}
