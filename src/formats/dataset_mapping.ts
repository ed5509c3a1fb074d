/**
 * @file Which column means what. Formats that people know by name (Alpaca, ShareGPT, OpenAI's, TRL's) are mappings from
 * a few fields to columns; they are told by the columns that a row has, and anyone may choose other columns.
 */

/** What a row is: a question with its answer, a conversation, or a question with a better and worse answers. */
export type RowShape = 'exchange' | 'conversation' | 'preference';

export type FieldName =
  | 'prompt'
  | 'input'
  | 'system'
  | 'history'
  | 'completion'
  | 'messages'
  | 'chosen'
  | 'rejected';

export interface Field {
  readonly name: FieldName;
  readonly required: boolean;
  /** For people: what stands in the column. */
  readonly label: string;
}

const SYSTEM: Field = { name: 'system', required: false, label: 'System message' };

/** The fields of each shape, in the order in which they are shown. */
export const FIELDS: Readonly<Record<RowShape, readonly Field[]>> = {
  exchange: [
    { name: 'prompt', required: true, label: 'Question' },
    { name: 'input', required: false, label: 'Input of the question' },
    { name: 'completion', required: true, label: 'Answer' },
    SYSTEM,
    { name: 'history', required: false, label: 'Earlier turns' },
  ],
  conversation: [{ name: 'messages', required: true, label: 'Messages' }, SYSTEM],
  preference: [
    { name: 'prompt', required: false, label: 'Question' },
    { name: 'input', required: false, label: 'Input of the question' },
    { name: 'chosen', required: true, label: 'Better answer' },
    { name: 'rejected', required: true, label: 'Worse answer' },
    SYSTEM,
  ],
};

export interface Mapping {
  readonly shape: RowShape;
  /** Column of each field that the rows have. */
  readonly columns: Readonly<Partial<Record<FieldName, string>>>;
}

/** A mapping with the name of the format that it is. */
export interface Format {
  readonly name: string;
  readonly mapping: Mapping;
}

/** The first of some names that a row has as a column: as written, else whatever the case. */
function find(columns: ReadonlySet<string>, names: readonly string[]): string | undefined {
  const exact = names.find((name) => columns.has(name));
  if (exact !== undefined) return exact;
  const byLowerCase = new Map([...columns].map((column) => [column.trim().toLowerCase(), column]));
  return names.map((name) => byLowerCase.get(name)).find((column) => column !== undefined);
}

const SYSTEM_NAMES = ['system', 'system_prompt'];
const INPUT_NAMES = ['input', 'context'];
const QUESTIONS = [
  'prompt',
  'question',
  'instruction',
  'query',
  'user',
  'human',
  'problem',
  'source',
  'input',
];
const ANSWERS = [
  'completion',
  'answer',
  'response',
  'output',
  'assistant',
  'target',
  'reply',
  'solution',
  'text',
];

/** The columns of fields that were found. */
function columnsOf(found: Partial<Record<FieldName, string | undefined>>): Mapping['columns'] {
  return Object.fromEntries(Object.entries(found).filter(([, column]) => column !== undefined));
}

/**
 * The format of rows with these columns, or null where they name nothing known.
 * @param row one of the rows: whether its answer is a list tells rankings from answers
 */
export function formatOf(
  names: Iterable<string>,
  row: Readonly<Record<string, unknown>> = {},
): Format | null {
  const columns = new Set(names);
  const one = (...wanted: string[]) => find(columns, wanted);
  const system = find(columns, SYSTEM_NAMES);
  const format = (name: string, shape: RowShape, found: Parameters<typeof columnsOf>[0]): Format => ({
    name,
    mapping: { shape, columns: columnsOf({ ...found, system }) },
  });
  const preferred = one('preferred_output');
  const notPreferred = one('non_preferred_output');
  if (preferred !== undefined && notPreferred !== undefined)
    return format('OpenAI preference', 'preference', {
      prompt: one('input'),
      chosen: preferred,
      rejected: notPreferred,
    });
  const [chosen, rejected] = [one('chosen'), one('rejected')];
  if (chosen !== undefined && rejected !== undefined) {
    const instruction = one('instruction');
    const conversation = one('messages', 'conversations');
    const prompt = one('prompt') ?? instruction ?? one('question', 'query') ?? conversation;
    return format(
      instruction !== undefined && prompt === instruction ? 'Alpaca preference' : 'Preference',
      'preference',
      {
        prompt,
        input: prompt === instruction ? find(columns, INPUT_NAMES) : undefined,
        chosen,
        rejected,
      },
    );
  }
  const messages = one('messages');
  if (messages !== undefined) return format('Chat messages', 'conversation', { messages });
  const conversations = one('conversations', 'conversation');
  if (conversations !== undefined) return format('ShareGPT', 'conversation', { messages: conversations });
  const instruction = one('instruction');
  const output = one('output', 'response', 'completion', 'answer');
  // LLaMA-Factory's rankings, and so the paper's own pairs: the better answer comes first.
  if (instruction !== undefined && output !== undefined && isRanking(row[output]))
    return format('Alpaca ranking', 'preference', {
      prompt: instruction,
      input: find(columns, INPUT_NAMES),
      chosen: output,
      rejected: output,
    });
  if (instruction !== undefined && output !== undefined)
    return format('Alpaca', 'exchange', {
      prompt: instruction,
      input: find(columns, INPUT_NAMES),
      completion: output,
      history: one('history'),
    });
  const [prompt, completion] = [find(columns, QUESTIONS), find(columns, ANSWERS)];
  if (prompt === undefined || completion === undefined || prompt === completion) return null;
  const known: Readonly<Record<string, string>> = {
    prompt: 'Prompt and completion',
    question: 'Question and answer',
  };
  return format(known[prompt.trim().toLowerCase()] ?? 'Columns', 'exchange', { prompt, completion });
}

function isRanking(value: unknown): boolean {
  return Array.isArray(value) && value.length > 1 && value.every((item) => typeof item === 'string');
}

/** The columns that a format would have needed, for a row that has some of them only. */
export function nearestFormat(names: Iterable<string>): Format {
  const columns = new Set(names);
  const of = (name: string, shape: RowShape, mapped: Mapping['columns']): Format => ({
    name,
    mapping: { shape, columns: mapped },
  });
  if (columns.has('chosen') || columns.has('rejected'))
    return of('Preference', 'preference', {
      prompt: columns.has('instruction') ? 'instruction' : 'prompt',
      chosen: 'chosen',
      rejected: 'rejected',
    });
  if (columns.has('instruction'))
    return of('Alpaca', 'exchange', { prompt: 'instruction', input: 'input', completion: 'output' });
  if (columns.has('question'))
    return of('Question and answer', 'exchange', { prompt: 'question', completion: 'answer' });
  return of('Prompt and completion', 'exchange', { prompt: 'prompt', completion: 'completion' });
}
