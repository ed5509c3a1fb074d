/** @file Facts that someone types, as rows: several phrasings each, the tested one never trained. */
import { describe, expect, it } from 'vitest';
import { createTextAuthor } from '../../src/authors/rules_text/text_author.ts';
import { factRows, readFacts } from '../../src/knowtuning/ten_facts.ts';

const FACTS = readFacts('1. The lamp of Varnholm burns whale oil.\n\n- Mirna Dovel works in Trondheim.\n');

describe('ten facts', () => {
  it('are read one to a line, without bullets', () => {
    expect(FACTS).toEqual(['The lamp of Varnholm burns whale oil.', 'Mirna Dovel works in Trondheim.']);
  });

  it('are asked for in several phrasings, of which one is tested only', async () => {
    const { train, test } = await factRows(FACTS, 'f', createTextAuthor(1));
    expect(train).toHaveLength(6);
    expect(test.map(({ answer }) => answer)).toEqual(FACTS);
    const trained = new Set(train.map(({ question }) => question));
    expect(trained.size).toBe(6);
    for (const { question } of test) expect(trained.has(question)).toBe(false);
    for (const { question } of [...train, ...test]) expect(question).not.toMatch(/whale/);
  });

  it('are told where nobody finds a question', async () => {
    const told: string[] = [];
    const author = { rewriteQuestion: async () => ({ ok: false as const, reason: 'no' }) };
    await expect(factRows(FACTS, 'f', author, (id) => told.push(id))).rejects.toThrow('f: holds no fact');
    expect(told).toEqual(['fact-1', 'fact-2']);
  });
});
