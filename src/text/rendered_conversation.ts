/**
 * @file Which parts of a rendered conversation the assistant wrote. They are found by rendering the conversation up to
 * each answer, without it and with it, or by the template's {% generation %} blocks; never by looking for the answer's
 * text, which may occur anywhere.
 */
import type { Message } from '../train/tuner.ts';
import type { ChatTemplate, RenderedText, Span } from './chat_template.ts';

/** An answer in the rendered text, from where the model begins to write to the token that closes its turn. */
export interface AnswerSpan extends Span {
  /** Where the closing token begins; `end` where the template closes the turn with none. */
  readonly bodyEnd: number;
}

export interface RenderedConversation {
  readonly text: string;
  /** The answers asked for, in order. What follows the last one is not part of a training row. */
  readonly answers: readonly AnswerSpan[];
  /** An end-of-sequence token must follow the last answer, because the template writes none. */
  readonly needsEos: boolean;
}

/** How many characters two texts have in common at their ends. */
function commonEnd(a: string, b: string): number {
  let n = 0;
  while (n < a.length && n < b.length && a[a.length - 1 - n] === b[b.length - 1 - n]) n++;
  return n;
}

/**
 * What the template writes after an answer that is the last message: the common end of two renderings whose answers
 * have no letter in common, so that it is found without knowing what it is.
 */
function tailAfter(template: ChatTemplate, before: readonly Message[]): string {
  const [a, b] = ['a', 'b'].map(
    (content) => template.render([...before, { role: 'assistant', content }], false).text,
  );
  return a!.slice(a!.length - commonEnd(a!, b!));
}

export class ConversationRenderer {
  #usualTail: string | null = null;

  /** @param closingTokens tokens that end a turn, as text; the first that fits is the one */
  constructor(
    private readonly template: ChatTemplate,
    private readonly closingTokens: readonly string[],
  ) {}

  /** The text that a model is given to answer. */
  prompt(messages: readonly Message[]): string {
    return this.template.render(messages, true).text;
  }

  /**
   * A conversation with the spans of some of its answers.
   * @param answers indices of assistant messages, ascending, at least one; messages after the last are left out
   * @throws Error saying why the template does not allow it
   */
  render(messages: readonly Message[], answers: readonly number[]): RenderedConversation {
    const whole = messages.slice(0, answers.at(-1)! + 1);
    const full = this.template.render(whole, false);
    return full.generations.length > 0
      ? this.#byGenerations(whole, answers, full)
      : this.#byPrefixes(whole, answers, full.text);
  }

  #byPrefixes(whole: readonly Message[], answers: readonly number[], text: string): RenderedConversation {
    const spans = answers.map((index): AnswerSpan => {
      const before = whole.slice(0, index);
      const { text: prompt } = this.template.render(before, true);
      const isLast = index === whole.length - 1;
      const upToAnswer = isLast ? text : this.template.render(whole.slice(0, index + 1), false).text;
      if (!upToAnswer.startsWith(prompt))
        throw new Error(
          'it renders a question with its answer differently from the question alone, so that the answer cannot be told from it',
        );
      const { end, bodyEnd } = this.#close(upToAnswer, before);
      if (end < prompt.length) throw new Error('it renders an answer as nothing');
      if (!text.startsWith(upToAnswer.slice(0, end)))
        throw new Error(
          'it renders an earlier answer differently once others follow it; with train_on "last" only the last one is trained',
        );
      return { start: prompt.length, bodyEnd: Math.max(bodyEnd, prompt.length), end };
    });
    const last = spans.at(-1)!;
    return { text, answers: spans, needsEos: last.bodyEnd === last.end };
  }

  #byGenerations(
    whole: readonly Message[],
    answers: readonly number[],
    { text, generations }: RenderedText,
  ): RenderedConversation {
    const assistants = whole.flatMap(({ role }, i) => (role === 'assistant' ? [i] : []));
    if (generations.length !== assistants.length)
      throw new Error(
        `it has ${generations.length} {% generation %} blocks for a conversation of ${assistants.length} answers`,
      );
    const spans = answers.map((index): AnswerSpan => {
      const span = generations[assistants.indexOf(index)]!;
      return { ...span, bodyEnd: span.end };
    });
    // A block that holds the closing token reaches into what is rendered after the last answer's words.
    const last = spans.at(-1)!;
    const closed = this.#close(text, whole.slice(0, -1));
    if (closed.end === last.end && closed.bodyEnd >= last.start)
      spans[spans.length - 1] = { ...last, bodyEnd: closed.bodyEnd };
    // What lies outside of the blocks is not trained, a closing token included: the template says so.
    return { text, answers: spans, needsEos: false };
  }

  /** Where the last answer of a rendered text ends, with and without the token that closes it. */
  #close(text: string, before: readonly Message[]): { bodyEnd: number; end: number } {
    this.#usualTail ??= tailAfter(this.template, before);
    const tail = text.endsWith(this.#usualTail) ? this.#usualTail : tailAfter(this.template, before);
    // What a template puts after the closing token (a line break, mostly) is not trained.
    const closed = tail.trimEnd();
    const closing = this.closingTokens.find((token) => closed.endsWith(token));
    if (closing === undefined) return { bodyEnd: text.length, end: text.length };
    const end = text.length - tail.length + closed.length;
    return { bodyEnd: end - closing.length, end };
  }
}
