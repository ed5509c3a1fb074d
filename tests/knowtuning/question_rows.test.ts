/** @file Questions with answers from files of any format: what is taken of each row, its id, and what is told. */
import { describe, expect, it } from 'vitest';
import { parseJsonRows } from '../../src/formats/jsonl.ts';
import { readQuestionRows } from '../../src/knowtuning/question_rows.ts';
import { parseTrainRows } from '../../src/knowtuning/rows.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const jsonl = (...rows: unknown[]) => utf8(rows.map((row) => JSON.stringify(row)).join('\n'));
const read = (bytes: Uint8Array<ArrayBuffer>, name = 'data.jsonl') =>
  readQuestionRows([new File([bytes], name)], name);

describe('readQuestionRows', () => {
  it('reads questions with answers as it always did', async () => {
    const bytes = utf8(
      '{"id":"a","question":" q ","answer":"x\\n"}\n\n{"question":"r","answer":"y","context":"c"}\n',
    );
    const before = parseTrainRows(
      parseJsonRows(bytes, 'f').map((row) => row.value),
      'f',
    );
    expect((await read(bytes)).rows).toEqual(before);
    expect(before.map(({ id }) => id)).toEqual(['a', 'line-2']);
  });

  it.each<[string, unknown, { question: string; answer: string }]>([
    ['Alpaca', { instruction: 'i', input: 'n', output: 'o' }, { question: 'i\nn', answer: 'o' }],
    ['Alpaca ranking', { instruction: 'i', input: '', output: ['b', 'w'] }, { question: 'i', answer: 'b' }],
    [
      'OpenAI preference',
      {
        input: { messages: [{ role: 'user', content: 'u' }] },
        preferred_output: [{ role: 'assistant', content: 'b' }],
        non_preferred_output: [{ role: 'assistant', content: 'w' }],
      },
      { question: 'u', answer: 'b' },
    ],
    ['Preference', { prompt: 'p', chosen: 'b', rejected: 'w' }, { question: 'p', answer: 'b' }],
  ])('takes the question and the better answer of %s', async (format, row, expected) => {
    const { rows, format: told } = await read(jsonl(row));
    expect(told).toBe(format);
    expect(rows).toEqual([{ id: 'line-1', ...expected }]);
  });

  it('takes the first of alternative answers', async () => {
    const { rows } = await read(jsonl({ question: 'q', answer: ['Paris', 'City of Paris'] }));
    expect(rows[0]?.answer).toBe('Paris');
  });

  it('takes the first question of a conversation, and says so', async () => {
    const messages = ['s', 'u', 'a', 'v', 'b'].map((content, i) => ({
      role: ['system', 'user', 'assistant', 'user', 'assistant'][i],
      content,
    }));
    const { rows, notes } = await read(jsonl({ messages }));
    expect(rows).toEqual([{ id: 'line-1', question: 'u', answer: 'a' }]);
    expect(notes.join()).toContain('1 conversation');
  });

  it('keeps ids that are numbers, and does not take repeated foreign ids for ids', async () => {
    const row = { question: 'q', answer: 'a' };
    const numbers = await read(jsonl({ ...row, id: 7 }, { ...row, id: 8 }));
    expect(numbers.rows.map(({ id }) => id)).toEqual(['7', '8']);
    const repeated = await read(jsonl({ ...row, q_id: 'x' }, { ...row, q_id: 'x' }));
    expect(repeated.rows.map(({ id }) => id)).toEqual(['line-1', 'line-2']);
    await expect(read(jsonl({ ...row, id: 'x' }, { ...row, id: 'x' }))).rejects.toThrow('that of line 1');
  });

  it('tells a known data set with its licence', async () => {
    const dolly = { instruction: 'i', context: '', response: 'r', category: 'open_qa' };
    expect((await read(jsonl(dolly))).known).toMatchObject({ name: 'Dolly', licence: 'CC BY-SA 3.0' });
    expect((await read(jsonl({ question: 'q', answer: 'a' }))).known).toBeNull();
  });

  it('names the line of a row without an answer, or without anything known', async () => {
    await expect(read(jsonl({ question: 'q', answer: 'a' }, { question: 'r' }))).rejects.toThrow(
      'data.jsonl:2: row 2 has no answer',
    );
    await expect(read(jsonl({ foo: 1 }))).rejects.toThrow('data.jsonl:1');
  });
});
