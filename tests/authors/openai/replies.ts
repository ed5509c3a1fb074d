/**
 * @file What a flawless model would reply to the project's prompts, by rules: the same reply to the same prompt, so that
 * projects made through faults can be compared with one made without. Reads prompts back with the prompt files.
 */
import type { AuthorOperation } from '../../../src/authors/author.ts';
import { AUTHOR_OPERATIONS } from '../../../src/authors/author.ts';
import type { Prompt } from '../../../src/authors/prompts.ts';
import { splitSentences } from '../../../src/authors/statements.ts';
import { promptsFromDisk } from '../../../src/cli/prompts.ts';

const prompts = promptsFromDisk();

export interface ReadPrompt {
  readonly operation: AuthorOperation;
  /** What the message's blanks were filled with. */
  readonly values: Readonly<Record<string, string>>;
}

/** Which operation a conversation asks for, and about what. @throws Error where it is none of ours */
export function readPrompt(instructions: string, message: string): ReadPrompt {
  for (const operation of AUTHOR_OPERATIONS)
    for (const prompt of prompts.of(operation)) {
      const values = prompt.instructions === instructions ? readMessage(prompt, message) : null;
      if (values) return { operation, values };
    }
  throw new Error(`no prompt of ours: ${instructions.slice(0, 60)}`);
}

function readMessage(prompt: Prompt, message: string): Record<string, string> | null {
  const escaped = prompt.message.replace(/[.*+?^$()|[\]\\]/g, '\\$&');
  const pattern = new RegExp(`^${escaped.replace(/\{\{(\w+)\}\}/g, '(?<$1>[\\s\\S]*)')}$`);
  return pattern.exec(message)?.groups ?? null;
}

/** The reply as an object of the form that the prompt asks for. */
export function ruleReply({ operation, values }: ReadPrompt): Record<string, unknown> {
  const atoms = (values.atoms ?? '').split('\n').map((line) => line.replace(/^\d+\. /, ''));
  switch (operation) {
    case 'extract':
      return { facts: splitSentences(values.answer!).map(({ text }) => text) };
    case 'rewriteQuestion':
      return { question: `What are the ${atoms.length} facts that begin with "${atoms[0]!.slice(0, 12)}"?` };
    case 'rewriteAnswer':
      return { answer: atoms.join(' ') };
    case 'rephrase':
      return { answer: `To begin with, ${atoms.join(' And then, ')}` };
    case 'revise':
      return { sentence: values.atom!.replace(/\w+(?=\W*$)/, 'Zanzibar') };
    case 'judge':
      return { verdict: values.first!.length > values.second!.length ? 'first' : 'second' };
    case 'check':
      return { finding: values.answer!.includes(values.atom!) ? 'supported' : 'unsupported' };
    case 'answer':
      return { answer: `That depends on what is meant by "${values.question}".` };
  }
}
