/** @file Data files of every format that people have: told apart, mapped, and every bad row with its line and reason. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Dataset, DatasetReader, detectDataset } from '../../src/formats/dataset.ts';
import { InputError } from '../../src/formats/input_error.ts';
import { utf8 } from './memory_source.ts';

const jsonl = (...rows: unknown[]) => utf8(rows.map((row) => JSON.stringify(row)).join('\n'));
const of = (bytes: Uint8Array, name = 'data.jsonl') => detectDataset(bytes, name);
const user = (content: string) => ({ role: 'user', content });
const assistant = (content: string) => ({ role: 'assistant', content });

describe('formats', () => {
  const turns = [user('u'), assistant('a'), user('v'), assistant('b')];
  const system = { role: 'system', content: 's' };
  it.each<[string, string, unknown, unknown]>([
    ['Prompt and completion', 'sft', { prompt: 'p', completion: 'c' }, { prompt: 'p', completion: 'c' }],
    ['Question and answer', 'sft', { id: 1, question: 'q', answer: 'a' }, { prompt: 'q', completion: 'a' }],
    ['Alpaca', 'sft', { instruction: 'i', input: '', output: 'o' }, { prompt: 'i', completion: 'o' }],
    ['Alpaca', 'sft', { instruction: 'i', context: 'n', response: 'o' }, { prompt: 'i\nn', completion: 'o' }],
    [
      'Alpaca',
      'sft',
      { instruction: 'v', input: '', output: 'b', system: 's', history: [['u', 'a']] },
      { messages: [system, ...turns] },
    ],
    ['Chat messages', 'sft', { messages: [user('u'), assistant('a')] }, { prompt: 'u', completion: 'a' }],
    ['Chat messages', 'sft', { messages: [system, ...turns, user('w')] }, { messages: [system, ...turns] }],
    [
      'Chat messages',
      'sft',
      {
        messages: [user('u'), { ...assistant('a'), weight: 0 }, user('v'), { ...assistant('b'), weight: 1 }],
      },
      { messages: [user('u'), { ...assistant('a'), weight: 0 }, user('v'), assistant('b')] },
    ],
    [
      'ShareGPT',
      'sft',
      {
        system: 's',
        conversations: turns.map(({ role, content }) => ({
          from: role === 'user' ? 'human' : 'gpt',
          value: content,
        })),
      },
      { messages: [system, ...turns] },
    ],
    [
      'Prompt and completion',
      'sft',
      { prompt: [system, user('u')], completion: [assistant('a')] },
      { messages: [system, user('u'), assistant('a')] },
    ],
    [
      'Preference',
      'preference',
      { prompt: 'p', chosen: 'c', rejected: ['r', 's'] },
      { prompt: 'p', chosen: 'c', rejected: ['r', 's'] },
    ],
    [
      'Preference',
      'preference',
      {
        prompt: [user('u'), assistant('a'), user('v')],
        chosen: [assistant('c')],
        rejected: [assistant('r')],
      },
      { messages: [user('u'), assistant('a'), user('v')], chosen: 'c', rejected: ['r'] },
    ],
    [
      'Preference',
      'preference',
      { chosen: [user('u'), assistant('c')], rejected: [user('u'), assistant('r')] },
      { prompt: 'u', chosen: 'c', rejected: ['r'] },
    ],
    [
      'Preference',
      'preference',
      {
        conversations: [{ from: 'human', value: 'u' }],
        chosen: { from: 'gpt', value: 'c' },
        rejected: { from: 'gpt', value: 'r' },
      },
      { prompt: 'u', chosen: 'c', rejected: ['r'] },
    ],
    [
      'Alpaca preference',
      'preference',
      { instruction: 'i', input: 'n', chosen: 'c', rejected: 'r' },
      { prompt: 'i\nn', chosen: 'c', rejected: ['r'] },
    ],
    [
      'OpenAI preference',
      'preference',
      {
        input: { messages: [user('u')] },
        preferred_output: [assistant('c')],
        non_preferred_output: [assistant('r')],
      },
      { prompt: 'u', chosen: 'c', rejected: ['r'] },
    ],
  ])('%s (%s): %j', (format, kind, row, expected) => {
    const dataset = of(jsonl(row, row));
    expect(dataset.dropped).toEqual([]);
    expect(dataset).toMatchObject({ format, kind, rows: [expected, expected], lines: [1, 2] });
    expect(of(utf8(JSON.stringify([row, row])), 'data.json').rows).toEqual([expected, expected]);
  });
});

describe('tables', () => {
  it('reads quotes, line breaks within them, tabs, semicolons, and the lines of Windows', () => {
    for (const [delimiter, end] of [
      [',', '\n'],
      [';', '\r\n'],
      ['\t', '\n'],
    ]) {
      const text = [
        ['Question', 'Notes', 'Answer'],
        ['What?', 'x', 'That.'],
        ['"Two\nlines"', '', `"a ""b""${delimiter}c"`],
        ['', '', ''],
        ['Why?', 'y', '"Because"'],
      ]
        .map((fields) => fields.join(delimiter))
        .join(end);
      const dataset = of(utf8(`\ufeff${text}${end}`), 'data.csv');
      expect(dataset).toMatchObject({
        format: 'Question and answer',
        columns: ['Question', 'Notes', 'Answer'],
        mapping: { columns: { prompt: 'Question', completion: 'Answer' } },
        rows: [
          { prompt: 'What?', completion: 'That.' },
          { prompt: 'Two\nlines', completion: `a "b"${delimiter}c` },
          { prompt: 'Why?', completion: 'Because' },
        ],
        lines: [2, 3, 6],
        dropped: [],
      });
    }
  });

  it('tells the delimiter of few rows and few columns, though texts hold others', () => {
    for (const delimiter of [';', '\t', '|']) {
      const text = `prompt${delimiter}completion\nWhat?${delimiter}This, and that, too\nWho?${delimiter}"She${delimiter} he"\n`;
      expect(of(utf8(text), 'd.csv').rows).toEqual([
        { prompt: 'What?', completion: 'This, and that, too' },
        { prompt: 'Who?', completion: `She${delimiter} he` },
      ]);
    }
  });

  it('takes columns that are chosen by hand, and says what is missing', () => {
    const bytes = utf8('Frage,Antwort\nWas?,Das.\n');
    expect(of(bytes, 'd.csv')).toMatchObject({
      format: 'Unknown',
      mapping: null,
      rows: [],
      columns: ['Frage', 'Antwort'],
    });
    const mapping = { shape: 'exchange', columns: { prompt: 'Frage', completion: 'Antwort' } } as const;
    expect(detectDataset(bytes, 'd.csv', { mapping })).toMatchObject({
      format: 'Chosen columns',
      rows: [{ prompt: 'Was?', completion: 'Das.' }],
    });
    const open = { shape: 'exchange', columns: { prompt: 'Frage' } } as const;
    expect(() => detectDataset(bytes, 'd.csv', { mapping: open })).toThrow('has no column for completion');
  });

  it('lists rows with too few or too many fields, and quotes that do not close', () => {
    const dataset = of(utf8('prompt,completion\na,b\nc\nd,e,f\ng,"h\ni,j\n'), 'd.csv');
    expect(dataset.rows).toEqual([{ prompt: 'a', completion: 'b' }]);
    expect(dataset.dropped.map(({ line, row, reason }) => [line, row, reason])).toEqual([
      [3, 2, 'has 1 fields where the first line names 2 columns.'],
      [4, 3, 'has 3 fields where the first line names 2 columns.'],
      [5, 4, 'opens a quote that is never closed.'],
    ]);
  });
});

describe('bad rows', () => {
  const good = { prompt: 'p', completion: 'c' };
  it.each<[unknown, RegExp]>([
    [{ prompt: 'p' }, /^has no completion/],
    [{ prompt: ' ', completion: 'c' }, /^has an empty prompt/],
    [[1], /^is not a JSON object/],
    [{ messages: [] }, /^has a messages without messages/],
    [{ messages: [user('u')] }, /^has no answer of the assistant/],
    [{ messages: [assistant('a'), user('u'), assistant('b')] }, /^begins with the assistant/],
    [{ messages: [user('u'), { role: 'tool', content: 'x' }] }, /^has the role "tool" in message 2/],
    [{ messages: [user('u'), { role: 'assistant', content: null }] }, /^has no text in message 2/],
    [{ messages: [user('u'), { role: '__proto__', content: 'x' }] }, /^has the role "__proto__"/],
    [{ messages: [user('u'), { ...assistant('a'), weight: 2 }] }, /^has the weight 2/],
    [{ messages: [user('u'), { ...assistant('a'), weight: 0 }] }, /^has answers of weight 0 only/],
    [{ messages: [user('u'), { role: 'system', content: 's' }] }, /^has a system message as message 2/],
    [{ instruction: 'i', output: 'o', history: [['x']] }, /^has no question with its answer as turn 1/],
  ])('drops %j', (row, reason) => {
    const dataset = of(jsonl(good, row, good));
    expect(dataset.rows).toEqual([good, good]);
    expect(dataset.dropped).toEqual([
      { line: 2, row: 2, reason: expect.stringMatching(reason), cure: expect.any(String) },
    ]);
  });

  it('gives the line that an element of an array begins on', () => {
    const text = `\n[\n  {"prompt": "a]\\"},\\\\", "completion": "b"},\n  {"prompt": 1,\n   "completion": "c"},\n  {"prompt": }\n,\n 7 ]\n`;
    const dataset = of(utf8(text), 'data.json');
    expect(dataset.rows).toEqual([{ prompt: 'a]"},\\', completion: 'b' }]);
    expect(dataset.lines).toEqual([3]);
    expect(dataset.dropped.map(({ line, row }) => [line, row])).toEqual([
      [4, 2],
      [6, 3],
      [8, 4],
    ]);
  });

  it.each<[string, string, RegExp]>([
    ['', 'd.jsonl', /holds no rows/],
    ['[]', 'd.json', /holds no rows/],
    ['prompt,completion\n', 'd.csv', /holds no rows/],
  ])('refuses %j', (text, name, message) => {
    expect(() => of(utf8(text), name)).toThrow(InputError);
    expect(() => of(utf8(text), name)).toThrow(message);
  });
  it.each([
    ['[{"prompt":"a","completion":"b"},{"prom', /cut off/],
    ['[{"prompt":"a","completion":"b"}] x', /after the end/],
  ])('lists what is wrong with %j', (text, reason) => {
    const dataset = of(utf8(text), 'd.json');
    expect(dataset.rows).toHaveLength(1);
    expect(dataset.dropped).toMatchObject([{ row: 2, reason: expect.stringMatching(reason) }]);
  });
  it('refuses what is not UTF-8', () => {
    expect(() => of(Uint8Array.of(0x7b, 0xff, 0xfe), 'd.jsonl')).toThrow('not UTF-8');
  });
});

it('reads the same whatever the pieces that a file comes in', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', '"', '\\', ',', '\n', '{', ']', 'é', '🙂', ';'),
    maxLength: 12,
  });
  const rows = fc.array(fc.record({ prompt: text, completion: text }), { minLength: 1, maxLength: 6 });
  const csvField = (value: string) => `"${value.replaceAll('"', '""')}"`;
  const write: Record<string, (r: { prompt: string; completion: string }[]) => string> = {
    'd.jsonl': (r) => r.map((row) => JSON.stringify(row)).join('\n'),
    'd.json': (r) => JSON.stringify(r, null, 1),
    'd.csv': (r) =>
      ['prompt,completion', ...r.map((row) => [row.prompt, row.completion].map(csvField).join(','))].join(
        '\n',
      ),
  };
  fc.assert(
    fc.property(
      rows,
      fc.constantFrom(...Object.keys(write)),
      fc.integer({ min: 1, max: 7 }),
      (data, name, size) => {
        const bytes = utf8(write[name]!(data));
        const reader = new DatasetReader(name);
        for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
        const usable = (r: { prompt: string; completion: string }) =>
          r.prompt.trim() !== '' && r.completion.trim() !== '';
        let dataset: Dataset;
        try {
          dataset = reader.end();
        } catch (error) {
          // Rows of a table without any text at all are blank lines.
          expect(name).toBe('d.csv');
          expect(data.every((r) => r.prompt.trim() + r.completion.trim() === '')).toBe(true);
          expect(error).toBeInstanceOf(InputError);
          return;
        }
        expect(dataset.rows).toEqual(data.filter(usable));
      },
    ),
    { numRuns: 1500 },
  );
});

it('reads 60 MB in pieces without ever holding much more than the rows', () => {
  const row = `${JSON.stringify({ prompt: 'p'.repeat(500), completion: 'c'.repeat(500) })}\n`;
  const piece = utf8(row.repeat(1000));
  const reader = new DatasetReader('large.jsonl');
  const started = performance.now();
  for (let i = 0; i < 60; i++) reader.push(piece);
  expect(reader.end().rows).toHaveLength(60_000);
  expect(performance.now() - started).toBeLessThan(20_000);
});
