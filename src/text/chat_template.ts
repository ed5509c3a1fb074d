/**
 * @file A chat template as a program: messages in, text out, and the spans that its {% generation %} blocks mark.
 * Templates come with models, which come from anywhere; this runs them without a time limit and therefore only inside
 * of the worker that template_renderer.ts ends when it takes too long.
 */
import { Environment, Interpreter, parse, tokenize } from '@huggingface/jinja';
import type { Message } from '../train/tuner.ts';
import { JINJA_GLOBALS } from './jinja_environment.ts';

/** Characters of a template at most; those in use have 15 thousand. */
const MAX_TEMPLATE_LENGTH = 64 * 1024;

/** Characters of a rendered text at most: a template may double its output in a loop. */
const MAX_RENDERED_LENGTH = 32 * 1024 * 1024;

/** Half-open range of UTF-16 code units in a rendered text. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface RenderedText {
  readonly text: string;
  /** What the template's {% generation %} blocks rendered, in order; empty where it has none. */
  readonly generations: readonly Span[];
}

/** The names under which a template prints the marks that stand at the two ends of a {% generation %} block. */
const START_MARK = '__generation_start';
const END_MARK = '__generation_end';

/**
 * Each {% generation %} tag as a block that prints a mark. A block, because Jinja's trim_blocks and lstrip_blocks take
 * away the white space round blocks only, and the tag's own dashes mean the same there.
 */
function markGenerations(source: string): string {
  return source.replace(
    /\{%([-+]?)\s*(end)?generation\s*([-+]?)%\}/g,
    (_, before: string, end: string | undefined, after: string) =>
      `{%${before} if true %}{{ ${end ? END_MARK : START_MARK} }}{% endif ${after}%}`,
  );
}

/**
 * Stands for U+FEFF while a template is rendered: JavaScript's trim, which the library uses, takes it for white space,
 * Python's strip does not. (The other way round, U+0085 and U+001C to U+001F stay at a message's ends here.)
 */
const NOT_SPACE = '\ufdd2';

/** Two texts that occur in none of the messages, so that they show in a rendered text where the template put them. */
function marksFor(messages: readonly Message[]): readonly [string, string] {
  const written = JSON.stringify(messages);
  let n = 0;
  while (written.includes(`\ufdd0${n}`)) n++;
  return [`\ufdd0${n}<\ufdd1`, `\ufdd0${n}>\ufdd1`];
}

/** Takes the marks out of a rendered text, and says what stood between them. */
function takeMarks(marked: string, [open, close]: readonly [string, string]): RenderedText {
  const generations: Span[] = [];
  let text = '';
  for (const [i, piece] of marked.split(open).entries()) {
    if (i === 0) {
      text = piece;
      continue;
    }
    const [inside, ...outside] = piece.split(close);
    if (outside.length !== 1) throw new Error('its {% generation %} blocks lie in one another');
    generations.push({ start: text.length, end: text.length + inside!.length });
    text += inside! + outside[0]!;
  }
  return { text, generations };
}

export class ChatTemplate {
  readonly #program: ReturnType<typeof parse>;

  /**
   * @param source Jinja, as in chat_template.jinja
   * @param tokens special tokens by the names that templates know them by (bos_token ...)
   * @throws Error where it is too long, or not Jinja
   */
  constructor(
    source: string,
    private readonly tokens: Readonly<Record<string, string>>,
  ) {
    if (source.length > MAX_TEMPLATE_LENGTH)
      throw new Error(`it has ${source.length} characters, of which ${MAX_TEMPLATE_LENGTH} are read`);
    this.#program = parse(tokenize(markGenerations(source), { trim_blocks: true, lstrip_blocks: true }));
  }

  /** @throws Error with the template's own words where it refuses the messages */
  render(messages: readonly Message[], addGenerationPrompt: boolean): RenderedText {
    // Not the library's Template.render, whose strftime_now is the clock.
    const environment = new Environment();
    const marks = marksFor(messages);
    const some = (text: string) => messages.some(({ content }) => content.includes(text));
    const swaps = some('\ufeff') && !some(NOT_SPACE);
    const variables = {
      ...this.tokens,
      ...JINJA_GLOBALS,
      [START_MARK]: marks[0],
      [END_MARK]: marks[1],
      messages: messages.map(({ role, content }) => ({
        role,
        content: swaps ? content.replaceAll('\ufeff', NOT_SPACE) : content,
      })),
      add_generation_prompt: addGenerationPrompt,
    };
    for (const [name, value] of Object.entries(variables)) environment.set(name, value);
    const rendered = String(
      (new Interpreter(environment).run(this.#program) as { readonly value: unknown }).value,
    );
    if (rendered.length > MAX_RENDERED_LENGTH)
      throw new Error(`it renders ${rendered.length} characters, of which ${MAX_RENDERED_LENGTH} are read`);
    return takeMarks(swaps ? rendered.replaceAll(NOT_SPACE, '\ufeff') : rendered, marks);
  }
}
