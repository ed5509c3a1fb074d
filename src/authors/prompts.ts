/**
 * @file The prompts of authors that are language models: the text files of prompts/, read the same by page and
 * terminal. Whoever runs an author may read them; a changed file is a changed version, and is asked anew.
 */
import { type AuthorOperation, JUDGED_ASPECTS } from './author.ts';

/** What each operation's prompts are called: one each, but judging has one for each aspect. */
const PROMPTS_OF: Readonly<Record<AuthorOperation, readonly string[]>> = {
  extract: ['extract'],
  rewriteQuestion: ['rewrite_question'],
  rewriteAnswer: ['rewrite_answer'],
  rephrase: ['rephrase'],
  revise: ['revise'],
  judge: JUDGED_ASPECTS.map((aspect) => `judge_${aspect}`),
  check: ['check'],
  answer: ['answer'],
};

/** What a prompt's message may have in it, in double braces. */
const BLANKS = new Set(['question', 'answer', 'atoms', 'atom', 'first', 'second']);

export interface Prompt {
  /** The whole file. */
  readonly text: string;
  /** What stays the same from row to row: the system's message. */
  readonly instructions: string;
  /** What differs: the user's message, with blanks such as {{question}}. */
  readonly message: string;
}

export class Prompts {
  readonly #prompts: ReadonlyMap<string, Prompt>;

  /**
   * @param files name without extension to text
   * @throws Error for a prompt that is missing or malformed: they come with TabTune
   */
  constructor(files: ReadonlyMap<string, string>) {
    const names = Object.values(PROMPTS_OF).flat();
    this.#prompts = new Map(names.map((name) => [name, parsePrompt(name, files.get(name))]));
  }

  get(name: string): Prompt {
    const prompt = this.#prompts.get(name);
    if (!prompt) throw new Error(`there is no prompt ${name}`);
    return prompt;
  }

  /** The prompts of one operation. */
  of(operation: AuthorOperation): Prompt[] {
    return PROMPTS_OF[operation].map((name) => this.get(name));
  }
}

function parsePrompt(name: string, text: string | undefined): Prompt {
  const parts = text?.split(/^---$/m).map((part) => part.trim());
  if (text === undefined || parts?.length !== 2 || parts.includes(''))
    throw new Error(`prompt ${name} is not instructions, a line of three dashes and a message`);
  const [instructions, message] = parts as [string, string];
  for (const [, blank] of message.matchAll(/\{\{(\w+)\}\}/g))
    if (!BLANKS.has(blank!)) throw new Error(`prompt ${name} has the unknown blank ${blank}`);
  return { text, instructions, message };
}

/** A prompt's message with its blanks filled. What is filled in is never read as a blank again. */
export function fillMessage(prompt: Prompt, values: Readonly<Record<string, string>>): string {
  return prompt.message.replace(/\{\{(\w+)\}\}/g, (_, blank: string) => {
    const value = values[blank];
    if (value === undefined) throw new Error(`nothing is given for the blank ${blank}`);
    return value;
  });
}

/** Atoms as a prompt shows them. */
export function listAtoms(atoms: readonly string[]): string {
  return atoms.map((atom, i) => `${i + 1}. ${atom}`).join('\n');
}
