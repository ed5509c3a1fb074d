/** @file What a row says under a mapping: a training row or a preference, or why it is neither. */
import type { Message, PreferenceRow, TrainingRow } from '../train/tuner.ts';
import { FIELDS, type FieldName, type Mapping } from './dataset_mapping.ts';
import { answeredConversation, readMessages } from './dataset_messages.ts';
import { RowProblem } from './dataset_record.ts';
import { isJsonObject } from './json.ts';

type Values = Readonly<Record<string, unknown>>;

function fail(problem: string, cure: string): never {
  throw new RowProblem(problem, cure);
}

class MappedRow {
  constructor(
    private readonly values: Values,
    private readonly mapping: Mapping,
  ) {}

  column(field: FieldName): string {
    return this.mapping.columns[field] ?? field;
  }

  /** The value of a field, or undefined where the row has none. */
  value(field: FieldName): unknown {
    const column = this.mapping.columns[field];
    if (column === undefined || !Object.hasOwn(this.values, column)) return undefined;
    return this.values[column] ?? undefined;
  }

  /** Whether a field holds messages, rather than a text (or nothing). */
  hasMessages(field: FieldName): boolean {
    return typeof this.value(field) === 'object';
  }

  /** A field that must be a text with something in it. */
  text(field: FieldName): string {
    const column = this.column(field);
    const value = this.value(field);
    const others =
      field === 'prompt' && column === 'prompt' ? ' (or a "question", an "instruction" or "messages")' : '';
    if (value === undefined) fail(`has no ${column}.`, `Give the row a "${column}"${others}.`);
    if (typeof value !== 'string')
      fail(`has a ${column} that is not a text.`, `Write "${column}" as a string.`);
    if (value.trim() === '') fail(`has an empty ${column}.`, `Write a ${column}, or remove the row.`);
    return value;
  }

  /** A field that may be left out or empty. */
  optionalText(field: FieldName): string | null {
    const value = this.value(field);
    if (value === undefined || value === '') return null;
    if (typeof value !== 'string')
      fail(`has a ${this.column(field)} that is not a text.`, `Write "${this.column(field)}" as a string.`);
    return value.trim() === '' ? null : value;
  }

  /** The question, and its input on the next line where there is one (as LLaMA-Factory joins them). */
  question(): string {
    const prompt = this.text('prompt');
    const input = this.optionalText('input');
    return input === null ? prompt : `${prompt}\n${input}`;
  }

  /** Messages that come before the question. */
  before(): Message[] {
    const system = this.optionalText('system');
    const history = this.value('history') ?? [];
    if (!Array.isArray(history) && history !== '')
      fail(`has a ${this.column('history')} that is not a list.`, 'Write [["question", "answer"], ...].');
    const turns = (history === '' ? [] : history) as unknown[];
    return [
      ...(system === null ? [] : [{ role: 'system', content: system }]),
      ...turns.flatMap((turn, i): Message[] => {
        const [user, assistant] = Array.isArray(turn) ? (turn as unknown[]) : [];
        if (typeof user !== 'string' || typeof assistant !== 'string')
          fail(
            `has no question with its answer as turn ${i + 1} of ${this.column('history')}.`,
            'Write two texts.',
          );
        return [
          { role: 'user', content: user },
          { role: 'assistant', content: assistant },
        ];
      }),
    ];
  }

  messages(field: FieldName): Message[] {
    if (this.value(field) === undefined)
      fail(`has no ${this.column(field)}.`, `Give the row "${this.column(field)}".`);
    return readMessages(this.value(field), this.column(field));
  }

  /** Messages with the row's own system message before them, where they have none. */
  withSystem(messages: readonly Message[]): Message[] {
    const system = this.optionalText('system');
    if (system === null || messages[0]?.role === 'system') return [...messages];
    return [{ role: 'system', content: system }, ...messages];
  }

  /** One answer: a text, a message of the assistant, or a list with it. */
  answer(field: FieldName, value: unknown): string {
    if (typeof value === 'string') {
      if (value.trim() === '')
        fail(`has an empty ${this.column(field)}.`, `Write a ${this.column(field)}, or remove the row.`);
      return value;
    }
    const messages = readMessages(isJsonObject(value) ? [value] : value, this.column(field));
    const [only, ...others] = messages;
    if (only!.role !== 'assistant' || others.length > 0)
      fail(
        `has a ${this.column(field)} that is not one message of the assistant.`,
        'Write the answer alone.',
      );
    return only!.content;
  }
}

/** The simplest row that says the same: one question and one answer need no conversation. */
function simplest(messages: readonly Message[]): TrainingRow {
  const [user, assistant, ...others] = messages;
  const isExchange = user?.role === 'user' && assistant?.role === 'assistant' && others.length === 0;
  return isExchange ? { prompt: user.content, completion: assistant.content } : { messages };
}

/**
 * A row to train on.
 * @throws RowProblem
 */
export function trainingRow(values: Values, mapping: Mapping): TrainingRow {
  const row = new MappedRow(values, mapping);
  if (mapping.shape === 'conversation')
    return simplest(answeredConversation(row.withSystem(row.messages('messages'))));
  const ranked = row.value('completion');
  // Answers that are ranked, or alternatives of which any will do (Natural Questions).
  if (!row.hasMessages('prompt') && Array.isArray(ranked) && typeof ranked[0] === 'string')
    return simplest([
      ...row.before(),
      { role: 'user', content: row.question() },
      { role: 'assistant', content: row.answer('completion', ranked[0]) },
    ]);
  if (row.hasMessages('prompt') || row.hasMessages('completion')) {
    const prompt = row.hasMessages('prompt')
      ? row.messages('prompt')
      : [{ role: 'user', content: row.question() }];
    const completion = row.answer('completion', row.value('completion') ?? '');
    return simplest(
      answeredConversation([...row.withSystem(prompt), { role: 'assistant', content: completion }]),
    );
  }
  const prompt = row.question();
  const completion = row.text('completion');
  return simplest([
    ...row.before(),
    { role: 'user', content: prompt },
    { role: 'assistant', content: completion },
  ]);
}

/** Messages that two conversations begin with. */
function commonBeginning(a: readonly Message[], b: readonly Message[]): Message[] {
  const differ = a.findIndex(({ role, content }, i) => b[i]?.role !== role || b[i]?.content !== content);
  return a.slice(0, differ < 0 ? a.length : differ);
}

/**
 * A question with its better and worse answers.
 * @throws RowProblem
 */
export function preferenceRow(values: Values, mapping: Mapping): PreferenceRow {
  const row = new MappedRow(values, mapping);
  const [chosen, rejected] = betterAndWorse(row);
  for (const [field, value] of [
    ['chosen', chosen],
    ['rejected', rejected],
  ] as const)
    if (value === undefined) fail(`has no ${row.column(field)}.`, `Give the row a "${row.column(field)}".`);
  if (mapping.columns.prompt === undefined) return implicitPrompt(row);
  const better = row.answer('chosen', chosen);
  const worse = worseAnswers(rejected).map((value) => row.answer('rejected', value));
  if (worse.length === 0) fail(`has an empty ${row.column('rejected')}.`, 'Give at least one worse answer.');
  const before = row.withSystem(
    row.hasMessages('prompt') ? row.messages('prompt') : [{ role: 'user', content: row.question() }],
  );
  if (before.at(-1)!.role !== 'user')
    fail(
      `has a ${row.column('prompt')} that does not end with the user.`,
      'Let the last message be the question.',
    );
  return before.length === 1
    ? { prompt: before[0]!.content, chosen: better, rejected: worse }
    : { messages: before, chosen: better, rejected: worse };
}

/** Values of the two fields; of one column for both, a list, the first is the better one. */
function betterAndWorse(row: MappedRow): [chosen: unknown, rejected: unknown] {
  const [chosen, rejected] = [row.value('chosen'), row.value('rejected')];
  const isRanking = row.column('chosen') === row.column('rejected') && Array.isArray(chosen);
  return isRanking ? [chosen[0], chosen.slice(1)] : [chosen, rejected];
}

/** Worse answers: one, or a list of texts; a list of messages is one answer. */
function worseAnswers(value: unknown): unknown[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : [value];
}

/** TRL's form without a prompt: two conversations that differ in their last message. */
function implicitPrompt(row: MappedRow): PreferenceRow {
  const [chosen, rejected] = [row.messages('chosen'), row.messages('rejected')];
  const before = commonBeginning(chosen, rejected);
  const [better, worse] = [chosen.slice(before.length), rejected.slice(before.length)];
  const isAnswer = (messages: readonly Message[]) =>
    messages.length === 1 && messages[0]!.role === 'assistant';
  if (before.at(-1)?.role !== 'user' || !isAnswer(better) || !isAnswer(worse))
    fail(
      'has two conversations that differ in more than the last answer.',
      'Let both begin with the same messages, and end with one answer each.',
    );
  const answers = { chosen: better[0]!.content, rejected: [worse[0]!.content] };
  const messages = row.withSystem(before);
  return messages.length === 1 ? { prompt: messages[0]!.content, ...answers } : { messages, ...answers };
}

/** Required fields that a mapping leaves open. */
export function missingFields({ shape, columns }: Mapping): FieldName[] {
  return FIELDS[shape]
    .filter(({ name, required }) => required && columns[name] === undefined)
    .map(({ name }) => name);
}
