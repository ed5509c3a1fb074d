/** @file Messages in the forms that data files have them: OpenAI's role and content, ShareGPT's from and value. */
import type { Message } from '../train/tuner.ts';
import { RowProblem } from './dataset_record.ts';
import { isJsonObject } from './json.ts';

const ROLES: Readonly<Record<string, 'system' | 'user' | 'assistant'>> = {
  system: 'system',
  developer: 'system',
  user: 'user',
  human: 'user',
  prompter: 'user',
  assistant: 'assistant',
  gpt: 'assistant',
  chatgpt: 'assistant',
  bot: 'assistant',
  model: 'assistant',
};

const CURE = 'Write [{"role": "user", "content": "..."}, {"role": "assistant", "content": "..."}].';

function fail(problem: string, cure = CURE): never {
  throw new RowProblem(problem, cure);
}

/** Content as a text: itself, or OpenAI's list of text parts. */
function contentText(value: unknown, which: string): string {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) {
    const texts = value.map((part: unknown) =>
      isJsonObject(part) && part.type === 'text' && typeof part.text === 'string' ? part.text : null,
    );
    if (texts.every((text) => text !== null)) return texts.join('');
  }
  fail(`has no text in ${which}.`, 'Only messages of text can be trained: write "content" as a string.');
}

function message(value: unknown, which: string): Message {
  if (!isJsonObject(value)) fail(`has something in ${which} that is no message.`);
  const role = value.role ?? value.from;
  if (typeof role !== 'string') fail(`has no role in ${which}.`);
  const known = Object.hasOwn(ROLES, role.toLowerCase()) ? ROLES[role.toLowerCase()] : undefined;
  if (known === undefined)
    fail(
      `has the role ${JSON.stringify(role)} in ${which}.`,
      'Only system, user and assistant (or human and gpt) are known; leave tool calls out.',
    );
  const content = contentText(value.content ?? value.value, which);
  const { weight } = value;
  if (weight !== undefined && weight !== null && weight !== 0 && weight !== 1)
    fail(`has the weight ${JSON.stringify(weight)} in ${which}.`, 'Write 0 or 1, or leave it out.');
  return { role: known, content, ...(weight === 0 && known === 'assistant' ? { weight } : {}) };
}

/**
 * A list of messages: an array, one written as JSON text (in CSV), or an object that holds it as "messages".
 * @throws RowProblem
 */
export function readMessages(value: unknown, column: string): Message[] {
  if (typeof value === 'string' && value.trimStart().startsWith('['))
    try {
      return readMessages(JSON.parse(value), column);
    } catch (error) {
      if (error instanceof RowProblem) throw error;
      fail(`has a ${column} that is not valid JSON.`);
    }
  if (isJsonObject(value) && Array.isArray(value.messages)) return readMessages(value.messages, column);
  if (!Array.isArray(value)) fail(`has a ${column} that is not a list of messages.`);
  if (value.length === 0) fail(`has a ${column} without messages.`);
  const messages = value.map((item: unknown, i) => message(item, `message ${i + 1}`));
  for (const [i, { role, content }] of messages.entries()) {
    if (role === 'system' && i > 0) fail(`has a system message as message ${i + 1}.`, 'Put it first.');
    if (role !== 'system' && content.trim() === '')
      fail(`has nothing in message ${i + 1}.`, 'Write its text, or remove the row.');
  }
  return messages.filter(({ role, content }) => role !== 'system' || content.trim() !== '');
}

/** A conversation that ends with an answer. What comes after the last answer teaches nothing and is left out. */
export function answeredConversation(messages: readonly Message[]): Message[] {
  const last = messages.findLastIndex(({ role }) => role === 'assistant');
  if (last < 0) fail('has no answer of the assistant.', 'Add a message of the assistant.');
  const first = messages.find(({ role }) => role !== 'system');
  if (first?.role !== 'user')
    fail('begins with the assistant.', 'Begin the conversation with a message of the user.');
  if (messages.every(({ role, weight }) => role !== 'assistant' || weight === 0))
    fail('has answers of weight 0 only.', 'Give one of them the weight 1, or leave weights out.');
  return messages.slice(0, last + 1);
}
