/** @file Data rows in every form, and every bad row by its line. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { InputError } from '../../src/formats/input_error.ts';
import { parsePreferenceRows, parsePrompts, parseSftRows } from '../../src/formats/rows.ts';
import { utf8 } from './memory_source.ts';

const lines = (...rows: unknown[]) => utf8(rows.map((row) => JSON.stringify(row)).join('\n'));

it('reads every form of SFT row', () => {
  expect(
    parseSftRows(
      lines(
        { prompt: 'p', completion: 'c' },
        { instruction: 'i', input: '', output: 'o' },
        { instruction: 'i', input: 'n', output: 'o' },
        {
          messages: [
            { role: 'user', content: 'u' },
            { role: 'assistant', content: 'a' },
          ],
        },
        { question: 'q', answer: 'a' },
      ),
      'data.jsonl',
    ),
  ).toEqual([
    { prompt: 'p', completion: 'c' },
    { prompt: 'i', completion: 'o' },
    { prompt: 'i\nn', completion: 'o' },
    { prompt: 'u', completion: 'a' },
    { prompt: 'q', completion: 'a' },
  ]);
});

it('reads arrays, blank lines, line breaks of Windows and a byte order mark', () => {
  const row = { prompt: 'p', completion: 'c' };
  expect(parseSftRows(utf8(JSON.stringify([row, row], null, 2)), 'f')).toEqual([row, row]);
  expect(parseSftRows(utf8(`\ufeff${JSON.stringify(row)}\r\n\r\n${JSON.stringify(row)}\r\n`), 'f')).toEqual([
    row,
    row,
  ]);
});

it('reads preferences with one or several worse answers, and prompts', () => {
  const rows = lines(
    { prompt: 'p', chosen: 'c', rejected: 'r' },
    { prompt: 'p', chosen: 'c', rejected: ['r', 's'] },
  );
  expect(parsePreferenceRows(rows, 'f')).toEqual([
    { prompt: 'p', chosen: 'c', rejected: ['r'] },
    { prompt: 'p', chosen: 'c', rejected: ['r', 's'] },
  ]);
  expect(parsePrompts(lines({ prompt: 'p' }, { question: 'q', answer: 'a' }), 'f')).toEqual(['p', 'q']);
});

const good = { prompt: 'p', completion: 'c' };
it.each<[unknown[], RegExp]>([
  [[good, good, { prompt: 'p' }], /^data\.jsonl:3: row 3 has no completion\. Give the row a "completion"/],
  [[{ completion: 'c' }], /^data\.jsonl:1: row 1 has no prompt/],
  [[{ prompt: 'p', completion: ' \n' }], /row 1 has an empty completion/],
  [[{ prompt: 'p', completion: 3 }], /row 1 has a completion that is not a text/],
  [[good, 7], /^data\.jsonl:2: row 2 is not a JSON object/],
  [[{ question: 'q', answer: '' }], /row 1 has an empty answer/],
  [[{ instruction: 'i' }], /has no output/],
  [[{ messages: [{ role: 'user', content: 'u' }] }], /row 1 has no answer of the assistant/],
  [[], /holds no rows/],
])('refuses %j', (rows, message) => {
  expect(() => parseSftRows(lines(...rows), 'data.jsonl')).toThrow(InputError);
  expect(() => parseSftRows(lines(...rows), 'data.jsonl')).toThrow(message);
});

it('names the line that is not JSON, and a preference without its worse answer', () => {
  expect(() => parseSftRows(utf8(`${JSON.stringify(good)}\n{"prompt": `), 'data.jsonl')).toThrow(
    /^data\.jsonl:2: row 2 is not valid JSON/,
  );
  expect(() => parsePreferenceRows(lines({ prompt: 'p', chosen: 'c' }), 'f')).toThrow(
    'row 1 has no rejected',
  );
  expect(() => parsePreferenceRows(lines({ prompt: 'p', chosen: 'c', rejected: [] }), 'f')).toThrow(
    'has an empty rejected',
  );
});

it('reads or refuses anything', () => {
  const keys = fc.constantFrom(
    'prompt',
    'completion',
    'messages',
    'instruction',
    'chosen',
    'rejected',
    '__proto__',
  );
  const row = fc.oneof(fc.jsonValue(), fc.dictionary(keys, fc.oneof(fc.string(), fc.jsonValue())));
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.array(row).map((rows) => lines(...rows)),
      ),
      (bytes) => {
        for (const parse of [parseSftRows, parsePreferenceRows, parsePrompts])
          try {
            expect(parse(bytes, 'f').length).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(InputError);
          }
      },
    ),
    { numRuns: 2000 },
  );
});

it('skips bad rows where it may, telling of each', () => {
  const skipped: string[] = [];
  const rows = parseSftRows(lines(good, { prompt: 'p' }, 7, good), 'data.jsonl', {
    onSkipped: (error) => skipped.push(error.message),
  });
  expect(rows).toEqual([good, good]);
  expect(skipped).toEqual([
    expect.stringMatching(/^data\.jsonl:2: row 2 has no completion/),
    expect.stringMatching(/^data\.jsonl:3: row 3 is not a JSON object/),
  ]);
  expect(() => parseSftRows(lines(7), 'data.jsonl', { onSkipped: () => {} })).toThrow(
    'no row that can be used',
  );
});
